"""Bills and payments held against their events: each is in the state, and has the times, that the newest one tells."""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    String,
    Subquery,
    Table,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
)

from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.core.payment import PaymentStatus
from tallystick.core.states import CreditNoteState, InvoiceState, QuotationState
from tallystick.store.db import Tx
from tallystick.store.seals import Form
from tallystick.store.tables import credit_notes, events, invoices, payments, quotations, seals
from tallystick.verify.types import Check, Difference, row_name


class Told(Enum):
    """What an event tells of a column that holds no state."""

    ITS_TIME = "when it was"
    ITS_INVOICE = "the invoice among its facts"
    ITS_NAME = "the name among its facts, if there is one"
    ITS_REASON = "the reason among its facts, if there is one"
    NOTHING = "null"


class Story(NamedTuple):
    """What events tell of one column."""

    column: Column[Any]
    tells: Mapping[Event, str | Told]


ANSWERED = (Event.QUOTATION_ACCEPTED, Event.QUOTATION_REJECTED)
STORIES = (
    Story(
        invoices.c.state,
        {
            Event.INVOICE_CREATED: InvoiceState.DRAFT,
            Event.INVOICE_ISSUED: InvoiceState.ISSUED,
            Event.INVOICE_REVISED: InvoiceState.ISSUED,
            Event.INVOICE_UNPUBLISHED: InvoiceState.DRAFT,
            Event.INVOICE_VOIDED: InvoiceState.VOIDED,
        },
    ),
    Story(
        invoices.c.issued_at,
        {
            Event.INVOICE_CREATED: Told.NOTHING,
            Event.INVOICE_ISSUED: Told.ITS_TIME,
            Event.INVOICE_REVISED: Told.ITS_TIME,
            Event.INVOICE_UNPUBLISHED: Told.NOTHING,
        },
    ),
    Story(
        invoices.c.deleted_at,
        {
            Event.INVOICE_CREATED: Told.NOTHING,
            Event.INVOICE_DELETED: Told.ITS_TIME,
            Event.INVOICE_RESTORED: Told.NOTHING,
        },
    ),
    Story(
        quotations.c.state,
        {
            Event.QUOTATION_CREATED: QuotationState.DRAFT,
            Event.QUOTATION_ISSUED: QuotationState.SENT,
            Event.QUOTATION_ACCEPTED: QuotationState.ACCEPTED,
            Event.QUOTATION_REJECTED: QuotationState.REJECTED,
            Event.QUOTATION_CONVERTED: QuotationState.CONVERTED,
        },
    ),
    Story(quotations.c.issued_at, {Event.QUOTATION_CREATED: Told.NOTHING, Event.QUOTATION_ISSUED: Told.ITS_TIME}),
    Story(quotations.c.accepted_at, {Event.QUOTATION_CREATED: Told.NOTHING, Event.QUOTATION_ACCEPTED: Told.ITS_TIME}),
    Story(quotations.c.rejected_at, {Event.QUOTATION_CREATED: Told.NOTHING, Event.QUOTATION_REJECTED: Told.ITS_TIME}),
    Story(quotations.c.answered_by, {Event.QUOTATION_CREATED: Told.NOTHING, **dict.fromkeys(ANSWERED, Told.ITS_NAME)}),
    Story(
        quotations.c.answer_reason, {Event.QUOTATION_CREATED: Told.NOTHING, **dict.fromkeys(ANSWERED, Told.ITS_REASON)}
    ),
    Story(quotations.c.converted_at, {Event.QUOTATION_CREATED: Told.NOTHING, Event.QUOTATION_CONVERTED: Told.ITS_TIME}),
    Story(
        quotations.c.invoice_id,
        {Event.QUOTATION_CREATED: Told.NOTHING, Event.QUOTATION_CONVERTED: Told.ITS_INVOICE},
    ),
    Story(credit_notes.c.state, {Event.CREDIT_NOTE_ISSUED: CreditNoteState.ISSUED}),
    Story(credit_notes.c.issued_at, {Event.CREDIT_NOTE_ISSUED: Told.ITS_TIME}),
    Story(
        payments.c.status,
        {
            Event.PAYMENT_CREATED: PaymentStatus.SUCCEEDED,
            Event.PAYMENT_FAILED: PaymentStatus.FAILED,
            Event.PAYMENT_REVERSED: PaymentStatus.REVERSED,
        },
    ),
    Story(
        payments.c.reversed_at,
        {
            Event.PAYMENT_CREATED: Told.NOTHING,
            Event.PAYMENT_FAILED: Told.NOTHING,
            Event.PAYMENT_REVERSED: Told.ITS_TIME,
        },
    ),
)
GONE: Mapping[Table, frozenset[Event]] = {
    invoices: frozenset({Event.INVOICE_PURGED}),
    quotations: frozenset({Event.QUOTATION_DELETED}),
    payments: frozenset(),
    credit_notes: frozenset(),
}
"""By table, the events after which a row is there no more."""


class _Untold(NamedTuple):
    """A row whose column is not what an event tells, if any does."""

    id: int
    stored: Any
    expected: Any
    event: int | None


class _Missing(NamedTuple):
    """What an event tells of, and is not there."""

    subject_id: int
    event: int


class _Seal(NamedTuple):
    """A seal on a bill."""

    position: int
    subject_id: int


