"""Entity tags: what a client has read, and whether it would still read the same (ADR 44).

RFC 9110, 8.8.3 and 13.1.1.
"""

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import falcon

from tallystick.accounts import store as accounts
from tallystick.core.errors import Stale, ValidationFailed
from tallystick.http.routes import Route
from tallystick.store import locks
from tallystick.wire.call import Call

IF_MATCH = "If-Match"
GZIPPED = "-gzip"
DIGITS = 16
# A proxy that compresses an answer marks its tag as weak.
TAG = r'(?:W/)?"([!#-~]*)"'
TAGS = re.compile(rf"{TAG}(?:[ \t]*,[ \t]*{TAG})*")
STALE = "This was changed since you read it. Read it again, and repeat your change with its new ETag."
NO_TAG = "What this is about has no ETag that could match. Leave out If-Match."
HOW = 'Must be the ETag that you read, in its quotes, or the version alone, as "3".'


def tag_of(version: int, shown: bytes) -> str:
    """The tag of a resource: its version, for people, and a digest of all that is shown, for more than that changes."""
    return f'"{version}-{sha256(shown).hexdigest()[:DIGITS]}"'


def of_gzipped(tag: str) -> str:
    """The tag of the same, compressed: other bytes have another tag."""
    return f'{tag[:-1]}{GZIPPED}"'


def seen(req: falcon.Request) -> frozenset[str] | None:
    """What one of must be so that the request is done, each without its quotes; None where that does not matter.

    Raises ValidationFailed.
    """
    header = req.get_header(IF_MATCH)
    if header is None or header.strip() == "*":
        return None
    if not TAGS.fullmatch(header.strip()):
        raise ValidationFailed({IF_MATCH: [HOW]})
    return frozenset(tag.removesuffix(GZIPPED) for tag in re.findall(TAG, header))


def check(
    tags: frozenset[str], call: Call, resource: Route | None, ids: Sequence[int], rendered: Callable[[Any], bytes]
) -> None:
    """Raises Stale where none of ``tags`` is of what the ``resource`` shows by now, nor its version.

    The row is held until the transaction ends, so that nothing comes between this and the change. ``ids`` begin with
    those of the resource; ``rendered`` is what the API makes of an answer.
    """
    if resource is None or resource.row is None:
        raise Stale(NO_TAG)
    own = ids[: len(resource.ids)]
    locks.hold(call.tx, resource.row, call.account.id, *(own or [call.account.id]))
    # The account came with the caller, and was read before anything was held.
    account = accounts.get(call.tx, call.account.id)
    shown = resource.do(call._replace(account=account), *own)
    now = (str(shown.version), tag_of(shown.version, rendered(shown)).strip('"'))
    if tags.isdisjoint(now):
        raise Stale(STALE)
