"""The index of what invoices are searched by (ADR 49).

PostgreSQL keeps one with each write where it has pg_trgm, and plans for the text that is looked for. SQLite's FTS5
would take ten times as long as the write: so the worker keeps it, up to a mark in each account. Rows beyond the mark,
and those that were changed since they were indexed, are few, and looked at themselves. What was indexed of a changed
row is kept until then, because FTS5 can only take a text out that it is told.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Join,
    Select,
    Table,
    and_,
    bindparam,
    column,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.paging import Found, ListPart, Way
from tallystick.store.search import looked_for
from tallystick.store.tables import accounts, invoices, search_changes, search_marks
from tallystick.store.unindexed import unindexed

BATCH = 500
NEAREST = 20_000
"""So many rows PostgreSQL looks at first, where it would misjudge how soon a common text is met."""

HELD = 50_000
"""So many ids of what holds a text are held while a list is walked in another order; of more, some are met soon."""

BEYOND_ALL_IDS = {"asc": 2**63 - 1, "desc": 0}

GRAM = 3
INDEX, TERMS, CHANGED, GONE = "invoice_search", "invoice_search_terms", "invoice_search_changed", "invoice_search_gone"
_KEEP_WHAT_WAS_INDEXED = """
    ON invoices WHEN old.id <= (SELECT indexed_to FROM search_marks WHERE account_id = old.account_id)
    BEGIN INSERT OR IGNORE INTO search_changes (account_id, invoice_id, indexed)
    VALUES (old.account_id, old.id, old.search); END
"""
DROP = (
    *(f"DROP TRIGGER IF EXISTS {name}" for name in (CHANGED, GONE)),
    *(f"DROP TABLE IF EXISTS {name}" for name in (TERMS, INDEX)),
    "DELETE FROM search_marks",
    "DELETE FROM search_changes",
)
CREATE = (
    f"""CREATE VIRTUAL TABLE {INDEX} USING fts5(
    search, content='', columnsize=0, detail='none', tokenize='trigram case_sensitive 1')""",
    f"CREATE VIRTUAL TABLE {TERMS} USING fts5vocab('{INDEX}', 'row')",
    f"CREATE TRIGGER {CHANGED} AFTER UPDATE OF search {_KEEP_WHAT_WAS_INDEXED}",
    f"CREATE TRIGGER {GONE} AFTER DELETE {_KEEP_WHAT_WAS_INDEXED}",
)
PUT_IN = f"INSERT INTO {INDEX} (rowid, search) VALUES (?, ?)"  # noqa: S608
TAKE_OUT = f"INSERT INTO {INDEX} ({INDEX}, rowid, search) VALUES ('delete', ?, ?)"  # noqa: S608
INDEXED = """
    SELECT coalesce(search_changes.indexed, invoices.search) FROM search_marks
    JOIN invoices ON invoices.account_id = search_marks.account_id AND invoices.id <= search_marks.indexed_to
    LEFT JOIN search_changes
    ON search_changes.account_id = invoices.account_id AND search_changes.invoice_id = invoices.id
    UNION ALL SELECT indexed FROM search_changes WHERE NOT EXISTS (
        SELECT 1 FROM invoices WHERE account_id = search_changes.account_id AND id = search_changes.invoice_id
    )
