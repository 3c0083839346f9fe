"""Lists by page and by cursor.

A cursor holds the sort value and the id of the last row shown, so that the next page begins with an index lookup and
costs the same at any depth. A page by number also says how many rows there are, counted to a floor (ADR 46).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true

from tallystick.core.errors import ValidationFailed
from tallystick.core.near import did_you_mean
from tallystick.store.db import Tx

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_PAGE = 1_000_000
COUNTED_TO = 10_000
"""Where a list has more rows, its total is this floor: to count them all would take longer than to show a page."""

T = TypeVar("T")
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list is wanted. ``after`` (a cursor, or ``""`` for the beginning) wins over ``page``."""

    page: int = 1
    limit: int = DEFAULT_LIMIT
    sort: str | None = None
    order: str = "desc"
    after: str | None = None


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Part of a list; ``next`` is None on its last page.

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


def fetch(
    tx: Tx,
    query: Select[Any],
    request: PageRequest,
    *,
    sorts: Mapping[str, ColumnElement[Any]],
    key: ColumnElement[int],
    kind: Callable[..., T],
    counting: ColumnElement[bool] | None = None,
) -> Page[T]:
    """One page of ``query``, whose columns must include each sort column (not null) and ``key``, and make a ``kind``.

    All of its columns are of the one table whose ``key`` it is, or subqueries correlated to it.

    The first of ``sorts`` is the default. ``counting`` is true of every row, and leads to the index to count them by.
    Raises ValidationFailed for a sort that is not among them and for a cursor
    that does not fit.
    """
    sort, column = _sort(request, sorts)
    if request.after is None:
        page, offset = request.page, (request.page - 1) * request.limit
        counted = _count(tx, query, counting, key)
    else:
        page, offset, counted = None, 0, None
        query = query.where(_beyond(request, sort, column, key))
    found = tx.rows(_rows(query, column, key, request, offset), _columns)
    shown = found[: request.limit]
    more = len(found) > request.limit
    return Page(
        rows=[kind(*row) for row in shown],
        page=page,
        limit=request.limit,
        total=None if counted is None else min(counted, COUNTED_TO),
        next=_cursor_at(_named(query, shown[-1]), request, sort, column, key) if more else None,
        is_floor=counted is not None and counted > COUNTED_TO,
    )


def stream(
    tx: Tx,
    query: Select[Any],
    request: PageRequest,
    *,
    sorts: Mapping[str, ColumnElement[Any]],
    key: ColumnElement[int],
    kind: Callable[..., T],
) -> Iterator[T]:
    """Every row of ``query`` in the order that is wanted, read as they are taken, in constant memory.

    Raises ValidationFailed for a sort that is not among ``sorts``.
    """
    _sort_name, column = _sort(request, sorts)
    ordered = _ordered(query, column, key, request.order)
    yield from tx.stream(ordered, kind)


def _sort(request: PageRequest, sorts: Mapping[str, ColumnElement[Any]]) -> tuple[str, ColumnElement[Any]]:
    sort = request.sort or next(iter(sorts))
    if sort not in sorts:
        raise ValidationFailed({"sort": [f"Must be one of {', '.join(sorts)}.{did_you_mean(sort, sorts)}"]})
    return sort, sorts[sort]


def _count(tx: Tx, query: Select[Any], counting: ColumnElement[bool] | None, key: ColumnElement[int]) -> int:
    """How many rows there are, up to one more than are counted."""
    rows = query if counting is None else query.where(counting)
    counted = rows.with_only_columns(key, maintain_column_froms=True).limit(COUNTED_TO + 1).subquery()
    return tx.one(select(func.count()).select_from(counted), int)


def _rows(
    query: Select[Any], column: ColumnElement[Any], key: ColumnElement[int], request: PageRequest, offset: int
) -> Select[Any]:
    """The rows of the page, and one more where there is one.

    They are found by their keys: filtering, sorting and skipping go on inside an index that holds all it takes, and
    only the rows shown are read whole.
    """
    keys = query.with_only_columns(key, maintain_column_froms=True).correlate(None)
    wanted = _ordered(keys, column, key, request.order).limit(request.limit + 1).offset(offset)
    return _ordered(select(*query.selected_columns).where(key.in_(wanted)), column, key, request.order)


def _ordered(query: Select[Any], column: ColumnElement[Any], key: ColumnElement[int], order: str) -> Select[Any]:
    by = [key] if column is key else [column, key]
    return query.order_by(*(element.asc() if order == "asc" else element.desc() for element in by))


def _beyond(
    request: PageRequest, sort: str, column: ColumnElement[Any], key: ColumnElement[int]
) -> ColumnElement[bool]:
    if not request.after:
        return true()
    cursor = _decode(request.after)
    if cursor is None or (cursor.sort, cursor.order) != (sort, request.order):
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


def _cursor_at(
    row: Mapping[str, Any], request: PageRequest, sort: str, column: ColumnElement[Any], key: ColumnElement[int]
) -> str:
    value = row[str(column.key)]
    plain = value.isoformat() if isinstance(value, date) else value
    return _encode(Cursor(sort, request.order, plain, row[str(key.key)]))


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
