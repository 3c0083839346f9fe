"""The lines of an export: JSON, one row of one table each, between a header and an end.

The shape of a row follows from its table, so that a new table or column comes along by itself. Every value is exact:
amounts are whole minor units, decimals are strings, instants ISO 8601 in UTC, bytes base64.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from sqlalchemy import JSON, Boolean, Column, Date, Integer, LargeBinary, String, Table

from tallystick.store.columns import Exact, OneOf, PlainJson, UtcDateTime
from tallystick.store.kept import Kept
from tallystick.store.tables import (
    accounts,
    figure_changes,
    figures,
    idempotency_keys,
    metadata,
    search_changes,
    search_marks,
    worker_beats,
)
from tallystick.store.usage_tables import usage_arrivals, usage_events, usage_forgotten, usage_rejected, usage_totals
from tallystick.wire.wanted import telling

FORMAT: Literal["tallystick"] = "tallystick"
VERSION: Literal[1] = 1

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
# PostgreSQL's text cannot hold NUL.
PlainText = Annotated[str, msgspec.Meta(pattern=r"\A[^\0]*\Z")]
DecimalText = Annotated[str, telling('a number in a text, as "12.5"', pattern=r"\A-?[0-9]{1,40}(\.[0-9]{1,40})?\Z")]
# A class comes after those that it extends.
VALUES: tuple[tuple[type[Any], Any], ...] = (
    (UtcDateTime, Instant),
    (Exact, DecimalText),
    (PlainJson, PlainText),
    (JSON, Any),
    (Kept, Any),
    (Boolean, bool),
    (Date, date),
    (Integer, Int64),
    (LargeBinary, bytes),
    (String, PlainText),
)


class ExportPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of an export, which has no other fields than its own."""

    unknown: ClassVar[str] = "Is not a field of this line."


class ExportHeader(ExportPart, frozen=True):
    """The first line. ``schema`` is the revision of the database, ``account`` the id of what is exported."""

    format: Literal["tallystick"]
    version: Literal[1]
    schema: str
    account: Int64


class End(ExportPart, frozen=True):
    """What the last line holds: the rows before it by table, and the last id that each table has given."""

    rows: dict[str, int]
    last_ids: dict[str, Int64]


class ExportLine(ExportPart, frozen=True):
    """A line after the first: a row of a table, or the end."""

    table: str = ""
    row: msgspec.Raw = msgspec.Raw()
    end: End | None = None


class TableLines(NamedTuple):
    """How the rows of one table become lines, and lines rows."""

    table: Table
    account: Column[int]
    """The column that names the account."""
    kind: type[msgspec.Struct]
    decoder: msgspec.json.Decoder[Any]

    def line(self, *row: Any) -> bytes:
        """The line for the columns of a row."""
        values = map(_to_line, self.table.columns, row)
        return msgspec.json.encode({"table": str(self.table.name), "row": self.kind(*values)}) + b"\n"

    def values(self, row: msgspec.Struct) -> tuple[Any, ...]:
        """The columns of a row that was decoded."""
        return tuple(map(_from_line, self.table.columns, msgspec.structs.astuple(row)))


def _to_line(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, Exact) and value is not None:
        # PostgreSQL knows no negative zero.
        return format(value or value.copy_abs(), "f")
    return value


def _from_line(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, Exact) and value is not None:
        return Decimal(value)
    return value


def _rows(table: Table) -> TableLines:
    fields = [(str(column.name), _hint(column)) for column in table.columns]
    kind = msgspec.defstruct(str(table.name), fields, bases=(ExportPart,), frozen=True)
    account = accounts.c.id if table is accounts else table.c.account_id
    return TableLines(table, account, kind, msgspec.json.Decoder(kind))


def _hint(column: Column[Any]) -> Any:
    if isinstance(column.type, OneOf):
        hint: Any = column.type.kind
    else:
        hint = next(hint for kind, hint in VALUES if isinstance(column.type, kind))
    return hint | None if column.nullable else hint


OF_ONE_SERVER = (idempotency_keys, worker_beats, search_marks, search_changes, figures, figure_changes)
"""Answers kept for idempotency keys, when its worker worked and how far that has indexed, which stay; and the sums that
follow from other rows, whose triggers make them anew."""

OF_USAGE = (usage_events, usage_arrivals, usage_rejected, usage_forgotten, usage_totals)
EVENTS = {str(table.name): _rows(table) for table in OF_USAGE}
"""The tables of usage events, by name, which come last."""

TABLES = {str(table.name): _rows(table) for table in metadata.sorted_tables if table not in OF_ONE_SERVER} | EVENTS
"""By name, each after those that it refers to."""