def _newest(types: frozenset[Event]) -> Subquery:
    """Of each subject the newest event of these types."""
    last = (
        select(func.max(events.c.id).label("id"))
        .where(events.c.account_id == bindparam("account"), events.c.type.in_(sorted(types)))
        .group_by(events.c.subject_id)
        .subquery()
    )
    return (
        select(events.c.id, events.c.subject_id, events.c.type, events.c.at, events.c.data)
        .join(last, last.c.id == events.c.id)
        .where(events.c.account_id == bindparam("account"))
        .subquery()
    )


def _expected(newest: Subquery, story: Story) -> ColumnElement[Any]:
    """What the newest event tells of the column."""
    return case(*((newest.c.type == event, _told(newest, tells)) for event, tells in story.tells.items()))


def _told(newest: Subquery, tells: str | Told) -> ColumnElement[Any]:
    match tells:
        case Told.NOTHING:
            return null()
        case Told.ITS_TIME:
            return newest.c.at
        case Told.ITS_INVOICE:
            invoice_id: ColumnElement[Any] = newest.c.data["invoice_id"].as_integer()
            return invoice_id
        case Told.ITS_NAME:
            return _text_of(newest, "name")
        case Told.ITS_REASON:
            return _text_of(newest, "reason")
    return literal(str(tells))


def _text_of(newest: Subquery, fact: str) -> ColumnElement[Any]:
    text: ColumnElement[Any] = newest.c.data[fact].as_string()
    return text


def check_of(story: Story) -> Check:
    """The check that a column is what its events tell."""
    column, table = story.column, story.column.table
    newest = _newest(frozenset(story.tells))
    shown = cast(column, String) if column.name in ("state", "status") else column
    expected = _expected(newest, story)
    statement: Select[Any] = (
        select(table.c.id, shown.label("stored"), expected.label("expected"), newest.c.id.label("event"))
        .select_from(table.outerjoin(newest, newest.c.subject_id == table.c.id))
        .where(table.c.account_id == bindparam("account"), shown.is_distinct_from(expected))
        .order_by(table.c.id)
    )

    def run(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
        for row in tx.rows(statement, _Untold, account=account.id):
            told = f"as event {row.event} tells" if row.event else "for no event tells of it"
            finding = f"{column.name} is {row.stored}, should be {row.expected}, {told}"
            yield Difference(table.name, row_name(row.id, None), finding)

    return Check(f"the {column.name} of {table.name.replace('_', ' ')}", table, run)


def missing_of(table: Table) -> Check:
    """The check that what events tell of is still there."""
    kinds = {event for story in STORIES if story.column.table is table for event in story.tells}
    newest = _newest(frozenset(kinds | GONE[table]))
    statement: Select[Any] = (
        select(newest.c.subject_id, newest.c.id)
        .select_from(
            newest.outerjoin(table, and_(table.c.id == newest.c.subject_id, table.c.account_id == bindparam("account")))
        )
        .where(table.c.id.is_(None), newest.c.type.not_in(sorted(GONE[table])))
        .order_by(newest.c.subject_id)
    )

    def run(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
        for row in tx.rows(statement, _Missing, account=account.id):
            yield Difference(table.name, str(row.subject_id), f"is missing, and event {row.event} tells of it")

    return Check(f"the {table.name.replace('_', ' ')} of the events", table, run)


SEALING: Mapping[str, frozenset[Event]] = {
    "invoice": frozenset(
        {Event.INVOICE_ISSUED, Event.INVOICE_REVISED, Event.INVOICE_UNPUBLISHED, Event.INVOICE_UPDATED}
    ),
    "quotation": frozenset({Event.QUOTATION_ISSUED, Event.QUOTATION_UPDATED}),
    "credit_note": frozenset({Event.CREDIT_NOTE_ISSUED, Event.CREDIT_NOTE_UPDATED}),
}
"""By the kind of a bill, the events that set a seal on it; so does a reversal, on the notes that it puts back."""


def _untold(kind: str, types: frozenset[Event]) -> Select[Any]:
    told = select(events.c.subject_id, events.c.at).where(
        events.c.account_id == bindparam("account"), events.c.type.in_(sorted(types))
    )
    put_back = select(events.c.at).where(
        events.c.account_id == bindparam("account"), events.c.type == Event.PAYMENT_REVERSED
    )
    is_told = or_(
        tuple_(seals.c.subject_id, seals.c.at).in_(told), and_(literal(kind == "credit_note"), seals.c.at.in_(put_back))
    )
    return (
        select(seals.c.position, seals.c.subject_id)
        .where(
            seals.c.account_id == bindparam("account"),
            seals.c.kind == kind,
            seals.c.form != Form.FIRST.value,
            ~is_told,
        )
        .order_by(seals.c.position)
    )


def seals_of(kind: str, types: frozenset[Event]) -> Check:
    """The check that each seal on a bill is told of by an event of that instant: none was added behind our back."""
    statement = _untold(kind, types)

    def run(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
        for row in tx.rows(statement, _Seal, account=account.id):
            finding = f"is set on {kind} {row.subject_id}, and no event tells why"
            yield Difference(seals.name, str(row.position), finding)

    return Check(f"the events of the seals on a {kind.replace('_', ' ')}", seals, run)


CHECKS = (
    *map(check_of, STORIES),
    *map(missing_of, GONE),
    *(seals_of(kind, types) for kind, types in SEALING.items()),
)
