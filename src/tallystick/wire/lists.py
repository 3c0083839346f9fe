"""The query parameters that every native list takes, and the reply it gives."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec

from tallystick.core.account import Account
from tallystick.core.errors import FieldErrors
from tallystick.store.paging import DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE, Page, PageRequest
from tallystick.wire.call import Query
from tallystick.wire.reply import Listed, Pagination
from tallystick.wire.scalars import Day, Search, ShortText, one_of_two_names

T = TypeVar("T")


def among(names: Iterable[str]) -> msgspec.Meta:
    """What the OpenAPI document says of a text that must be one of these; whoever reads it refuses any other."""
    return msgspec.Meta(extra_json_schema={"enum": [*names]})


def some_of(names: Iterable[str]) -> msgspec.Meta:
    """As ``among``, of ``Several``."""
    return msgspec.Meta(extra_json_schema={"items": {"type": "string", "enum": [*names]}})


class ListQuery(Query, frozen=True, kw_only=True):
    """``page`` from 1, or ``after`` a cursor (empty for the beginning); ``limit`` rows of 1 to 100."""

    page: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)] = 1
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    sort: ShortText | None = None
    order: Literal["asc", "desc"] = "desc"
    after: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    search: Search | None = None

    def check(self) -> FieldErrors:
        """Whether one place is asked for: a page by its number, or what follows a cursor."""
        is_both = self.page > 1 and self.after is not None
        return {"page": ["Give page or after, not both: what follows a cursor has no page number."]} if is_both else {}


class DatedQuery(ListQuery, frozen=True, kw_only=True):
    """A range of days, inclusive; ``from`` and ``to`` are other names for ``from_date`` and ``to_date``."""

    from_date: Day | None = None
    to_date: Day | None = None
    from_: Day | None = msgspec.field(default=None, name="from")
    to: Day | None = None


class SelectedDays(NamedTuple):
    """A range of days, inclusive; None where it is open."""

    first: date | None
    last: date | None


def days_selected(query: DatedQuery, account: Account) -> SelectedDays:
    """The days that the query selects. Raises ValidationFailed where two names for one day differ."""

    def on(day: Day | None) -> date | None:
        return day.on_calendar_of(account) if day else None

    first = {"from_date": on(query.from_date), "from": on(query.from_)}
    last = {"to_date": on(query.to_date), "to": on(query.to)}
    return SelectedDays(*one_of_two_names(first, last))


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
        more=page.is_floor or msgspec.UNSET,
    )
    return Listed(data=[to_json(row) for row in page.rows], pagination=pagination)
