"""How a bill stands on its reader's day: paid, credited, due, void or a draft; and what is to be done."""

from collections.abc import Iterator
from datetime import date, datetime
from operator import itemgetter

from tallystick.core.account import Account
from tallystick.core.party import Seller
from tallystick.core.payment import PaymentStatus
from tallystick.core.states import InvoiceState, InvoiceStatus, QuotationState, QuotationStatus
from tallystick.credit_notes.types import CreditNoteRow
from tallystick.documents.document import Entry, History, HowToPay, Labelled, Mark, State, Tone, Total
from tallystick.documents.payable import payment
from tallystick.documents.reader import Readership, line
from tallystick.invoices.types import Invoice, InvoiceRow, PaymentLine
from tallystick.quotations.types import QuotationRow


def invoice_mark(state: InvoiceState, reader: Readership) -> Mark | None:
    """That an invoice is a draft, or void."""
    if state is InvoiceState.ISSUED:
        return None
    key = "draft" if state is InvoiceState.DRAFT else "void"
    return Mark(key, reader.words(f"state.{key}"), reader.words(f"notice.{key}"))


def quotation_mark(state: QuotationState, reader: Readership) -> Mark | None:
    """That a quotation is a draft."""
    if state is not QuotationState.DRAFT:
        return None
    return Mark("draft", reader.words("state.draft"), reader.words("notice.draft_other"))


def of_invoice(invoice: Invoice, status: InvoiceStatus, reader: Readership) -> State:
    """How an invoice stands, in the customer's words."""
    row = invoice.row
    due = reader.notation.near_day(row.due_date, reader.today)
    match status:
        case InvoiceStatus.DRAFT | InvoiceStatus.VOIDED:
            key = "draft" if status is InvoiceStatus.DRAFT else "void"
            return State(key, reader.words(f"state.{key}"), Tone.OFF)
        case InvoiceStatus.PAID:
            return _settled_state(invoice, reader)
        case InvoiceStatus.OVERDUE:
            return State("overdue", reader.words("state.overdue", date=due), Tone.LATE)
        case InvoiceStatus.PARTIALLY_PAID if row.paid:
            paid, left = reader.notation.money(row.paid), reader.notation.money(row.balance)
            return State("partly_paid", reader.words("state.partly_paid", paid=paid, due=left, date=due), Tone.OPEN)
    key = "due_today" if row.due_date == reader.today else "due"
    return State(key, reader.words(f"state.{key}", date=due), Tone.OPEN)


def _settled_state(invoice: Invoice, reader: Readership) -> State:
    """That nothing is left to pay: it claims no payment where credit notes alone settled it."""
    if payments := _payments(invoice):
        last = reader.notation.near_day(max(each.date for each in payments), reader.today)
        return State("paid", reader.words("state.paid", date=last), Tone.GOOD)
    if invoice.row.credited:
        return State("credited", reader.words("state.credited"), Tone.OFF)
    return State("nothing_due", reader.words("state.nothing_due"), Tone.GOOD)


def invoice_headline(row: InvoiceRow, state: State, reader: Readership) -> list[Labelled]:
    """How much, and by when; or that there is nothing to pay."""
    until = reader.item("until", "label.due", reader.notation.day(row.due_date))
    total = reader.item("total", "total.total", reader.notation.money(row.sums.total))
    if row.state is InvoiceState.DRAFT:
        return [total, until]
    if row.state is InvoiceState.VOIDED:
        return [reader.item("state", "state.void", reader.words("state.nothing_due")), total]
    due = reader.item("due", "total.due", reader.notation.money(row.balance))
    return [due, until if row.balance > 0 else reader.item("state", "state.nothing_due", state.text)]


def settled(invoice: Invoice, reader: Readership) -> Iterator[Total]:
    """What of an invoice is paid and credited, and what is due."""
    row = invoice.row
    if not row.paid and not row.credited:
        return
    if row.paid:
        yield _taken("paid", row.paid, [_paid_by(each, reader) for each in _payments(invoice)], reader)
    if row.credited:
        yield _taken("credited", row.credited, [line(number) for number, _day, _amount in _credits(invoice)], reader)
    text = reader.notation.amount(row.balance)
    yield Total(key="due", label=reader.words("total.due"), text=text, weight=1, unit=reader.currency)


