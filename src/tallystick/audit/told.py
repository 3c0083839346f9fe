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
    select,
)

from tallystick.audit.types import Check, Difference, row_name
from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.core.payment import PaymentStatus
from tallystick.core.states import CreditNoteState, InvoiceState, QuotationState
from tallystick.store.db import Tx
from tallystick.store.tables import credit_notes, events, invoices, payments, quotations


class Time(Enum):
    """What an event tells of a column that holds a time."""

    ITS_OWN = "its own"
    NONE = "none"


class Story(NamedTuple):
    """What events tell of one column."""

    column: Column[Any]
    tells: Mapping[Event, str | Time]


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
            Event.INVOICE_CREATED: Time.NONE,
            Event.INVOICE_ISSUED: Time.ITS_OWN,
            Event.INVOICE_REVISED: Time.ITS_OWN,
            Event.INVOICE_UNPUBLISHED: Time.NONE,
        },
    ),
    Story(
        invoices.c.deleted_at,
        {
            Event.INVOICE_CREATED: Time.NONE,
            Event.INVOICE_DELETED: Time.ITS_OWN,
            Event.INVOICE_RESTORED: Time.NONE,
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
    Story(quotations.c.issued_at, {Event.QUOTATION_CREATED: Time.NONE, Event.QUOTATION_ISSUED: Time.ITS_OWN}),
    Story(quotations.c.accepted_at, {Event.QUOTATION_CREATED: Time.NONE, Event.QUOTATION_ACCEPTED: Time.ITS_OWN}),
    Story(quotations.c.rejected_at, {Event.QUOTATION_CREATED: Time.NONE, Event.QUOTATION_REJECTED: Time.ITS_OWN}),
    Story(quotations.c.converted_at, {Event.QUOTATION_CREATED: Time.NONE, Event.QUOTATION_CONVERTED: Time.ITS_OWN}),
    Story(credit_notes.c.state, {Event.CREDIT_NOTE_ISSUED: CreditNoteState.ISSUED}),
    Story(credit_notes.c.issued_at, {Event.CREDIT_NOTE_ISSUED: Time.ITS_OWN}),
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
            Event.PAYMENT_CREATED: Time.NONE,
            Event.PAYMENT_FAILED: Time.NONE,
            Event.PAYMENT_REVERSED: Time.ITS_OWN,
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


def _newest(types: frozenset[Event]) -> Subquery:
    """Of each subject the newest event of these types."""
    last = (
        select(func.max(events.c.id).label("id"))
        .where(events.c.account_id == bindparam("account"), events.c.type.in_(sorted(types)))
        .group_by(events.c.subject_id)
        .subquery()
    )
    return (
        select(events.c.id, events.c.subject_id, events.c.type, events.c.at)
        .join(last, last.c.id == events.c.id)
        .where(events.c.account_id == bindparam("account"))
        .subquery()
    )


def _due(newest: Subquery, story: Story) -> ColumnElement[Any]:
    if isinstance(next(iter(story.tells.values())), Time):
        setting = [event for event, time in story.tells.items() if time is Time.ITS_OWN]
        return case((newest.c.type.in_(setting), newest.c.at), else_=null())
    return case(*((newest.c.type == event, literal(str(state))) for event, state in story.tells.items()))


def check_of(story: Story) -> Check:
    """The check that a column is what its events tell."""
    column, table = story.column, story.column.table
    newest = _newest(frozenset(story.tells))
    shown = cast(column, String) if column.name in ("state", "status") else column
    due = _due(newest, story)
    statement: Select[Any] = (
        select(table.c.id, shown.label("stored"), due.label("due"), newest.c.id.label("event"))
        .select_from(table.outerjoin(newest, newest.c.subject_id == table.c.id))
        .where(table.c.account_id == bindparam("account"), shown.is_distinct_from(due))
        .order_by(table.c.id)
    )

    def run(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
        for row in tx.execute(statement, {"account": account.id}):
            told = f"as event {row.event} tells" if row.event else "for no event tells of it"
            finding = f"{column.name} is {row.stored}, should be {row.due}, {told}"
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
        for row in tx.execute(statement, {"account": account.id}):
            yield Difference(table.name, str(row.subject_id), f"is missing, and event {row.id} tells of it")

    return Check(f"the {table.name.replace('_', ' ')} of the events", table, run)


CHECKS = (*map(check_of, STORIES), *map(missing_of, GONE))
