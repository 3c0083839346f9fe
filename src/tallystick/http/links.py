"""Where the pages of a list are that come next and before, in a header (RFC 8288)."""

from collections.abc import Iterator

import falcon
from falcon import uri
from msgspec import UNSET

from tallystick.http import auth
from tallystick.store.paging import MAX_PAGE
from tallystick.wire.reply import Pagination

# The key is a secret, and the links lead to another part of the list.
LEFT_OUT = frozenset({auth.PARAMETER, "page", "after"})


def of_list(req: falcon.Request, pagination: Pagination) -> dict[str, str]:
    """The header, without a host, so that the links lead to the one that was asked; none where there is no other page.

    A list that is walked by a cursor leads forward only.
    """
    others = list(_others(pagination))
    if not others:
        return {}
    asked = "".join(
        f"{uri.encode_value(name)}={uri.encode_value(value)}&"
        for name, value in req.params.items()
        if name not in LEFT_OUT and isinstance(value, str)
    )
    start = f"{uri.encode(req.path)}?{asked}"
    return {"Link": ", ".join(f'<{start}{part}>; rel="{relation}"' for relation, part in others)}


def _others(pagination: Pagination) -> Iterator[tuple[str, str]]:
    """Each other page by its relation to this one, with the parameter that asks for it."""
    page, cursor = pagination.page, pagination.next
    if cursor is not None:
        yield "next", f"after={cursor}" if page is UNSET or page == MAX_PAGE else f"page={page + 1}"
    if page is not UNSET and page > 1:
        yield "prev", f"page={page - 1}"
