"""The query parameters that every native list takes, and the reply it gives."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from tallystick.store.paging import DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE, Page, PageRequest
from tallystick.wire.call import Query
from tallystick.wire.render import Listed, Pagination
from tallystick.wire.scalars import ShortText

T = TypeVar("T")


class ListQuery(Query, frozen=True, kw_only=True):
    """``page`` from 1, or ``after`` a cursor (empty for the beginning); ``limit`` rows of 1 to 100."""

    page: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)] = 1
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    sort: ShortText | None = None
    order: Literal["asc", "desc"] = "desc"
    after: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    search: ShortText | None = None


def page_request(query: ListQuery) -> PageRequest:
    """The part of the list that the query asks for."""
    return PageRequest(page=query.page, limit=query.limit, sort=query.sort, order=query.order, after=query.after)


def listed(page: Page[Any], to_json: Callable[[Any], T]) -> Listed[T]:
    """The reply for a page, each row rendered by ``to_json``."""
    pagination = Pagination(
        limit=page.limit,
        next=page.next,
        page=msgspec.UNSET if page.page is None else page.page,
        total=msgspec.UNSET if page.total is None else page.total,
    )
    return Listed(data=[to_json(row) for row in page.rows], pagination=pagination)
