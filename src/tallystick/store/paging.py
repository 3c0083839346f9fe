"""Lists by page and by cursor.

A cursor holds the sort value and the id of the last row shown, so that the next page begins with an index lookup and
costs the same at any depth. A page by number also says how many rows there are, counted to a floor (ADR 46).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, or_, select, true, union_all

from tallystick.core.errors import ValidationFailed
from tallystick.core.near import did_you_mean
from tallystick.store.db import Tx
from tallystick.store.unindexed import unindexed

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_PAGE = 1_000_000
COUNTED_TO = 10_000
"""Where a list has more rows, its total is this floor: to count them all would take longer than to show a page."""

T = TypeVar("T")
S = TypeVar("S", Select[Any], CompoundSelect[Any])
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list is wanted. ``after`` (a cursor, or ``""`` for the beginning) wins over ``page``."""

    page: int = 1
    limit: int = DEFAULT_LIMIT
    sort: str | None = None
    order: str = "desc"
    after: str | None = None


class Page(msgspec.Struct, Generic[T], frozen=True):
    """ListPart of a list; ``next`` is None on its last page.

    ``total`` is None for a list walked by cursor; where it ``is_floor``, there are more rows than that.
    """

    rows: list[T]
    page: int | None
    limit: int
    total: int | None
    next: str | None
    is_floor: bool = False


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: the sort and its direction, the last row's value under it, and its id."""

    sort: str
    order: str
    value: str | Int64
    id: Int64


class ListPart(NamedTuple):
    """Some of a list's rows, and the column that has their ids, in whose order they are found."""

    query: Select[Any]
    key: ColumnElement[int]


Way = Sequence[ListPart]
"""A way to find the rows of a list: in parts, none of which has a row of another."""


class Found(NamedTuple):
    """How the few rows of a filter or a search are found, other than by a walk through the list.

    The last way finds them all, and one before it may do where it fills the page.
    """

    ways: Sequence[Way]
    are_in_order_of_ids: bool


def fetch(
    tx: Tx,
    query: Select[Any],
    request: PageRequest,
    *,
    sorts: Mapping[str, ColumnElement[Any]],
    kind: Callable[..., T],
    counting: ColumnElement[bool] | None = None,
    few: Found | None = None,
) -> Page[T]:
    """One page of ``query``, whose columns must include each sort column (not null) and make a ``kind``.

    The first of ``sorts`` is the default, and the ids of the one table of which all columns are, but for subqueries
    that are correlated to it. ``counting`` is true of every row, and leads to the index to count them by.
    Where there are ``few``, they are found as that says; where they are very many, and not found in the order of the
    list, a walk in that order meets them soon enough. Raises ValidationFailed for a sort that is not among them and for
    a cursor that does not fit.
    """
    order = _order(request, sorts)
    walk = [ListPart(query, order.key)]
    are_in_order = few is not None and few.are_in_order_of_ids and order.is_by_key
    counted = None
    if order.is_by_page or (few and not are_in_order):
        to_count = query if counting is None else query.where(counting)
        counted = _count(tx, few.ways[-1] if few else [ListPart(to_count, order.key)])
    are_few = are_in_order or (counted is not None and counted <= COUNTED_TO)
    if few and are_few:
        found = _first_filled(tx, query, few.ways, order if order.is_by_key else order.unindexed)
    else:
        found = _first_filled(tx, query, [walk], order)
    told = counted if order.is_by_page else None
    shown = found[: request.limit]
    more = len(found) > request.limit
    return Page(
        rows=[kind(*row) for row in shown],
        page=request.page if order.is_by_page else None,
        limit=request.limit,
        total=None if told is None else min(told, COUNTED_TO),
        next=_cursor_at(_named(query, shown[-1]), order) if more else None,
        is_floor=told is not None and told > COUNTED_TO,
    )


def stream(
    tx: Tx,
    query: Select[Any],
    request: PageRequest,
    *,
    sorts: Mapping[str, ColumnElement[Any]],
    kind: Callable[..., T],
) -> Iterator[T]:
    """Every row of ``query`` in the order that is wanted, read as they are taken, in constant memory.

    Raises ValidationFailed for a sort that is not among ``sorts``.
    """
    order = _order(request, sorts)
    yield from tx.stream(_ordered(query, order.column, order.key, request.order), kind)


def _order(request: PageRequest, sorts: Mapping[str, ColumnElement[Any]]) -> "_Order":
    sort = request.sort or next(iter(sorts))
    if sort not in sorts:
        raise ValidationFailed({"sort": [f"Must be one of {', '.join(sorts)}.{did_you_mean(sort, sorts)}"]})
    return _Order(sort, sorts[sort], next(iter(sorts.values())), request)


