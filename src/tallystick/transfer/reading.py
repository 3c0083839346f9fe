"""An account into a database: all of it or nothing, and each line checked."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from itertools import groupby, islice
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError

from tallystick.core.errors import Conflict, Hindrance, Malformed, ValidationFailed
from tallystick.core.events import Event
from tallystick.store import ids
from tallystick.store.db import Tx
from tallystick.store.migrate import revision
from tallystick.store.tables import accounts, api_keys, events
from tallystick.store.usage_tables import usage_events
from tallystick.transfer import past_events
from tallystick.transfer.lines import EVENTS, OF_ONE_SERVER, TABLES, End, ExportHeader, ExportLine, TableLines
from tallystick.wire.parse import parse_json

ROWS_AT_ONCE = 500
FIRST_VERSION = 1
MADE_BY_A_FIRST_START = (Event.API_KEY_CREATED, Event.API_KEY_REVOKED)
_HEADER = msgspec.json.Decoder(ExportHeader)
_LINE = msgspec.json.Decoder(ExportLine)
T = TypeVar("T", bound=msgspec.Struct)


class BadExport(Hindrance):
    """The file is not a whole export that this program can read; nothing of it was imported.

    ``reason`` is a sentence, with the stop or the question mark at its end.
    """

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"Line {number}: {reason} Nothing was imported.")


class Imported(NamedTuple):
    """What was read in."""

    account_id: int
    rows: int


class Place(NamedTuple):
    """A row that was read, and the number of its line."""

    number: int
    rows: TableLines
    values: tuple[Any, ...]


def load(tx: Tx, lines: Iterable[bytes], usage: Callable[[], AbstractContextManager[Tx]] | None = None) -> Imported:
    """Reads an export into the transaction; the caller rolls back where it raises.

    ``usage`` begins the transaction into which usage events go, where that is another one; it ends before this does.
    Every id stays what it was. Raises BadExport, naming the line and the field, and Conflict where the account is
    there already and holds anything but its API keys: those give way to the keys of the export.
    """
    reader = Reader(lines)
    account_id = reader.header(revision(tx.connection)).account
    _make_room(tx, account_id)
    with ExitStack() as begun:
        events: Tx | None = None
        for table, places in groupby(reader.places(account_id), key=lambda place: place.rows.table.name):
            if table in EVENTS and events is None:
                events = begun.enter_context(usage()) if usage else tx
                past_events.clear(events, account_id)
            _insert_all(events if table in EVENTS and events else tx, places)
        end = reader.end()
        ids.keep_last_ids(tx, end.last_ids)
    return Imported(account_id, sum(end.rows.values()))


def _insert_all(tx: Tx, places: Iterable[Place]) -> None:
    waiting = iter(places)
    while batch := list(islice(waiting, ROWS_AT_ONCE)):
        if batch[0].rows.table is usage_events:
            past_events.make_room(tx, [dict(zip(usage_events.c.keys(), place.values, strict=True)) for place in batch])
        _insert(tx, batch)


class Reader:
    """Reads an export in its order: the header, the rows, the end."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._number = 0
        self._counts = Counter(dict.fromkeys(TABLES, 0))
        self._end: End | None = None

    def header(self, schema: str | None) -> ExportHeader:
        """The header, if its schema is this one."""
        header = self._decoded(_HEADER, self._next())
        if header.schema != schema:
            reason = f"the export is of the schema {header.schema}, and this program is at {schema}"
            raise self._bad(f"{reason}: export and import with the same version of Tallystick.")
        return header

    def places(self, account_id: int) -> Iterator[Place]:
        """The rows up to the end, each one of this account."""
        while (line := self._decoded(_LINE, self._next())).end is None:
            rows = TABLES.get(line.table)
            if rows is None:
                raise self._bad(f'there is no table "{line.table}" to import.')
            row = self._decoded(rows.decoder, line.row, line.table)
            if getattr(row, rows.account.name) != account_id:
                raise self._bad(f"{line.table}.{rows.account.name}: is another account's.")
            self._counts[line.table] += 1
            yield Place(self._number, rows, rows.values(row))
        self._end = line.end

    def end(self) -> End:
        """The end, if it counts the very rows that were read and nothing follows it."""
        if self._end is None:
            raise AssertionError("the end is read after the rows")
        if self._end.rows != self._counts or self._counts[accounts.name] != 1:
            raise self._bad(f"the export holds other rows than its end counts: {dict(self._counts)}.")
        if next(self._lines, None) is not None:
            raise self._bad("something follows the end.")
        return self._end

    def _next(self) -> bytes:
        self._number += 1
        line = next(self._lines, None)
        if line is None:
            raise self._bad("the export is cut off, its end is missing.")
        return line

    def _decoded(self, decoder: msgspec.json.Decoder[T], line: bytes | msgspec.Raw, table: str = "") -> T:
        try:
            return decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise self._bad(_wrong_with(bytes(line), decoder.type, table)) from None

    def _bad(self, reason: str) -> BadExport:
        return BadExport(self._number, reason)


def _wrong_with(line: bytes, kind: type[msgspec.Struct], table: str) -> str:
    """What a line has against the shape that it should have, in words."""
    try:
        parse_json(line, kind)
    except Malformed:
        return "is cut off, or is no JSON object."
    except ValidationFailed as error:
        return ValidationFailed({f"{table}.{field}".strip("."): told for field, told in error.errors.items()}).reason
    return "is not as an export has it."


def _make_room(tx: Tx, account_id: int) -> None:
    """Sees to it that nothing of the account is there: what a first start and a worker have made goes away."""
    version = tx.row(select(accounts.c.version).where(accounts.c.id == account_id), int)
    if version is None:
        return
    if version != FIRST_VERSION or any(
        _is_filled(tx, rows, account_id) for name, rows in TABLES.items() if name not in EVENTS
    ):
        raise Conflict(
            f"The account {account_id} is in this database already, and more than its API keys. "
            "Import into a database in which it is new."
        )
    for table in (events, api_keys, *OF_ONE_SERVER):
        tx.write(delete(table).where(table.c.account_id == account_id))
    tx.write(delete(accounts).where(accounts.c.id == account_id))


def _is_filled(tx: Tx, rows: TableLines, account_id: int) -> bool:
    """Whether a table holds something of the account that a first start does not make."""
    if rows.table in (accounts, api_keys):
        return False
    found = select(rows.account).where(rows.account == account_id).limit(1)
    if rows.table is events:
        found = found.where(events.c.type.not_in(MADE_BY_A_FIRST_START))
    return tx.row(found, int) is not None


def _insert(tx: Tx, places: list[Place]) -> None:
    """Writes rows of one table, all at once; where one is refused, one by one, so as to name it."""
    table = places[0].rows.table
    try:
        with tx.savepoint():
            tx.insert_many(table, table.c.keys(), [place.values for place in places])
    except DBAPIError as error:
        if len(places) == 1:
            raise BadExport(places[0].number, _refusal(places[0], error)) from None
        for place in places:
            _insert(tx, [place])


def _refusal(place: Place, error: DBAPIError) -> str:
    return f"{place.rows.table.name}: {str(error.orig).partition(chr(10))[0]}."
