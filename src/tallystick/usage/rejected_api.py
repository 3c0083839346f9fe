"""The native wire of events that wait for their customer or their meter."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from tallystick.core.errors import FieldErrors
from tallystick.store.paging import DEFAULT_LIMIT, MAX_LIMIT
from tallystick.usage import ops, rejected
from tallystick.usage.events import EventId
from tallystick.usage.instants import instant
from tallystick.usage.rejected import KeptEvent
from tallystick.wire.call import Call, Query
from tallystick.wire.reply import Listed, Pagination


class RejectedQuery(Query, frozen=True, kw_only=True):
    """``after`` is the ``next`` of the page before; ``limit`` is of 1 to 100."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    after: EventId | None = None


class WaitingEvent(msgspec.Struct, frozen=True):
    """An event that could not be taken, when it came in, as it came, and what was wrong when it was tried last."""

    id: str
    received_at: datetime
    event: dict[str, Any]
    errors: FieldErrors


class DroppedEvent(msgspec.Struct, frozen=True):
    """An event that waits no longer, because it can never be taken, and why."""

    id: str
    errors: FieldErrors


class RetriedJson(msgspec.Struct, frozen=True):
    """What became of events that waited, and how many still do."""

    accepted: int
    duplicates: int
    dropped: list[DroppedEvent]
    left: int


def list_rejected(call: Call, query: RejectedQuery) -> Listed[WaitingEvent]:
    """List the events that wait for their customer or their meter, in the order of their ids.

    There are none but those that came while the setting `usage_keep_rejected` was on.
    """
    found = rejected.page(call.tx, call.account, query.after or "", query.limit + 1)
    shown = [_waiting(each) for each in found[: query.limit]]
    following = shown[-1].id if len(found) > query.limit else None
    return Listed(shown, Pagination(limit=query.limit, next=following))


def retry(call: Call) -> RetriedJson:
    """Take in those of the events that wait whose customer and meter are there by now.

    At most 10,000 of them are tried, first those that were tried the longest ago. Those of days that are forgotten, and
    those of which another content was taken in under the same id, are dropped.
    """
    retried = ops.retry(call.tx, call.account)
    dropped = [DroppedEvent(event_id, errors) for event_id, errors in retried.dropped.items()]
    return RetriedJson(retried.accepted, retried.duplicates, dropped, retried.left)


def _waiting(kept: KeptEvent) -> WaitingEvent:
    fields = msgspec.structs.asdict(kept.event)
    event = {name: value for name, value in fields.items() if value is not None}
    return WaitingEvent(kept.event.id, instant(kept.at_us), event, kept.errors)
