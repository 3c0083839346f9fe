"""The wire of invoice.ng: from its requests to what the verbs take, and from an invoice to its replies."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from tallystick.bills.header import Header
from tallystick.bills.rules import stored_discount
from tallystick.bills.types import DraftChange, Item, LineRow, NewBill
from tallystick.core.account import Account
from tallystick.core.errors import ValidationFailed
from tallystick.core.money import RoundingMode, digits, round_ratio, to_decimal
from tallystick.core.party import POSTAL, Buyer
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.periods import wall_clock
from tallystick.core.short_code import short_code
from tallystick.dialects import net
from tallystick.dialects.invoice_ng.shapes import (
    FoundJson,
    InvoiceBody,
    InvoiceJson,
    ItemBody,
    ItemJson,
    NewInvoiceBody,
    PaymentBody,
    PaymentJson,
    RowJson,
    Standing,
    WrittenInvoiceJson,
    WrittenItemJson,
    WrittenJson,
)
from tallystick.invoices.types import Invoice, InvoiceRow, PaymentLine
from tallystick.payments import rules as payment_rules
from tallystick.payments.types import NewPayment
from tallystick.wire import render
from tallystick.wire.call import Call
from tallystick.wire.scalars import Day

PAID: Standing = "Paid"
NOT_PAID: Standing = "Not Paid"
METHODS = {
    "Cash": PaymentMethod.CASH,
    "Bank Transfer": PaymentMethod.BANK_TRANSFER,
    "Cheque": PaymentMethod.CHECK,
    "Credit Card": PaymentMethod.CARD,
}
DISCOUNT = "Discount"
NO_CHANGE = DraftChange()


class ShownLine(NamedTuple):
    """A line as it is shown: without tax, its ``amount`` in minor units."""

    description: str
    quantity: Decimal
    rate: Decimal
    amount: int


def new_bill(body: NewInvoiceBody, account: Account) -> NewBill:
    """The invoice that a request asks for, of plain values: it is sealed as it was made, before it is read again."""
    rate = Decimal(body.tax_rate or 0)
    return NewBill(
        customer_id=int(body.client),
        items=tuple(_item(item, tax_rate=rate) for item in body.items),
        issue_date=_day(body.issue_date, account),
        due_date=_day(body.due_date, account),
        currency=str(body.currency) if body.currency else None,
        header=Header(title=body.description or None, notes=body.note or None),
        number=str(body.invoice_no),
    )


def _item(body: ItemBody, **tax: Any) -> Item:
    return Item(description=body.description, quantity=Decimal(body.quantity), unit_price=Decimal(body.rate), **tax)


def _day(day: Day | None, account: Account) -> date | None:
    return day.on_calendar_of(account) if day else None


def change(body: InvoiceBody, invoice: Invoice, account: Account) -> DraftChange:
    """What a request changes of an issued invoice; what says what the invoice shows already changes nothing.

    Raises ValidationFailed where new items leave open which tax they have.
    """
    row = invoice.row
    wanted = {
        "customer_id": (body.client, row.customer_id),
        "number": (body.invoice_no, row.number),
        "currency": (body.currency, row.currency),
        "issue_date": (_day(body.issue_date, account), row.issue_date),
        "due_date": (_day(body.due_date, account), row.due_date),
    }
    named: dict[str, Any] = {name: new for name, (new, old) in wanted.items() if new not in (None, old)}
    texts = {"title": (body.description, row.header.title), "notes": (body.note, row.header.notes)}
    header = {name: new or None for name, (new, old) in texts.items() if new not in (None, old or "")}
    return DraftChange(**named, **_changed_items(body, invoice), header=header)


def _changed_items(body: InvoiceBody, invoice: Invoice) -> dict[str, Any]:
    """The change of the items, or of the tax on those that there are."""
    is_in_other_currency = body.currency not in (None, invoice.row.currency)
    is_taxed_anew = body.tax_rate not in (None, tax_rate(invoice.row))
    if body.items is not None and (is_in_other_currency or is_taxed_anew or not _says(body.items, invoice)):
        tax = _tax_of_new_items(body, invoice.lines)
        items = tuple(_item(item, **tax) for item in body.items)
        return {"items": items, "discount_type": None, "discount_value": None, "prices_include_tax": False}
    # In another currency the verb asks for the items anew, because their prices are in the old one.
    if is_taxed_anew and not is_in_other_currency:
        return {"items": tuple(_taxed_at(body.tax_rate, line) for line in invoice.lines)}
    return {}


def _says(items: Sequence[ItemBody], invoice: Invoice) -> bool:
    """Whether these are the items that the invoice shows."""
    shown = [(line.description, line.quantity, line.rate) for line in shown_lines(invoice)]
    return [(item.description, item.quantity, item.rate) for item in items] == shown


def _tax_of_new_items(body: InvoiceBody, lines: Sequence[LineRow]) -> dict[str, Any]:
    """The tax of items that take the place of these lines: theirs, where the request names no other."""
    rates, (tax_id, *others) = {line.tax_rate for line in lines}, {line.tax_id for line in lines}
    if len(rates) == 1 and body.tax_rate in (None, *rates):
        return {"tax_id": tax_id} if tax_id and not others else {"tax_rate": lines[0].tax_rate}
    if body.tax_rate is None:
        raise ValidationFailed({"tax_rate": ["Is required with new items: those of now have several tax rates."]})
    return {"tax_rate": body.tax_rate}


def _taxed_at(rate: Decimal | None, line: LineRow) -> Item:
    return Item(
        product_id=line.product_id,
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        unit=line.unit,
        discount=stored_discount(line.discount_type, line.discount_value),
        tax_rate=rate,
    )


def payment(body: PaymentBody, call: Call) -> NewPayment:
    """The payment that a request records. Raises ValidationFailed for a day on which nobody can have paid."""
    day = body.payment_date.on_calendar_of(call.account)
    payment_rules.check_day("payment_date", day, call.account.today(call.tx.now))
    method = body.payment_method
    return NewPayment(
        amount=body.amount_paid,
        date=day,
        method=METHODS.get(method, PaymentMethod.OTHER) if method else NewPayment().method,
    )


def tax_rate(row: InvoiceRow) -> Decimal:
    """The one rate of all that the invoice bills, in percent; of several, the tax on the whole, to two digits."""
    rates = {tax.rate for tax in row.taxes}
    if len(rates) == 1:
        return rates.pop()
    base = row.sums.net
    return to_decimal(round_ratio(row.sums.tax * 100_00, base, RoundingMode.HALF_UP), 2) if base > 0 else Decimal(0)


def shown_lines(invoice: Invoice) -> list[ShownLine]:
    """The lines without tax and before any discount, and all discounts as one more: together, total − tax."""
    row = invoice.row
    places = digits(row.currency)
    discounts = [net.discount(line, row) + net.own_discount(line, row, places) for line in invoice.lines]
    shown = [
        ShownLine(line.description, line.quantity, net.price(line, row, places), net.amount(line, row) + discount)
        for line, discount in zip(invoice.lines, discounts, strict=True)
    ]
    if discount := sum(discounts):
        shown.append(ShownLine(DISCOUNT, Decimal(1), to_decimal(-discount, places), -discount))
    return shown


def found_json(invoice: Invoice, account: Account) -> FoundJson:
    """An invoice, whole."""
    places = digits(invoice.row.currency)
    return FoundJson(
        invoice=[InvoiceJson(**_fields(invoice.row))],
        items=[
            ItemJson(
                description=line.description,
                quantity=render.plain(line.quantity),
                rate=_text(line.rate),
                amount=_text(to_decimal(line.amount, places)),
            )
            for line in shown_lines(invoice)
        ],
        payments=[
            _payment_json(payment, places, account)
            for payment in invoice.payments
            if payment.status != PaymentStatus.REVERSED
        ],
        send_log=[],
    )


def written_json(invoice: Invoice, account: Account) -> WrittenJson:
    """An invoice that was made or changed."""
    return WrittenJson(
        invoice=[WrittenInvoiceJson(**_fields(invoice.row), **_stamps(invoice.row, account))],
        items=[
            WrittenItemJson(line.description, render.plain(line.quantity), _text(line.rate))
            for line in shown_lines(invoice)
        ],
    )


def row_json(row: InvoiceRow, account: Account) -> RowJson:
    """An invoice as the list has it."""
    return RowJson(**_fields(row), **_stamps(row, account))


def _fields(row: InvoiceRow) -> dict[str, Any]:
    places = digits(row.currency)
    buyer = row.customer or Buyer(row.customer_name, id=row.customer_id)
    return {
        "id": str(row.id),
        "short_code": short_code(row.id),
        "invoice_no": row.shown_number,
        "description": row.header.title or "",
        "customer_id": str(row.customer_id),
        "customer_name": row.customer_name,
        "customer_phone": buyer.phone or "",
        "customer_address": ", ".join(filter(None, (getattr(buyer, name) for name in POSTAL))),
        "currency": row.currency,
        "payment_status": NOT_PAID if row.balance else PAID,
        "tax_rate": render.plain(tax_rate(row)),
        "tax_amount": render.plain(to_decimal(row.sums.tax, places)),
        "sub_total": render.plain(to_decimal(row.sums.net, places)),
        "total": render.plain(to_decimal(row.sums.total, places)),
        "amount_paid": _text(to_decimal(row.paid, places)),
        "outstanding_balance": _text(to_decimal(row.balance, places)),
        "issue_date": row.issue_date,
        "due_date": row.due_date,
        "note": row.header.notes or "",
    }


def _stamps(row: InvoiceRow, account: Account) -> dict[str, Any]:
    return {"created_at": _clock(row.created_at, account), "updated_at": _clock(row.updated_at, account)}


def _payment_json(payment: PaymentLine, places: int, account: Account) -> PaymentJson:
    return PaymentJson(
        status="failed" if payment.status == PaymentStatus.FAILED else "success",
        reference=payment.reference or "",
        amount=render.plain(to_decimal(payment.applied, places)),
        bank="",
        created_at=_clock(payment.created_at, account),
    )


def _clock(instant: datetime, account: Account) -> str:
    return f"{wall_clock(instant, account.timezone):%Y-%m-%d %H:%M:%S}"


def _text(number: Decimal) -> str:
    return f"{render.shortest(number):f}"