"""
COUNTED = f"SELECT term, doc FROM {TERMS}"  # noqa: S608

_index = table(INDEX, column("rowid", BigInteger))
_kept = table("sqlite_master", column("name"))
OWN_MARK = search_marks.c.account_id == bindparam("account")
# Without its trigger, which goes with the table where a migration makes that anew, the index is not to be relied on.
IS_KEPT = select(_kept.c.name).where(_kept.c.name == bindparam("trigger"))
MARK = select(search_marks.c.indexed_to).where(OWN_MARK, exists(IS_KEPT))
SET_MARK = update(search_marks).where(OWN_MARK).values(indexed_to=bindparam("last"))
SET_FIRST_MARK = insert(search_marks)
BEYOND: Select[Any] = (
    select(invoices.c.id, invoices.c.search)
    .where(invoices.c.account_id == bindparam("account"), invoices.c.id > bindparam("mark"))
    .order_by(invoices.c.id)
    .limit(BATCH)
)
CHANGES: Select[Any] = (
    select(search_changes.c.invoice_id, search_changes.c.indexed, invoices.c.search)
    .select_from(
        search_changes.outerjoin(
            invoices,
            and_(invoices.c.account_id == search_changes.c.account_id, invoices.c.id == search_changes.c.invoice_id),
        )
    )
    .where(search_changes.c.account_id == bindparam("account"))
    .order_by(search_changes.c.invoice_id)
    .limit(BATCH)
)
FORGET_CHANGES = delete(search_changes).where(
    search_changes.c.account_id == bindparam("account"), search_changes.c.invoice_id <= bindparam("last")
)

_mark_of_owner = select(search_marks.c.indexed_to).where(search_marks.c.account_id == accounts.c.id).scalar_subquery()
UNINDEXED: Sequence[tuple[Table, ColumnElement[bool]]] = (
    (invoices, invoices.c.id > func.coalesce(_mark_of_owner, 0)),
    (search_changes, search_changes.c.invoice_id > 0),
)
"""Which rows of which tables the worker has yet to index."""


class Searched(NamedTuple):
    """An invoice, and what it is searched by; None where it is gone."""

    id: int
    search: str | None


class IndexedChange(NamedTuple):
    """An invoice that was changed since it was indexed."""

    id: int
    indexed: str
    search: str | None


class _CrossJoin(Join):
    """A join that SQLite does not turn round: it would ask the index anew for each invoice."""

    inherit_cache = True


@compiles(_CrossJoin)
def _in_order(join: _CrossJoin, compiler: SQLCompiler, **options: Any) -> str:
    written: str = compiler.visit_join(join, **options)  # type: ignore[no-untyped-call]
    return written.replace(" JOIN ", " CROSS JOIN ", 1)


@cache
def is_available() -> bool:
    """Whether this SQLite has FTS5 and its trigrams."""
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute(CREATE[0])
        except sqlite3.OperationalError:
            return False
    return True


def found(tx: Tx, account: Account, query: Select[Any], text: str, *, order_of_ids: str | None) -> Found | None:
    """How the index finds what ``query`` selects, which holds the text; None where that is no better.

    ``order_of_ids`` is that of the list, ``asc`` or ``desc``, where it goes by them.
    """
    if tx.is_postgresql:
        if order_of_ids is None:
            return None
        return Found(_nearest_first(account, query, order_of_ids), are_in_order_of_ids=True)
    mark = tx.row(MARK, int, account=account.id, trigger=CHANGED) if is_available() else None
    grams = _grams(_spaced(looked_for(text)))
    if mark is None or not grams:
        return None
    among = None if order_of_ids or tx.one(_counting(grams), int) > HELD else _may_hold(account, mark, grams)
    return Found([_indexed_and_not(account, query, mark, grams)], are_in_order_of_ids=True, among=among)


def _nearest_first(account: Account, query: Select[Any], order: str) -> Sequence[Way]:
    key = invoices.c.id
    by, is_near = (key.asc(), key.__lt__) if order == "asc" else (key.desc(), key.__gt__)
    next_one = select(key).where(invoices.c.account_id == account.id).order_by(by).offset(NEAREST).limit(1)
    end = func.coalesce(next_one.scalar_subquery(), BEYOND_ALL_IDS[order])
    # Told to go by an expression, PostgreSQL goes by the index of texts, and not by that of the ids.
    return [ListPart(query.where(is_near(end)), key)], [ListPart(query, key + literal_column("0"))]


def _indexed_and_not(account: Account, query: Select[Any], mark: int, grams: Sequence[str]) -> Way:
    key = invoices.c.id
    changed = _changed(account)
    indexed = query.select_from(_CrossJoin(_index, invoices, _index.c.rowid == key)).where(_match(grams))
    return [
        ListPart(query.where(key > mark), key),
        ListPart(query.where(key.in_(changed)), key),
        ListPart(indexed.where(_index.c.rowid.not_in(changed)), _index.c.rowid),
    ]


def _may_hold(account: Account, mark: int, grams: Sequence[str]) -> ColumnElement[bool]:
    """The test that an invoice is indexed with the grams, or not as it is; it looks at no column but the id."""
    key = unindexed(invoices.c.id)
    indexed = select(_index.c.rowid).where(_match(grams))
    return or_(key.in_(indexed), key > mark, key.in_(_changed(account)))


def _changed(account: Account) -> Select[Any]:
    return select(search_changes.c.invoice_id).where(search_changes.c.account_id == account.id)


def _counting(grams: Sequence[str]) -> Select[Any]:
    """How many texts of any account have the grams, up to one more than are held; no invoice is looked at."""
    counted = select(_index.c.rowid).where(_match(grams)).limit(HELD + 1).subquery()
    return select(func.count()).select_from(counted)


def _match(grams: Sequence[str]) -> ColumnElement[bool]:
    return literal_column(INDEX).bool_op("MATCH")(literal(" AND ".join(grams)))


def _spaced(text: str) -> str:
    """The text as it is indexed: with two spaces before a word, so that its first letter makes a gram with them."""
    return text.replace(" ", "  ")


def _grams(text: str) -> list[str]:
    """The grams of a text, each as FTS5 is asked for it."""
    return ['"{}"'.format(gram.replace('"', '""')) for gram in sorted(grams_of(text))]


def keep(tx: Tx, account: Account) -> int:
    """Indexes the next invoices of the account, changed and new ones, and answers how many; at most BATCH of each."""
    if tx.row(IS_KEPT, str, trigger=CHANGED) is None:
        for statement in (*DROP, *CREATE):
            tx.connection.exec_driver_sql(statement)
    changes = tx.rows(CHANGES, IndexedChange, account=account.id)
    if changes:
        _run(tx, TAKE_OUT, [(change.id, change.indexed) for change in changes])
        _run(tx, PUT_IN, [(change.id, change.search) for change in changes if change.search is not None])
        tx.write(FORGET_CHANGES, account=account.id, last=changes[-1].id)
    mark = tx.row(MARK, int, account=account.id, trigger=CHANGED)
    beyond = tx.rows(BEYOND, Searched, account=account.id, mark=mark or 0)
    if beyond:
        _run(tx, PUT_IN, beyond)
        last = beyond[-1].id
        if mark is None:
            tx.write(SET_FIRST_MARK, account_id=account.id, indexed_to=last)
        else:
            tx.write(SET_MARK, account=account.id, last=last)
    return max(len(changes), len(beyond))


def _run(tx: Tx, statement: str, many: Sequence[tuple[int, Any]]) -> None:
    with tx.driving(statement) as cursor:
        cursor.executemany(statement, [(row_id, _spaced(text)) for row_id, text in many])


def is_possible(tx: Tx) -> bool:
    """Whether the worker can keep an index."""
    return not tx.is_postgresql and is_available()


def is_kept(tx: Tx) -> bool:
    """Whether there is an index that the worker keeps."""
    return is_possible(tx) and tx.row(IS_KEPT, str, trigger=CHANGED) is not None


def indexed_texts(tx: Tx) -> Iterator[str]:
    """The texts, of every account, that should be in the index."""
    with tx.driving(INDEXED) as cursor:
        for (text,) in cursor.execute(INDEXED):
            yield _spaced(text)


def terms(tx: Tx) -> Iterator[tuple[str, int]]:
    """The grams that the index has, and how many texts it has with each."""
    with tx.driving(COUNTED) as cursor:
        yield from cursor.execute(COUNTED)


def grams_of(text: str) -> set[str]:
    """The grams of a text as it is indexed."""
    return {text[start : start + GRAM] for start in range(len(text) - GRAM + 1)}
