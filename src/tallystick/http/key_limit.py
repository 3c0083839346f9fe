"""How many requests each API key may send, where the operator sets a limit."""

import time
from collections.abc import Callable

import falcon

from tallystick.http.strangers import NS, Buckets, key_of

COUNTED = "tallystick.counted"
"""In an environ: that the request was counted, whose application may be called more than once."""

AT_ONCE_S = 10
"""How many seconds' worth of requests may come at once."""

TOO_MANY = "This key has sent more requests than it may. Try again in {wait_s} s."


class KeyLimit:
    """Falcon middleware: refuses what comes by a key beyond its limit, before anything is looked up or read.

    A key may send ``per_second``, and ten times as many at once. Each process counts for itself.
    """

    def __init__(self, per_second: int, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._buckets = Buckets(per_second * AT_ONCE_S, NS // per_second, clock=clock)

    def process_resource(self, req: falcon.Request, _resp: falcon.Response, _resource: object, _params: object) -> None:
        """Counts a request once, and raises HTTPTooManyRequests."""
        secret = key_of(req)
        if not secret or COUNTED in req.env:
            return
        # A hash, so that no secret is kept.
        wait_s = self._buckets.draw(str(hash(secret)))
        if wait_s:
            raise falcon.HTTPTooManyRequests(description=TOO_MANY.format(wait_s=wait_s), retry_after=wait_s)
        req.env[COUNTED] = True
