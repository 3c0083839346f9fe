"""The sums that statistics are made of: kept ahead, and changed with whatever they are sums of (ADR 52).

Triggers write what each change adds, in its own transaction, as a row that nobody else waits for. The worker adds these
rows up. So the sums are those that were added up and what was added since, in one snapshot.
"""

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Subquery,
    bindparam,
    delete,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from tallystick.core.account import Account
from tallystick.core.figures import FigureKind
from tallystick.store import locks
from tallystick.store.db import Tx
from tallystick.store.sums import refusing_overflow, summed
from tallystick.store.tables import figure_changes, figures

KEY = ("kind", "currency", "state", "day", "due")
SUMS = ("counted", "total", "tax", "paid", "still_open", "partly_settled", "balance")
ACCOUNT: BindParameter[int] = bindparam("account")
CHANGED = (figure_changes, true())
"""What rows there are of which table where the worker has something to add up."""


def kept(account: Account, kind: FigureKind, currency: str | None = None) -> Subquery:
    """The sums of one kind, those that were added up and those that were not: a key may be there several times."""
    return union_all(*(_of(table, account, kind, currency) for table in (figures, figure_changes))).subquery()


def _of(table: FromClause, account: Account, kind: FigureKind, currency: str | None) -> Select[Any]:
    of_kind = _columns(table).where(table.c.account_id == account.id, table.c.kind == kind)
    return of_kind if currency is None else of_kind.where(table.c.currency == currency)


def _columns(table: FromClause) -> Select[Any]:
    return select(*(table.c[name] for name in (*KEY, *SUMS)))


def _key(table: FromClause) -> ColumnElement[Any]:
    return tuple_(*(table.c[name] for name in KEY))


def _adding_up(insert: Any, changes: FromClause) -> Insert:
    """Puts the sums of these changes, and of the sums that there were under their keys, in the place of the latter."""
    of_account = changes.c.account_id == ACCOUNT
    keys = select(*(changes.c[name] for name in KEY)).where(of_account)
    before = _columns(figures).where(figures.c.account_id == ACCOUNT, _key(figures).in_(keys))
    rows = union_all(_columns(changes).where(of_account), before).subquery()
    keyed = [rows.c[name] for name in KEY]
    added = select(ACCOUNT, *keyed, *(summed(rows.c[name]) for name in SUMS)).group_by(*keyed)
    written = insert(figures).from_select(["account_id", *KEY, *SUMS], added)
    replaced: Insert = written.on_conflict_do_update(
        index_elements=["account_id", *KEY],
        set_={name: written.excluded[name] for name in SUMS},
        where=written.excluded.account_id == figures.c.account_id,
    )
    return replaced


FORGET = delete(figure_changes).where(figure_changes.c.account_id == ACCOUNT)
ADD_UP = _adding_up(sqlite.insert, figure_changes)
# Of the rows that it takes away, and of no others: more come all the time.
_taken = FORGET.returning(*figure_changes.c).cte("taken")
TAKE_AND_ADD_UP = _adding_up(postgresql.insert, _taken).add_cte(_taken)


def add_up(tx: Tx, account: Account) -> None:
    """Adds to the sums what has changed. Raises ValidationFailed where one would need more than 64 bits."""
    locks.take(tx, account.id, "figures", "")
    with refusing_overflow():
        if tx.is_postgresql:
            tx.write(TAKE_AND_ADD_UP, account=account.id)
        else:
            tx.write(ADD_UP, account=account.id)
            tx.write(FORGET, account=account.id)
