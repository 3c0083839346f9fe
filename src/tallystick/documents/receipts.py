"""The receipt of a payment: what came in, and which invoices it settles."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from msgspec import structs

from tallystick.core.errors import Conflict
from tallystick.core.party import Buyer
from tallystick.core.payment import PaymentStatus
from tallystick.documents.document import (
    Column,
    Document,
    DocumentKind,
    Labelled,
    Mark,
    State,
    Table,
    TableRow,
    Tone,
    Total,
)
from tallystick.documents.frame import For, Frame, framed
from tallystick.documents.reader import Readership, line
from tallystick.payments.types import Payment

FAILED = "The payment failed, so there is no receipt of it."
COLUMNS = {"document": False, "date": False, "invoice_total": True, "allocated": True, "open": True}


class Settled(NamedTuple):
    """An invoice that a payment settles a part of; amounts in minor units."""

    number: str
    issue_date: date
    total: int
    balance: int


def receipt(payment: Payment, customer: Buyer, settled: Mapping[int, Settled], whom: For) -> Document:
    """The receipt, as things stand now. ``settled`` are the payment's invoices by their ids.

    Raises Conflict for a payment that failed.
    """
    if payment.status is PaymentStatus.FAILED:
        raise Conflict(FAILED)
    seller = whom.account.seller
    reader = whom.reader(seller, customer, payment.currency)
    document = framed(Frame(DocumentKind.RECEIPT, seller, customer, str(payment.id)), reader, whom.account)
    paid_on = reader.item("paid_on", "label.paid_on", reader.notation.day(payment.date))
    received = reader.item("received", "total.received", reader.notation.money(payment.amount))
    return structs.replace(
        document,
        mark=_reversal(payment, whom, reader),
        state=_state(payment, reader),
        headline=[received, paid_on],
        meta=[*document.meta, paid_on, *_how(payment, reader)],
        table=_table(payment, settled, reader),
        totals=list(_totals(payment, reader)),
    )


def _reversal(payment: Payment, whom: For, reader: Readership) -> Mark | None:
    if payment.reversed_at is None:
        return None
    day = reader.notation.day(whom.account.today(payment.reversed_at))
    return Mark("void", reader.words("history.reversed"), day)


def _state(payment: Payment, reader: Readership) -> State:
    if payment.reversed_at is not None:
        return State("reversed", reader.words("history.reversed"), Tone.OFF)
    day = reader.notation.near_day(payment.date, reader.today)
    return State("paid", reader.words("state.paid", date=day), Tone.GOOD)


def _how(payment: Payment, reader: Readership) -> Iterator[Labelled]:
    yield reader.item("method", "label.method", reader.words(f"method.{payment.method}"))
    if payment.reference:
        yield reader.item("reference", "label.reference", line(payment.reference))


def _table(payment: Payment, settled: Mapping[int, Settled], reader: Readership) -> Table:
    columns = [Column(key, reader.words(f"column.{key}"), is_number) for key, is_number in COLUMNS.items()]
    return Table(columns, [_row(settled[each.invoice_id], each.amount, reader) for each in payment.allocations])


def _row(invoice: Settled, allocated: int, reader: Readership) -> TableRow:
    notation = reader.notation
    return TableRow(
        cells={
            "document": reader.numbered(reader.words("title.invoice"), line(invoice.number)),
            "date": notation.short_day(invoice.issue_date),
            "invoice_total": notation.amount(invoice.total),
            "allocated": notation.amount(allocated),
            "open": notation.amount(invoice.balance),
        }
    )


def _totals(payment: Payment, reader: Readership) -> Iterator[Total]:
    if payment.to_credit:
        text = reader.notation.amount(payment.to_credit)
        yield Total(key="customer_credit", label=reader.words("total.customer_credit"), text=text)
    text = reader.notation.amount(payment.amount)
    yield Total(key="received", label=reader.words("total.received"), text=text, weight=2, unit=reader.currency)
