"""Lists by page and by cursor.

A cursor holds the sort value and the id of the last row shown, so that the next page begins with an index lookup and
costs the same at any depth. A page by number also says how many rows there are, counted to a floor (ADR 46).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, bindparam, func, or_, select, true, union_all

from tallystick.core.errors import ValidationFailed
from tallystick.core.near import did_you_mean
from tallystick.store.by_days import Merge, Stretch
from tallystick.store.db import Tx
from tallystick.store.together import Reading
from tallystick.store.unindexed import unindexed

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_PAGE = 1_000_000
COUNTED_TO = 10_000
"""Where a list has more rows, its total is this floor: to count them all would take longer than to show a page."""

MERGED_TO = 10_000
"""A part of a list that ends further down is found sooner by sorting than by looking up one row after the other."""

MOST_READY = 64
"""Statements that stand ready for each order of each list that is walked as a whole."""

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
    """Some of a list's rows, and the column that has their ids, in whose order they are found.

    Where the list has that order and this is all of it, the first pages may be a ``merge``.
    """

    query: Select[Any]
    key: ColumnElement[int]
    merge: Merge | None = None


Way = Sequence[ListPart]
"""A way to find the rows of a list: in parts, none of which has a row of another."""


class Found(NamedTuple):
    """How the few rows of a filter or a search are found, other than by a walk through the list.

    The last way finds them all, and one before it may do where it fills the page. A walk passes over those that are not
    ``among`` some, which is told without a look at the row.
    """

    ways: Sequence[Way]
    are_in_order_of_ids: bool
    among: ColumnElement[bool] | None = None


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
    if order.is_by_page or few:
        tx.keep_snapshot()
    are_in_order = few is not None and few.are_in_order_of_ids and order.is_by_key
    counted = None
    if order.is_by_page or (few and not are_in_order):
        to_count = query if counting is None else query.where(counting)
        counted = tx.one(_counting(few.ways[-1] if few else [ListPart(to_count, order.key)]), int)
    are_few = are_in_order or (counted is not None and counted <= COUNTED_TO)
    if few and are_few:
        found = _first_filled(tx, query, few.ways, order if order.is_by_key else order.unindexed)
    else:
        walked = query if few is None or few.among is None else query.where(few.among)
        found = tx.rows(_rows(query, [ListPart(walked, order.key)], order), _columns)
    return _page(query, request, order, found, counted if order.is_by_page else None, kind)


def walk(
    tx: Tx,
    query: Select[Any],
    values: Mapping[str, Any],
    request: PageRequest,
    *,
    sorts: Mapping[str, ColumnElement[Any]],
    kind: Callable[..., T],
    counting: ColumnElement[bool],
) -> Page[T]:
    """As ``fetch``, of a query that stands ready and has parameters of these ``values``: so do then its pages."""
    order = _order(request, sorts)
    rows = _ready_rows(query, order.column, order.key, order.direction, has_cursor=order.past is not None)
    readings = [Reading(rows, _columns, {**values, **order.values})]
    if order.is_by_page:
        readings.append(Reading(_ready_count(query, order.key, counting), int, values))
    found, *counted = tx.together(*readings)
    return _page(query, request, order, found, counted[0][0] if counted else None, kind)


def _page(
    query: Select[Any],
    request: PageRequest,
    order: "_Order",
    found: list[tuple[Any, ...]],
    counted: int | None,
    kind: Callable[..., T],
) -> Page[T]:
    shown = found[: request.limit]
    more = len(found) > request.limit
    return Page(
        rows=[kind(*row) for row in shown],
        page=request.page if order.is_by_page else None,
        limit=request.limit,
        total=None if counted is None else min(counted, COUNTED_TO),
        next=_cursor_at(_named(query, shown[-1]), order) if more else None,
        is_floor=counted is not None and counted > COUNTED_TO,
    )


@lru_cache(MOST_READY)
def _ready_count(query: Select[Any], key: ColumnElement[int], counting: ColumnElement[bool]) -> Select[Any]:
    return _counting([ListPart(query.where(counting), key)])


@lru_cache(MOST_READY)
def _ready_rows(
    query: Select[Any], column: ColumnElement[Any], key: ColumnElement[int], direction: str, *, has_cursor: bool
) -> Select[Any]:
    past = _Past(bindparam("past_value"), bindparam("past_id")) if has_cursor else None
    taken: Any = bindparam("taken")
    skipped: Any = bindparam("skipped")
    return _rows(query, [ListPart(query, key)], _Order("", column, key, direction, taken, skipped, past))


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
    yield from tx.stream(_ordered(query, order.column, order.key, order.direction), kind)


class _Past(NamedTuple):
    """What the rows of a page come after: a value of the column that they go by, and an id."""

    value: Any
    id: Any


class _Order(NamedTuple):
    """The order of a list and a part of it: the column that it goes by, and the ids that it goes by next.

    So many rows are ``taken``, after so many are ``skipped``, or after what they are ``past``; a page by number is past
    nothing.
    """

    sort: str
    column: ColumnElement[Any]
    key: ColumnElement[int]
    direction: str
    taken: int
    skipped: int
    past: _Past | None
    is_by_page: bool = False

    @property
    def is_by_key(self) -> bool:
        return self.column is self.key

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of ``_ready_rows``."""
        part: dict[str, Any] = {"taken": self.taken, "skipped": self.skipped}
        return part if self.past is None else {**part, "past_value": self.past.value, "past_id": self.past.id}

    @property
    def unindexed(self) -> "_Order":
        """The same order, into which few rows are put once they are found."""
        return self._replace(column=unindexed(self.column))

    def within(self, part: ListPart) -> ColumnElement[Any]:
        """The column to go by within a part."""
        return part.key if self.is_by_key else self.column


