"""The sums that statistics are made of, held against the rows that they are sums of."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from tallystick.core.account import Account
from tallystick.core.figures import FigureKind
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import InvoiceState
from tallystick.store.db import Tx
from tallystick.store.figures import SUMS
from tallystick.store.tables import credit_notes, figure_changes, figures, invoices, payments
from tallystick.verify.types import Check, Difference, money

COUNTS = ("counted", "still_open", "partly_settled")
OWN_KEY = ("kind", "currency", "state", "day", "due")

_settled = invoices.c.paid + invoices.c.credited
_is_open = and_(invoices.c.state == InvoiceState.ISSUED, invoices.c.total > _settled)


def _expected(table: Table, kind: FigureKind, day: Any, due: Any, **sums: Any) -> Select[Any]:
    """What the rows of a table come to: each for itself, beside nothing that is kept."""
    state = cast(table.c.state, Text) if kind is FigureKind.INVOICE else literal("", Text)
    added = [sums.get(name, literal(0)).label(f"expected_{name}") for name in SUMS]
    none_kept = [literal(0).label(name) for name in SUMS]
    key = (literal(kind.value, Text).label("kind"), table.c.currency, state.label("state"))
    days = (day.label("day"), due.label("due"))
    return select(*key, *days, *none_kept, *added).where(table.c.account_id == bindparam("account"))


def _kept(table: Table) -> Select[Any]:
    key = (cast(table.c.kind, Text).label("kind"), *(table.c[name] for name in OWN_KEY[1:]))
    none_expected = [literal(0).label(f"expected_{name}") for name in SUMS]
    return select(*key, *(table.c[name] for name in SUMS), *none_expected).where(
        table.c.account_id == bindparam("account")
    )


ONE = literal(1)
BOTH = union_all(
    _kept(figures),
    _kept(figure_changes),
    _expected(
        invoices,
        FigureKind.INVOICE,
        invoices.c.issue_date,
        invoices.c.due_date,
        counted=ONE,
        total=invoices.c.total,
        tax=invoices.c.tax,
        paid=invoices.c.paid,
        still_open=case((_is_open, 1), else_=0),
        partly_settled=case((and_(_is_open, _settled > 0), 1), else_=0),
        balance=case((_is_open, invoices.c.total - _settled), else_=0),
    ).where(invoices.c.deleted_at.is_(None)),
    _expected(
        payments, FigureKind.PAYMENT, payments.c.date, payments.c.date, counted=ONE, total=payments.c.amount
    ).where(payments.c.status == PaymentStatus.SUCCEEDED, payments.c.method != PaymentMethod.CREDIT),
    _expected(
        credit_notes,
        FigureKind.CREDIT_NOTE,
        credit_notes.c.issue_date,
        credit_notes.c.issue_date,
        counted=ONE,
        total=credit_notes.c.total,
        tax=credit_notes.c.tax,
    ),
).subquery()


HALF = 1 << 32


def _halves(value: ColumnElement[int]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """A sum as so many HALFs and a rest: two amounts of the first versions come to more than 64 bits hold."""
    return func.sum(value // HALF), func.sum(value % HALF)


def _differs(name: str) -> ColumnElement[bool]:
    halves, rest = _halves(BOTH.c[name] - BOTH.c[f"expected_{name}"])
    return or_(rest % HALF != 0, halves != -(rest // HALF))


_shown = [half for prefix in ("", "expected_") for name in SUMS for half in _halves(BOTH.c[prefix + name])]
UNEQUAL: Select[Any] = (
    select(*(BOTH.c[name] for name in OWN_KEY), *_shown)
    .group_by(*(BOTH.c[name] for name in OWN_KEY))
    .having(or_(*map(_differs, SUMS)))
    .order_by(*(BOTH.c[name] for name in OWN_KEY))
)


def _run(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
    for name, currency, found in tx.rows(UNEQUAL, _figures, account=account.id):
        pairs = zip(SUMS, found[: len(SUMS)], found[len(SUMS) :], strict=True)
        wrong = [(figure, kept, expected) for figure, kept, expected in pairs if kept != expected]
        for figure, kept, expected in wrong:
            shown = (kept, expected) if figure in COUNTS else (money(kept, currency), money(expected, currency))
            yield Difference(figures.name, name, f"{figure} is {shown[0]}, should be {shown[1]}")


def _figures(kind: str, currency: str, state: str, day: date, due: date, *halves: Any) -> tuple[str, str, list[int]]:
    name = " ".join(filter(None, ("of", kind, state, currency, str(day), str(due))))
    sums = [int(half) * HALF + int(rest) for half, rest in zip(halves[::2], halves[1::2], strict=True)]
    return name, currency, sums


CHECK = Check("the figures of statistics", figures, _run)