class _Order(NamedTuple):
    """The order of a list: its name, the column that it goes by, and the ids that it goes by next."""

    sort: str
    column: ColumnElement[Any]
    key: ColumnElement[int]
    request: PageRequest

    @property
    def is_by_key(self) -> bool:
        return self.column is self.key

    @property
    def is_by_page(self) -> bool:
        return self.request.after is None

    @property
    def unindexed(self) -> "_Order":
        """The same order, into which few rows are put once they are found."""
        return self._replace(column=unindexed(self.column))

    def within(self, part: ListPart) -> ColumnElement[Any]:
        """The column to go by within a part."""
        return part.key if self.is_by_key else self.column


def _count(tx: Tx, way: Way) -> int:
    """How many rows there are, up to one more than are counted."""
    keys = [part.query.with_only_columns(part.key, maintain_column_froms=True) for part in way]
    counted = (keys[0] if len(keys) == 1 else union_all(*keys)).limit(COUNTED_TO + 1).subquery()
    return tx.one(select(func.count()).select_from(counted), int)


def _first_filled(tx: Tx, query: Select[Any], ways: Sequence[Way], order: _Order) -> list[tuple[Any, ...]]:
    """The rows of the page, and one more where there is one, by the first way that finds so many or by the last."""
    *first, last = ways
    for way in first:
        found = tx.rows(_rows(query, way, order), _columns)
        if len(found) > order.request.limit:
            return found
    return tx.rows(_rows(query, last, order), _columns)


def _rows(query: Select[Any], way: Way, order: _Order) -> Select[Any]:
    """The rows of the page, and one more where there is one.

    They are found by their keys: filtering, sorting and skipping go on inside an index that holds all it takes, and
    only the rows shown are read whole.
    """
    rows = select(*query.selected_columns).where(order.key.in_(_keys(way, order)))
    return _ordered(rows, order.column, order.key, order.request.order)


def _keys(way: Way, order: _Order) -> Select[Any]:
    request = order.request
    offset = (request.page - 1) * request.limit if order.is_by_page else 0
    parts = [part._replace(query=part.query.where(_beyond(part, order))) for part in way]
    if len(parts) == 1:
        (part,) = parts
        keys = part.query.with_only_columns(part.key, maintain_column_froms=True).correlate(None)
        return _ordered(keys, order.within(part), part.key, request.order).limit(request.limit + 1).offset(offset)
    found = union_all(*(_found(part, order) for part in parts))
    *value, key = found.selected_columns
    merged = (
        _ordered(found, value[0] if value else key, key, request.order)
        .limit(request.limit + 1)
        .offset(offset)
        .subquery()
    )
    return select(merged.c.key)


def _found(part: ListPart, order: _Order) -> Select[Any]:
    # FTS5 has its rows in the order of their ids for as long as nothing else is asked for, be it the same.
    value = [] if order.is_by_key else [order.within(part).label("value")]
    columns = [*value, part.key.label("key")]
    return part.query.with_only_columns(*columns, maintain_column_froms=True).correlate(None)


def _ordered(query: S, column: ColumnElement[Any], key: ColumnElement[int], order: str) -> S:
    by = [key] if column is key else [column, key]
    return query.order_by(*(element.asc() if order == "asc" else element.desc() for element in by))


def _beyond(part: ListPart, order: _Order) -> ColumnElement[bool]:
    """The test that a row comes after the cursor, if there is one."""
    request, key, column = order.request, part.key, order.within(part)
    if not request.after:
        return true()
    cursor = _decode(request.after)
    if cursor is None or (cursor.sort, cursor.order) != (order.sort, request.order):
        raise ValidationFailed({"after": ["Is not a cursor of this list in this order."]})
    ascending = request.order == "asc"
    past_key = key > cursor.id if ascending else key < cursor.id
    if column is key:
        return past_key
    value = _typed(cursor.value, column)
    past_column = column > value if ascending else column < value
    at_or_past = column >= value if ascending else column <= value
    # The redundant first comparison is what lets the planner begin inside the index.
    return and_(at_or_past, or_(past_column, past_key))


def _columns(*row: Any) -> tuple[Any, ...]:
    return row


def _named(query: Select[Any], row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(query.selected_columns.keys(), row, strict=True))


def _cursor_at(row: Mapping[str, Any], order: _Order) -> str:
    value = row[str(order.column.key)]
    plain = value.isoformat() if isinstance(value, date) else value
    return _encode(Cursor(order.sort, order.request.order, plain, row[str(order.key.key)]))


def _typed(value: str | int, column: ColumnElement[Any]) -> Any:
    kind = column.type.python_type
    try:
        # The strict conversion also bounds an integer to what the database can compare.
        return msgspec.convert(value, Int64 if kind is int else kind)
    except msgspec.ValidationError:
        raise ValidationFailed({"after": ["Is not a cursor of this list."]}) from None


def _encode(cursor: Cursor) -> str:
    return urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _decode(text: str) -> Cursor | None:
    try:
        cursor = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
    except (ValueError, msgspec.MsgspecError):
        return None
    # PostgreSQL's text cannot hold NUL, which only a forged cursor could bring.
    return None if "\0" in str(cursor.value) else cursor