def _order(request: PageRequest, sorts: Mapping[str, ColumnElement[Any]]) -> _Order:
    sort = request.sort or next(iter(sorts))
    if sort not in sorts:
        raise ValidationFailed({"sort": [f"Must be one of {', '.join(sorts)}.{did_you_mean(sort, sorts)}"]})
    is_by_page = request.after is None
    return _Order(
        sort=sort,
        column=sorts[sort],
        key=next(iter(sorts.values())),
        direction=request.order,
        taken=request.limit + 1,
        skipped=(request.page - 1) * request.limit if is_by_page else 0,
        past=_past(request, sort, sorts[sort]),
        is_by_page=is_by_page,
    )


def _past(request: PageRequest, sort: str, column: ColumnElement[Any]) -> _Past | None:
    if not request.after:
        return None
    cursor = _decode(request.after)
    if cursor is None or (cursor.sort, cursor.order) != (sort, request.order):
        raise ValidationFailed({"after": ["Is not a cursor of this list in this order."]})
    return _Past(_typed(cursor.value, column), cursor.id)


def _counting(way: Way) -> Select[Any]:
    """How many rows there are, up to one more than are counted."""
    keys = [part.query.with_only_columns(part.key, maintain_column_froms=True) for part in way]
    counted = (keys[0] if len(keys) == 1 else union_all(*keys)).limit(COUNTED_TO + 1).subquery()
    return select(func.count()).select_from(counted)


def _first_filled(tx: Tx, query: Select[Any], ways: Sequence[Way], order: _Order) -> list[tuple[Any, ...]]:
    """The rows of the page, and one more where there is one, by the first way that finds so many or by the last."""
    *first, last = ways
    for way in first:
        found = tx.rows(_rows(query, way, order), _columns)
        if len(found) == order.taken:
            return found
    return tx.rows(_rows(query, last, order), _columns)


def _rows(query: Select[Any], way: Way, order: _Order) -> Select[Any]:
    """The rows of the page, and one more where there is one.

    They are found by their keys: filtering, sorting and skipping go on inside an index that holds all it takes, and
    only the rows shown are read whole.
    """
    rows = select(*query.selected_columns).where(order.key.in_(_keys(way, order)))
    return _ordered(rows, order.column, order.key, order.direction)


def _keys(way: Way, order: _Order) -> Select[Any]:
    wanted = order.skipped + order.taken
    if way[0].merge and order.is_by_key and wanted <= MERGED_TO:
        beyond = _beyond(way[0]._replace(key=order.key), order)
        return way[0].merge(Stretch(beyond, order.direction, wanted)).limit(order.taken).offset(order.skipped)
    parts = [part._replace(query=part.query.where(_beyond(part, order))) for part in way]
    if len(parts) == 1:
        (part,) = parts
        keys = part.query.with_only_columns(part.key, maintain_column_froms=True).correlate(None)
        return _ordered(keys, order.within(part), part.key, order.direction).limit(order.taken).offset(order.skipped)
    found = union_all(*(_found(part, order) for part in parts))
    *value, key = found.selected_columns
    merged = (
        _ordered(found, value[0] if value else key, key, order.direction)
        .limit(order.taken)
        .offset(order.skipped)
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
    """The test that a row comes after what the page is past, if there is anything."""
    past, key, column = order.past, part.key, order.within(part)
    if past is None:
        return true()
    ascending = order.direction == "asc"
    past_key: ColumnElement[bool] = key > past.id if ascending else key < past.id
    if column is key:
        return past_key
    past_column = column > past.value if ascending else column < past.value
    at_or_past = column >= past.value if ascending else column <= past.value
    # The redundant first comparison is what lets the planner begin inside the index.
    return and_(at_or_past, or_(past_column, past_key))


def _columns(*row: Any) -> tuple[Any, ...]:
    return row


def _named(query: Select[Any], row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(query.selected_columns.keys(), row, strict=True))


def _cursor_at(row: Mapping[str, Any], order: _Order) -> str:
    value = row[str(order.column.key)]
    plain = value.isoformat() if isinstance(value, date) else value
    return _encode(Cursor(order.sort, order.direction, plain, row[str(order.key.key)]))


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
