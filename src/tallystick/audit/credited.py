"""Credit notes take no more of an invoice's line than it has."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import Select, and_, bindparam, select

from tallystick.audit.types import Check, Difference, money
from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.tables import credit_note_lines, invoice_lines, invoices

AMOUNTS = ("amount", "discount", "tax")
CREDITED: Select[Any] = (
    select(
        invoice_lines.c.id,
        invoices.c.number,
        invoices.c.currency,
        invoice_lines.c.quantity,
        credit_note_lines.c.quantity.label("taken_quantity"),
        *(invoice_lines.c[name] for name in AMOUNTS),
        *(credit_note_lines.c[name].label(f"taken_{name}") for name in AMOUNTS),
    )
    .join_from(
        credit_note_lines,
        invoice_lines,
        and_(
            invoice_lines.c.account_id == credit_note_lines.c.account_id,
            invoice_lines.c.id == credit_note_lines.c.invoice_line_id,
        ),
    )
    .join(
        invoices,
        and_(invoices.c.account_id == invoice_lines.c.account_id, invoices.c.id == invoice_lines.c.invoice_id),
    )
    .where(credit_note_lines.c.account_id == bindparam("account"))
    .order_by(credit_note_lines.c.invoice_line_id)
    .execution_options(yield_per=1_000)
)


def run(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
    """Adds up what was credited of each line. Quantities have to be added here: to SQLite they are text."""
    found = tx.execute(CREDITED, {"account": account.id})
    for _line_id, group in groupby(found, key=lambda row: row.id):
        credited = list(group)
        line = credited[0]
        name = f"{line.id} ({line.number})"
        quantity = sum((row.taken_quantity for row in credited), Decimal(0))
        if quantity > line.quantity:
            finding = f"credited quantity is {quantity:f}, should be at most {line.quantity:f}"
            yield Difference(invoice_lines.name, name, finding)
        for what in AMOUNTS:
            taken, whole = sum(getattr(row, f"taken_{what}") for row in credited), getattr(line, what)
            if not min(0, whole) <= taken <= max(0, whole):
                finding = f"credited {what} is {money(taken, line.currency)}, should be at most "
                yield Difference(invoice_lines.name, name, finding + money(whole, line.currency))
        advance(len(credited))


CHECK = Check("the credited lines", credit_note_lines, run)
