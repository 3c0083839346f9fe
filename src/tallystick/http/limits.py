"""How often each share link may be asked, and each API key where the operator sets a limit (ADR 42)."""

import time
from collections.abc import Callable, Mapping

import falcon

from tallystick.http.strangers import NS, PARAMETER, Buckets, key_of

COUNTED = "tallystick.counted"
"""In an environ: the limits that have counted the request, whose application may be called more than once."""

AT_ONCE_S = 10
"""How many seconds' worth of requests of a key may come at once."""

TOO_MANY_OF_KEY = "This key has sent more requests than it may. Try again in {wait_s} s."
TOO_MANY_OF_LINK = "This link has been opened too often. Try again in {wait_s} s."


class Limit:
    """Falcon middleware: refuses what comes by a secret beyond its limit, before anything is looked up or read.

    ``secret_of`` takes the one that counts from a request and the parameters of its path. ``too_many`` is what is said
    to whoever must wait ``{wait_s}``. Each process counts for itself.
    """

    def __init__(
        self,
        secret_of: Callable[[falcon.Request, Mapping[str, str]], str | None],
        buckets: Buckets,
        too_many: str,
    ) -> None:
        self._secret_of = secret_of
        self._buckets = buckets
        self._too_many = too_many

    def process_resource(
        self, req: falcon.Request, _resp: falcon.Response, _resource: object, params: Mapping[str, str]
    ) -> None:
        """Counts a request once, and raises HTTPTooManyRequests."""
        secret = self._secret_of(req, params)
        if not secret or self in req.env.get(COUNTED, ()):
            return
        # A hash, so that no secret is kept.
        wait_s = self._buckets.draw(str(hash(secret)))
        if wait_s:
            raise falcon.HTTPTooManyRequests(description=self._too_many.format(wait_s=wait_s), retry_after=wait_s)
        req.env.setdefault(COUNTED, set()).add(self)


def of_keys(per_second: int, clock: Callable[[], int] = time.monotonic_ns) -> Limit:
    """Each API key may send ``per_second``, and ten times as many at once."""
    buckets = Buckets(per_second * AT_ONCE_S, NS // per_second, clock=clock)
    return Limit(lambda req, _params: key_of(req), buckets, TOO_MANY_OF_KEY)


def of_links(clock: Callable[[], int] = time.monotonic_ns) -> Limit:
    """Each share link may be asked as often as an address may send wrong ones: 60 times at once, and once a second."""
    return Limit(lambda _req, params: params.get(PARAMETER), Buckets(clock=clock), TOO_MANY_OF_LINK)
