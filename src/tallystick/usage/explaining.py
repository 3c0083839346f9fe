"""Which events a line of an invoice bills, one by one."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Select, and_, bindparam, or_, select

from tallystick.core.account import Account
from tallystick.core.periods import today
from tallystick.core.states import InvoiceState
from tallystick.store.db import Tx
from tallystick.store.tables import invoices, usage_lines, usage_periods
from tallystick.usage import store
from tallystick.usage.aggregates import COLUMNS
from tallystick.usage.by_event import PROPERTIES
from tallystick.usage.incoming import as_text
from tallystick.usage.instants import instant
from tallystick.usage.types import EventRow, Meter, Selection, Span


class StoredLine(msgspec.Struct, frozen=True):
    """A line that bills usage, as it is kept. ``amount`` in minor units of ``currency``."""

    id: int
    invoice_id: int
    position: int
    recurring_id: int
    customer_id: int
    description: str
    currency: str
    amount: int
    units: Decimal
    events: int
    first: date
    last: date
    start_us: int
    end_us: int
    after_seq: int
    to_seq: int
    charge: dict[str, Any]
    billed_to_seq: int

    @property
    def is_late(self) -> bool:
        """Whether it is of what came after its days were billed, of the events up to ``billed_to_seq``."""
        return self.to_seq > self.billed_to_seq


class ChargedEvents(msgspec.Struct, frozen=True):
    """Which events a line is of: of the meter as it was, those of a group, and of some services, regions and days.

    The days, of which ``cuts`` are the first of each part, are those of the ``timezone``.
    """

    meter: Meter
    group: tuple[str | None, ...]
    has_cost: bool
    rate_id: int | None
    by: tuple[str, ...]
    cuts: tuple[date, ...]
    timezone: str
    parts: frozenset[tuple[str | None, str | None, date]]


class SeqEvent(msgspec.Struct, frozen=True):
    """An event with its seq, and its properties as values."""

    seq: int
    row: EventRow
    properties: dict[str, Any]


_LINES = select(*(usage_lines.c[name] for name in StoredLine.__struct_fields__[:-1]), usage_periods.c.to_seq).where(
    usage_lines.c.account_id == bindparam("account"),
    usage_periods.c.account_id == usage_lines.c.account_id,
    usage_periods.c.recurring_id == usage_lines.c.recurring_id,
    usage_periods.c.first == usage_lines.c.first,
)
_own, _other = invoices.alias(), invoices.alias()
# The voided invoices of a schedule that billed the same period, or are of the same days where they close it.
OF_SAME_DAYS = select(_other.c.id).where(
    _own.c.account_id == bindparam("account"),
    _own.c.id == bindparam("invoice"),
    _other.c.account_id == _own.c.account_id,
    _other.c.recurring_id == _own.c.recurring_id,
    _other.c.state == InvoiceState.VOIDED,
    or_(
        _other.c.period_start == _own.c.period_start,
        and_(
            _own.c.period_start.is_(None),
            _other.c.period_start.is_(None),
            _other.c.service_start == _own.c.service_start,
            _other.c.service_end == _own.c.service_end,
        ),
    ),
)
IN_ORDER = (usage_lines.c.position, usage_lines.c.id)
OF_INVOICE: Select[Any] = _LINES.where(usage_lines.c.invoice_id == bindparam("invoice")).order_by(*IN_ORDER)
OF_VOIDED: Select[Any] = _LINES.where(usage_lines.c.invoice_id.in_(OF_SAME_DAYS)).order_by(*IN_ORDER)
EVERY: Select[Any] = _LINES.order_by(usage_lines.c.id)


def lines_of(tx: Tx, account: Account, invoice_id: int) -> list[StoredLine]:
    """The lines of usage of an invoice, or of the voided one that it bills again."""
    own = tx.rows(OF_INVOICE, StoredLine, account=account.id, invoice=invoice_id)
    return own or tx.rows(OF_VOIDED, StoredLine, account=account.id, invoice=invoice_id)


def every_line(tx: Tx, account: Account) -> Iterator[StoredLine]:
    """All lines of usage of the account."""
    yield from tx.stream(EVERY, StoredLine, account=account.id)


def events_of(tx: Tx, account: Account, line: StoredLine) -> Iterator[SeqEvent]:
    """The events that a line bills, in the order of their instants; none where it bills a minimum."""
    if not line.charge:
        return
    charged = msgspec.convert(line.charge, ChargedEvents)
    span = Span(line.start_us, line.end_us, line.after_seq, line.to_seq)
    selection = Selection.of_meter(charged.meter)
    for event in store.explain(tx, account, [line.customer_id], span, selection, _event):
        if _is_of(event, charged):
            yield event


def _event(seq: int, *columns: Any) -> SeqEvent:
    row = EventRow(*columns)
    return SeqEvent(seq, row, PROPERTIES.decode(row.properties) if row.properties else {})


def _is_of(event: SeqEvent, charged: ChargedEvents) -> bool:
    row = event.row
    group = tuple(_dimension(event, name) for name in charged.meter.group_by)
    if group != charged.group or (row.cost is not None) != charged.has_cost:
        return False
    day = today(instant(row.at_us), charged.timezone)
    part = (
        row.service if "service" in charged.by else None,
        row.region if "region" in charged.by else None,
        max((cut for cut in charged.cuts if cut <= day), default=charged.cuts[0]),
    )
    return part in charged.parts


def _dimension(event: SeqEvent, name: str) -> str | None:
    if name in COLUMNS:
        found: str | None = getattr(event.row, name)
        return found
    value = event.properties.get(name)
    return None if value is None else as_text(value)
