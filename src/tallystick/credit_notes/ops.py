"""The verbs of credit notes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import structs

from tallystick.bills.seal import seal_of
from tallystick.bills.sums import Sums
from tallystick.bills.types import Views
from tallystick.core.account import Account
from tallystick.core.bill import Calculation
from tallystick.core.errors import Conflict
from tallystick.core.events import Event
from tallystick.core.facts import BillUpdated, CreditNoteIssued, InvoiceCredited
from tallystick.core.states import Action, CreditNoteState, check_allowed, first_state
from tallystick.credit_notes import rules, store
from tallystick.credit_notes.kind import CREDIT_NOTES
from tallystick.credit_notes.types import CreditLine, CreditNote, CreditNoteRow, Given, NewCreditNote
from tallystick.invoices import ops as invoice_ops
from tallystick.invoices import store as invoice_store
from tallystick.invoices.types import Invoice
from tallystick.store import customer_credit, journal, outbox, seals, secrets
from tallystick.store.db import Tx
from tallystick.store.journal import LedgerAccount, Posting, Subject
from tallystick.store.seals import Sealed


def create(tx: Tx, account: Account, invoice_id: int, new: NewCreditNote) -> CreditNote:
    """Issues a credit note of an issued invoice, and lowers its balance; what exceeds that is the customer's credit.

    It is dated today, or as its invoice where that is dated later, and has a share link where its invoice has one.

    Raises Conflict where the invoice is not issued or the ``external_id`` taken, ValidationFailed where less is left of
    the invoice than is asked for.
    """
    invoice = invoice_store.get_locked(tx, account, invoice_id)
    check_allowed(invoice.row.state, Action.CREDIT)
    lines = rules.credit_lines(invoice, new, store.credited(tx, account, invoice_id))
    draft = _draft(invoice, lines, new, account, tx.now)
    if draft.row.to_credit:
        customer_credit.add(tx, account, draft.row.customer_id, draft.row.currency, draft.row.to_credit)
    number = CREDIT_NOTES.numbers.take(tx, account, draft.row.issue_date)
    numbered = structs.replace(draft, row=structs.replace(draft.row, **number.columns()))
    credit_note = store.insert(tx, account, numbered)
    _post(tx, account, credit_note)
    _tell(tx, account, credit_note.row)
    applied = draft.row.sums.total - draft.row.to_credit
    if applied:
        invoice_ops.settle(tx, account, invoice.row, credited=applied)
    seals.append(tx, account, [sealed(credit_note)])
    return credit_note


def label(tx: Tx, account: Account, credit_note_id: int, changes: Mapping[str, Any], version: int | None) -> CreditNote:
    """Changes the labels, and nothing that an issue fixes: no seal is set.

    Raises Conflict for a stale ``version`` and where the ``external_id`` is taken.
    """
    store.ROWS.update(tx, account, credit_note_id, changes, version=version)
    outbox.add(tx, account, Event.CREDIT_NOTE_UPDATED, credit_note_id)
    return store.get(tx, account, credit_note_id)


def rotate_share(tx: Tx, account: Account, credit_note_id: int) -> CreditNote:
    """Gives a credit note a new share token; the one that it had, if any, opens nothing any more."""
    return _share(tx, account, credit_note_id, secrets.new_secret(account.id))


def revoke_share(tx: Tx, account: Account, credit_note_id: int) -> CreditNote:
    """Takes a credit note its share token, as far as it has one."""
    return _share(tx, account, credit_note_id, None)


def _share(tx: Tx, account: Account, credit_note_id: int, token: str | None) -> CreditNote:
    """Sets the share token, which the seal holds, unless it is just that."""
    before = store.get_locked(tx, account, credit_note_id)
    if before.row.share_token == token:
        return before
    facts = BillUpdated.of_link(before.row.share_token, token)
    outbox.add(tx, account, Event.CREDIT_NOTE_UPDATED, credit_note_id, facts)
    shared = structs.replace(before, row=store.ROWS.update(tx, account, credit_note_id, {"share_token": token}))
    seals.append(tx, account, [sealed(shared)])
    return shared


def put_back(tx: Tx, account: Account, customer_id: int, currency: str, back: Given) -> None:
    """Takes credit that a note gave from the customer again: the note's own invoice, which is locked, is to have it.

    The one place where ``to_credit`` changes after the issue. Raises Conflict where the credit is spent meanwhile.
    """
    if not customer_credit.spend(tx, account, customer_id, currency, back.amount):
        raise Conflict("The customer's credit is spent. Try again.")
    store.lower_credit(tx, account, back)
    subject = Subject(customer_id, currency, invoice_id=back.invoice_id, credit_note_id=back.credit_note_id)
    posting = Posting(LedgerAccount.CUSTOMER_CREDIT, LedgerAccount.RECEIVABLE, back.amount)
    journal.post(tx, account, "put_back", subject, [posting])
    seals.append(tx, account, [sealed(store.get(tx, account, back.credit_note_id))])


def sealed(credit_note: CreditNote) -> Sealed:
    """What the seal of a credit note is set on."""
    return seal_of(CREDIT_NOTES, credit_note.row, credit_note.lines)


NOT_THE_NOTES = {"notes": None, "payment_terms": None}
"""What an invoice says on how to pay it is not said of what is given back."""


def _draft(
    invoice: Invoice, lines: list[CreditLine], new: NewCreditNote, account: Account, now: datetime
) -> CreditNote:
    """A credit note but for its number, which is taken last, and its ids."""
    of = invoice.row
    calculation = Calculation.EN16931
    totals = rules.totals(lines, prices_include_tax=of.prices_include_tax, calculation=calculation)
    if of.number is None or of.customer is None or of.seller is None:
        raise AssertionError("an invoice that is not issued is not credited")
    row = CreditNoteRow(
        id=0,
        number="",
        number_scope=None,
        number_sequence=None,
        number_key=None,
        number_order="",
        invoice_id=of.id,
        customer_id=of.customer_id,
        customer_name=of.customer_name,
        state=first_state(CreditNoteState),
        issue_date=max(account.today(now), of.issue_date),
        currency=of.currency,
        discount_type=None,
        discount_value=None,
        prices_include_tax=of.prices_include_tax,
        rounding=of.rounding,
        rounding_mode=of.rounding_mode,
        calculation=calculation.value,
        sums=Sums.of(totals),
        taxes=totals.taxes,
        to_credit=max(0, totals.total - of.balance),
        reason=new.reason,
        header=structs.replace(of.header, **NOT_THE_NOTES),
        labels=new.labels,
        views=Views(),
        share_token=of.share_token and secrets.new_secret(account.id),
        customer=of.customer,
        seller=of.seller,
        created_at=now,
        issued_at=now,
        version=1,
    )
    return CreditNote(row=row, lines=list(map(rules.credited_line, lines)), invoice_number=of.number)


def _tell(tx: Tx, account: Account, row: CreditNoteRow) -> None:
    """Records the issue with the note and with its invoice."""
    issued = CreditNoteIssued(
        invoice_id=row.invoice_id, currency=row.currency, total=row.sums.total, to_credit=row.to_credit
    )
    credited = InvoiceCredited(
        credit_note_id=row.id, currency=row.currency, total=row.sums.total, to_credit=row.to_credit
    )
    outbox.add(tx, account, Event.CREDIT_NOTE_ISSUED, row.id, issued)
    outbox.add(tx, account, Event.INVOICE_CREDITED, row.invoice_id, credited)


def _post(tx: Tx, account: Account, credit_note: CreditNote) -> None:
    """Takes back revenue and tax from what the customer owes; what it did not owe becomes its credit."""
    row = credit_note.row
    subject = Subject(row.customer_id, row.currency, invoice_id=row.invoice_id, credit_note_id=row.id)
    postings = [
        Posting(LedgerAccount.REVENUE, LedgerAccount.RECEIVABLE, row.sums.net),
        Posting(LedgerAccount.TAX, LedgerAccount.RECEIVABLE, row.sums.tax),
        Posting(LedgerAccount.RECEIVABLE, LedgerAccount.CUSTOMER_CREDIT, row.to_credit),
    ]
    journal.post(tx, account, "credit_note", subject, postings)
