"""The decisions of invoices."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, structs

from tallystick.bills import rules as bills
from tallystick.bills.types import Found, LineRow, NewBill
from tallystick.core.account import Account
from tallystick.core.bill import Bill, Discount
from tallystick.core.states import InvoiceState
from tallystick.core.totals import Totals
from tallystick.customers.types import Customer
from tallystick.invoices.types import Invoice, InvoiceChange, InvoiceRow
from tallystick.store.journal import Ledger, Posting, Subject

KIND = "invoice"


def draft_values(new: NewBill, account: Account, now: datetime) -> dict[str, Any]:
    """The columns of a new draft that do not follow from its bill."""
    issue_date, due_date = bills.dates(new, account, account.today(now))
    return {
        "number": new.number,
        "customer_id": new.customer_id,
        "state": InvoiceState.DRAFT,
        "issue_date": issue_date,
        "due_date": due_date,
        "notes": account.default_notes if new.notes is None else new.notes,
        "payment_terms": new.payment_terms,
        "template_id": new.template_id,
        "created_at": now,
        "updated_at": now,
    }


def changed_bill(invoice: Invoice, change: InvoiceChange, found: Found) -> tuple[Bill, Totals]:
    """The bill of a draft after ``change``; lines that it does not name keep the prices and taxes they have.

    Raises ValidationFailed with every field that is wrong.
    """
    errors: bills.Errors = {}
    if found.customer is None:
        errors["customer_id"] = [bills.NO_CUSTOMER]
    stored = bills.stored_bill(invoice.row, invoice.lines)
    bill = stored._replace(
        currency=stored.currency if change.currency is UNSET else change.currency,
        discount=_changed_discount(stored.discount, change, errors),
        prices_include_tax=(
            stored.prices_include_tax if change.prices_include_tax is UNSET else change.prices_include_tax
        ),
    )
    if change.items is not UNSET:
        bill = bill._replace(lines=bills.lines_from(change.items, found, bill.currency, errors))
    return bill, bills.checked_totals(bill, errors)


def _changed_discount(stored: Discount | None, change: InvoiceChange, errors: bills.Errors) -> Discount | None:
    type, value = (stored.type, stored.value) if stored else (None, None)
    type = type if change.discount_type is UNSET else change.discount_type
    value = value if change.discount_value is UNSET else change.discount_value
    if type is not None and value is not None:
        return Discount(type, value)
    if change.discount_type is None or (type is None and not value):
        return None
    missing = "discount_type" if type is None else "discount_value"
    errors[missing] = ["Is required: a discount has both a type and a value."]
    return None


def changed_columns(invoice: Invoice, change: InvoiceChange, account: Account, now: datetime) -> dict[str, Any]:
    """The columns of a draft that ``change`` names, but for the bill's own; both dates, checked together."""
    names = ("customer_id", "notes", "payment_terms", "template_id", "number")
    named = {name: value for name in names if (value := getattr(change, name)) is not UNSET}
    if change.issue_date is UNSET and change.due_date is UNSET:
        return named
    wanted = NewBill(
        customer_id=invoice.row.customer_id,
        items=(),
        issue_date=invoice.row.issue_date if change.issue_date is UNSET else change.issue_date,
        due_date=invoice.row.due_date if change.due_date is UNSET else change.due_date,
    )
    issue_date, due_date = bills.dates(wanted, account, account.today(now))
    return {**named, "issue_date": issue_date, "due_date": due_date}


def issued(invoice: Invoice, account: Account, number: str, now: datetime) -> dict[str, Any]:
    """The columns that an issue sets: from now on they are the invoice's own, whatever becomes of their sources."""
    return {
        "state": InvoiceState.ISSUED,
        "number": number,
        "issued_at": now,
        "customer": invoice.customer,
        "customer_name": invoice.customer["name"],
        "seller": bills.seller_copy(account),
    }


def revenue(invoice: Invoice) -> list[Posting]:
    """The postings of an issue: the customer owes the total, which is revenue and tax."""
    row = invoice.row
    return [
        Posting(Ledger.RECEIVABLE, Ledger.REVENUE, row.total - row.tax),
        Posting(Ledger.RECEIVABLE, Ledger.TAX, row.tax),
    ]


def subject(invoice: Invoice) -> Subject:
    """What the journal's postings for this invoice are about."""
    return Subject(invoice.row.customer_id, invoice.row.currency, invoice_id=invoice.row.id)


def draft(invoice_id: int, values: dict[str, Any], lines: list[LineRow], found: Found) -> Invoice:
    """A new draft, from the columns and the lines that were written."""
    customer = bills.customer_copy(_known(found.customer))
    row = InvoiceRow(**UNTOUCHED, **values, id=invoice_id, customer_name=customer["name"])
    return Invoice(row=row, lines=lines, customer=customer)


UNTOUCHED: dict[str, Any] = {
    "paid": 0,
    "credited": 0,
    "share_token": None,
    "customer": None,
    "seller": None,
    "issued_at": None,
    "deleted_at": None,
    "version": 1,
}


def _known(customer: Customer | None) -> Customer:
    if customer is None:
        raise AssertionError("a bill without a customer has been refused before")
    return customer


def changed(invoice: Invoice, changes: dict[str, Any], now: datetime) -> Invoice:
    """The invoice after a change of its row."""
    row = structs.replace(invoice.row, **changes, version=invoice.row.version + 1, updated_at=now)
    return structs.replace(invoice, row=row)
