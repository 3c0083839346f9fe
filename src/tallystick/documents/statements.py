"""The statement of a customer's account: what stands of its bills and payments over some days, and what is open."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import accumulate

import msgspec
from msgspec import structs

from tallystick.core.party import Buyer
from tallystick.documents.document import (
    Aging,
    Column,
    Document,
    DocumentKind,
    Labelled,
    Table,
    TableRow,
    Total,
)
from tallystick.documents.frame import For, Frame, framed
from tallystick.documents.payable import payment
from tallystick.documents.reader import Readership, line

COLUMNS = {"date": False, "document": False, "charge": True, "payment": True, "balance": True}
AGES = ("current", "days_1_30", "days_31_60", "days_61_90", "over_90")
DAYS_IN_AN_AGE = 30


class Movement(msgspec.Struct, frozen=True):
    """What changes what a customer owes: an invoice, a payment or a credit note that stands; in minor units."""

    date: date
    kind: str
    id: int
    number: str | None
    amount: int


class OpenInvoice(msgspec.Struct, frozen=True):
    """What is left to pay of an invoice, in minor units."""

    due_date: date
    balance: int


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's account in one currency, from a day to a day; amounts in minor units."""

    currency: str
    from_date: date
    to_date: date
    opening: int
    movements: list[Movement]
    aging: list[int]

    @property
    def balances(self) -> list[int]:
        """The balance after each movement."""
        return list(accumulate((each.amount for each in self.movements), initial=self.opening))[1:]

    @property
    def closing(self) -> int:
        """The balance on the last day."""
        return self.opening + sum(each.amount for each in self.movements)


def aging(open_invoices: Iterable[OpenInvoice], on: date) -> list[int]:
    """How much is not yet due on a day, and overdue by up to 30, 60, 90 and more days."""
    sums = [0] * len(AGES)
    for each in open_invoices:
        late = (on - each.due_date) // timedelta(days=1)
        age = 0 if late <= 0 else min(1 + (late - 1) // DAYS_IN_AN_AGE, len(AGES) - 1)
        sums[age] += each.balance
    return sums


def statement_document(statement: Statement, customer: Buyer, whom: For) -> Document:
    """The statement, for its customer."""
    seller = whom.account.seller
    reader = whom.reader(seller, customer, statement.currency)
    document = framed(Frame(DocumentKind.STATEMENT, seller, customer), reader, whom.account)
    notation = reader.notation
    as_of = reader.item("as_of", "label.as_of", notation.day(statement.to_date))
    days = notation.days(statement.from_date, statement.to_date)
    number = str(customer.id)
    # It comes back to the seller, by way of banks that know Latin letters and plain blanks.
    reference = " ".join((*reader.sellers_words("label.customer_number").split(), number))
    return structs.replace(
        document,
        headline=[reader.item("due", "total.closing", notation.money(statement.closing)), as_of],
        meta=[
            as_of,
            reader.item("period", "label.period", days),
            reader.item("customer_number", "label.customer_number", number),
        ],
        table=_table(statement, reader),
        totals=[_closing(statement, reader)],
        aging=_aging(statement.aging, reader),
        payment=payment(None, seller, reference, statement.closing, reader) if statement.closing > 0 else None,
    )


def _table(statement: Statement, reader: Readership) -> Table:
    columns = [Column(key, reader.words(f"column.{key}"), is_number) for key, is_number in COLUMNS.items()]
    pairs = zip(statement.movements, statement.balances, strict=True)
    opening = reader.item("opening", "total.opening", reader.notation.amount(statement.opening))
    return Table(columns, [_row(movement, balance, reader) for movement, balance in pairs], opening)


def _row(movement: Movement, balance: int, reader: Readership) -> TableRow:
    amount, shown = reader.notation.amount, reader.notation.amount(balance)
    is_charge = movement.amount >= 0
    return TableRow(
        cells={
            "date": reader.notation.short_day(movement.date),
            "document": _called(movement, reader),
            "charge": amount(movement.amount) if is_charge else "",
            "payment": "" if is_charge else amount(-movement.amount),
            "balance": shown,
        },
        run=shown,
    )


def _called(movement: Movement, reader: Readership) -> str:
    title = reader.words("history.payment" if movement.kind == "payment" else f"title.{movement.kind}")
    return reader.numbered(title, line(movement.number)) if movement.number else title


def _closing(statement: Statement, reader: Readership) -> Total:
    text = reader.notation.amount(statement.closing)
    return Total(key="closing", label=reader.words("total.closing"), text=text, weight=2, unit=reader.currency)


def _aging(sums: Sequence[int], reader: Readership) -> Aging:
    cells = [
        Labelled(key=age, label=reader.words(f"aging.{age}"), text=reader.notation.amount(amount))
        for age, amount in zip(AGES, sums, strict=True)
    ]
    return Aging(reader.words("aging.heading"), cells)