def _taken(key: str, amount: int, by: list[str], reader: Readership) -> Total:
    """A sum that lowers what is due, with what brought it where that is one thing."""
    text = reader.notation.amount(-amount)
    return Total(key=key, label=reader.words(f"total.{key}"), text=text, on=by[0] if len(by) == 1 else None)


def _payments(invoice: Invoice) -> list[PaymentLine]:
    """What money settled of an invoice, and still does."""
    return [each for each in invoice.payments if each.applied and each.status == PaymentStatus.SUCCEEDED]


def _credits(invoice: Invoice) -> list[tuple[str, date, int]]:
    """The number, day and amount of each credit note, as far as it settles the invoice."""
    notes = ((each.number, each.issue_date, each.total - each.to_credit) for each in invoice.credit_notes)
    return [note for note in notes if note[-1]]


def _paid_by(each: PaymentLine, reader: Readership) -> str:
    return reader.pair(reader.notation.short_day(each.date), reader.words(f"method.{each.method}"))


def history(invoice: Invoice, reader: Readership) -> History | None:
    """What was paid and credited, by day."""
    by_day = sorted([*_paid_entries(invoice, reader), *_credit_entries(invoice, reader)], key=itemgetter(0))
    if not by_day:
        return None
    return History(reader.words("history.heading"), [entry for _day, entry in by_day])


def _paid_entries(invoice: Invoice, reader: Readership) -> Iterator[tuple[date, Entry]]:
    for each in _payments(invoice):
        label = reader.pair(reader.words("history.payment"), reader.words(f"method.{each.method}"))
        yield each.date, _entry("payment", each.date, label, each.applied, reader)


def _credit_entries(invoice: Invoice, reader: Readership) -> Iterator[tuple[date, Entry]]:
    for number, day, amount in _credits(invoice):
        yield day, _entry("credit_note", day, reader.words("history.credit_note", number=line(number)), amount, reader)


def _entry(key: str, day: date, label: str, amount: int, reader: Readership) -> Entry:
    return Entry(key=key, date=reader.notation.short_day(day), label=label, text=reader.notation.amount(-amount))


def payable(row: InvoiceRow, seller: Seller, reader: Readership) -> HowToPay | None:
    """How to pay what is due, if anything is."""
    if row.state is not InvoiceState.ISSUED or row.balance <= 0:
        return None
    key = "late" if row.due_date < reader.today else "by"
    text = reader.words(f"payment.{key}", date=reader.notation.day(row.due_date))
    return payment(text, seller, line(row.number or ""), row.balance, reader)


def of_quotation(row: QuotationRow, account: Account, now: datetime, reader: Readership) -> State:
    """How a quotation stands."""
    match row.status(account, now):
        case QuotationStatus.DRAFT:
            return State("draft", reader.words("state.draft"), Tone.OFF)
        case QuotationStatus.SENT:
            return _dated_state("open_quotation", row.valid_until, Tone.OPEN, reader)
        case QuotationStatus.EXPIRED:
            return _dated_state("expired", row.valid_until, Tone.OFF, reader)
        case QuotationStatus.REJECTED:
            return _dated_state("rejected", _day(row.rejected_at, account, row), Tone.OFF, reader)
    return _dated_state("accepted", _day(row.accepted_at or row.converted_at, account, row), Tone.GOOD, reader)


def _day(at: datetime | None, account: Account, row: QuotationRow) -> date:
    return account.today(at or row.updated_at)


def _dated_state(key: str, day: date, tone: Tone, reader: Readership) -> State:
    return State(key, reader.words(f"state.{key}", date=reader.notation.near_day(day, reader.today)), tone)


def of_credit_note(row: CreditNoteRow, reader: Readership) -> State:
    """That a credit note was issued."""
    return _dated_state("issued", row.issue_date, Tone.OFF, reader)


def customer_credit(row: CreditNoteRow, reader: Readership) -> Iterator[Total]:
    """What of a credit note exceeds what its invoice was owed."""
    if row.to_credit:
        text = reader.notation.amount(row.to_credit)
        yield Total(key="customer_credit", label=reader.words("total.customer_credit"), text=text)
