"""The sums that statistics are made of, held against the rows that they are sums of."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
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
from sqlalchemy.exc import DBAPIError

from tallystick.core.account import Account
from tallystick.core.figures import FigureKind
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import InvoiceState
from tallystick.store.db import Tx
from tallystick.store.figures import SUMS
from tallystick.store.sums import is_overflow
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


ALL_SUMS = (*SUMS, *(f"expected_{name}" for name in SUMS))
_key = [BOTH.c[name] for name in OWN_KEY]
UNEQUAL: Select[Any] = (
    select(*_key, *(func.sum(BOTH.c[name]) for name in ALL_SUMS))
    .group_by(*_key)
    .having(or_(*(func.sum(BOTH.c[name]) != func.sum(BOTH.c[f"expected_{name}"]) for name in SUMS)))
    .order_by(*_key)
)
EACH = select(*_key, *(BOTH.c[name] for name in ALL_SUMS))


class Figures(NamedTuple):
    """The key of a row of figures, and its sums: those that are kept, then those that are expected."""

    key: tuple[Any, ...]
    sums: list[int]

    @property
    def name(self) -> str:
        """What a difference is found by."""
        kind, currency, state, day, due = self.key
        return " ".join(filter(None, ("of", kind, state, currency, str(day), str(due))))


def _run(tx: Tx, account: Account, _advance: Callable[[int], None]) -> Iterator[Difference]:
    for found in _unequal(tx, account):
        _kind, currency, *_others = found.key
        pairs = zip(SUMS, found.sums[: len(SUMS)], found.sums[len(SUMS) :], strict=True)
        for figure, kept, expected in (each for each in pairs if each[1] != each[2]):
            shown = (kept, expected) if figure in COUNTS else (money(kept, currency), money(expected, currency))
            yield Difference(figures.name, found.name, f"{figure} is {shown[0]}, should be {shown[1]}")


def _unequal(tx: Tx, account: Account) -> Sequence[Figures]:
    try:
        return tx.rows(UNEQUAL, _figures, account=account.id)
    except DBAPIError as error:
        # Two amounts of the first versions are more than SQLite adds up.
        if not is_overflow(error):
            raise
    return _added_up(tx, account)


def _added_up(tx: Tx, account: Account) -> list[Figures]:
    added: dict[tuple[Any, ...], list[int]] = {}
    for row in tx.rows(EACH, _figures, account=account.id):
        before = added.get(row.key, [0] * len(ALL_SUMS))
        added[row.key] = [one + other for one, other in zip(before, row.sums, strict=True)]
    return [Figures(key, sums) for key, sums in added.items() if sums[: len(SUMS)] != sums[len(SUMS) :]]


def _figures(*values: Any) -> Figures:
    return Figures(values[: len(OWN_KEY)], list(map(int, values[len(OWN_KEY) :])))


CHECK = Check("the figures of statistics", figures, _run)
