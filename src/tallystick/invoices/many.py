"""Many invoices at once: the rows that ``ops.create`` and ``ops.issue`` write one by one, written as blocks."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from msgspec import structs

from tallystick.bills import header
from tallystick.bills import rules as bill_rules
from tallystick.bills import store as bill_store
from tallystick.bills.labels import Labels
from tallystick.bills.numbers import AssignedNumber
from tallystick.bills.seal import seal_of
from tallystick.bills.types import LineRow, NewBill
from tallystick.core.account import Account
from tallystick.core.bill import Bill
from tallystick.core.events import Event
from tallystick.core.facts import BillCreated
from tallystick.core.party import Buyer
from tallystick.core.states import Action, InvoiceState, first_state, next_state
from tallystick.core.totals import Totals
from tallystick.invoices import news, rules, store
from tallystick.invoices.kind import INVOICES
from tallystick.invoices.types import Invoice, InvoiceRow
from tallystick.store import ids as store_ids
from tallystick.store import journal, outbox, seals
from tallystick.store.db import Tx
from tallystick.store.outbox import NewEvent
from tallystick.store.tables import invoices


class Period(NamedTuple):
    """What an invoice bills: a schedule's period, from its first to its last day. Periods sort by their start."""

    start: date
    recurring_id: int
    end: date


class ServiceDays(NamedTuple):
    """The first and the last day that an invoice is about."""

    start: date
    end: date


class InvoiceContent(NamedTuple):
    """What invoices say, computed once for all that say the same; not whom they bill, when, and by what labels."""

    new: NewBill
    bill: Bill
    totals: Totals
    lines: list[LineRow]

    @classmethod
    def of(cls, new: NewBill, bill: Bill, totals: Totals) -> "InvoiceContent":
        """What ``bills.rules.bill_from`` made of ``new``."""
        return cls(new, bill, totals, bill_store.unstored_lines(bill, totals))


class InvoiceToMake(NamedTuple):
    """An invoice to make, dated by its period; issued, and then sent, where it ``issues`` and ``sends``.

    One that bills no period of its schedule, but what is left of the days before, has them as its ``service``.
    """

    content: InvoiceContent
    customer: Buyer
    period: Period
    due_date: date
    issues: bool
    sends: bool
    labels: Labels
    service: ServiceDays | None = None


def create(tx: Tx, account: Account, wanted: Sequence[InvoiceToMake]) -> list[int]:
    """Makes drafts, and issues those that are to be; answers their ids, in order.

    On PostgreSQL an IntegrityError may tell that another transaction was faster; ``Database.transact`` tries again.
    """
    if not wanted:
        return []
    ids = store_ids.next_ids(tx, invoices, len(wanted))
    days = [each.period.start for each in wanted if each.issues]
    numbers = iter(INVOICES.numbers.take_all(tx, account, days))
    templates = _InvoiceTemplates(account, tx.now)
    made = [
        templates.issued(invoice_id, each, next(numbers)) if each.issues else templates.draft(invoice_id, each)
        for invoice_id, each in zip(ids, wanted, strict=True)
    ]
    store.insert_many(tx, account, made)
    _record(tx, account, wanted, made)
    return list(ids)


class _InvoiceTemplates:
    """Makes invoices, each from a template that holds what all of the same content have in common."""

    def __init__(self, account: Account, now: datetime) -> None:
        self._account = account
        self._now = now
        state = next_state(first_state(InvoiceState), Action.ISSUE)
        self._issue = {"state": state, "issued_at": now, "seller": account.seller}
        self._templates: dict[int, InvoiceRow] = {}

    def draft(self, invoice_id: int, wanted: InvoiceToMake) -> Invoice:
        """As ``ops.create`` makes it."""
        return self._invoice(wanted, self._columns(invoice_id, wanted))

    def issued(self, invoice_id: int, wanted: InvoiceToMake, number: AssignedNumber) -> Invoice:
        """As ``ops.issue`` makes it of a draft."""
        issued = {**number.columns(), "customer": wanted.customer, **self._issue}
        return self._invoice(wanted, self._columns(invoice_id, wanted) | issued)

    def _columns(self, invoice_id: int, wanted: InvoiceToMake) -> dict[str, Any]:
        return {
            "id": invoice_id,
            "customer_id": wanted.customer.id,
            "customer_name": wanted.customer.name,
            "labels": wanted.labels,
            "issue_date": wanted.period.start,
            "issue_date_given": True,
            "due_date": wanted.due_date,
            "terms_days": (wanted.due_date - wanted.period.start).days,
            "recurring_id": wanted.period.recurring_id,
            "period_start": None if wanted.service else wanted.period.start,
            "period_end": None if wanted.service else wanted.period.end,
        }

    def _invoice(self, wanted: InvoiceToMake, columns: dict[str, Any]) -> Invoice:
        template = self._templates.get(id(wanted.content))
        if template is None:
            template = self._templates[id(wanted.content)] = self._template(wanted.content)
        days = wanted.service or wanted.period
        service = {"service_start": days.start, "service_end": days.end}
        row = structs.replace(template, **columns, header=header.changed(template.header, service))
        return Invoice(row=row, lines=wanted.content.lines, customer=wanted.customer)

    def _template(self, content: InvoiceContent) -> InvoiceRow:
        columns = bill_rules.draft_columns(content.new, self._account, self._now, INVOICES.due_column)
        return INVOICES.draft_row(columns, content.bill, content.totals, "")


def _record(tx: Tx, account: Account, wanted: Sequence[InvoiceToMake], made: Sequence[Invoice]) -> None:
    """The journal, the events and the seals of these invoices."""
    issued = [invoice for invoice in made if invoice.row.state is InvoiceState.ISSUED]
    journal.post_all(tx, account, [rules.issue_entry(invoice) for invoice in issued])
    created = [
        NewEvent(Event.INVOICE_CREATED, invoice.row.id, BillCreated(recurring_id=each.period.recurring_id))
        for each, invoice in zip(wanted, made, strict=True)
    ]
    of_issues = [
        told
        for each, invoice in zip(wanted, made, strict=True)
        if each.issues
        for told in news.issued(invoice, "recurring", auto_send=each.sends)
    ]
    outbox.add_all(tx, account, created + of_issues)
    if issued:
        seals.append(tx, account, [seal_of(INVOICES, invoice.row, invoice.lines) for invoice in issued])
