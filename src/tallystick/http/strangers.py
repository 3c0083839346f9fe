"""Whoever tries keys and share links that open nothing is slowed, by address, in each process (ADR 42)."""

import threading
import time
from collections.abc import Callable, Mapping

import falcon

from tallystick.core.errors import Unauthorized
from tallystick.http import auth
from tallystick.http.addresses import Addresses, neighbourhood
from tallystick.http.crowd import CROWDED

AT_ONCE = 60
NS = 1_000_000_000
INTERVAL_NS = NS
MOST_ADDRESSES = 10_000
MOST_KNOWN = 100_000
PARAMETER = "token"
TOO_MANY = "Too many keys or links that open nothing came from this address. Try again in {wait_s} s."


class Buckets:
    """Buckets of tokens, by name: each holds ``at_once`` and gets one more every ``interval_ns``, up to that again.

    Of the ``most`` that were used last each is known by the instant (in nanoseconds of ``clock``) at which it is full;
    one that is not known is full.
    """

    def __init__(
        self,
        at_once: int = AT_ONCE,
        interval_ns: int = INTERVAL_NS,
        most: int = MOST_ADDRESSES,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._interval_ns = interval_ns
        self._room_ns = (at_once - 1) * self._interval_ns
        self._most = most
        self._clock = clock
        self._full_at: dict[str, int] = {}
        self._lock = threading.Lock()

    def wait_s(self, name: str) -> int:
        """In how many seconds, rounded up, there is something in the bucket: 0 where there is."""
        full_at = self._full_at.get(name)
        return 0 if full_at is None else max(0, -((self._clock() + self._room_ns - full_at) // NS))

    def take(self, name: str) -> None:
        """Takes one token, though there may be none."""
        with self._lock:
            self._take(name)

    def draw(self, name: str) -> int:
        """Takes one token if there is one, and else answers as ``wait_s``."""
        with self._lock:
            wait_s = self.wait_s(name)
            if not wait_s:
                self._take(name)
        return wait_s

    def _take(self, name: str) -> None:
        now = self._clock()
        full_at = max(self._full_at.pop(name, now), now)
        self._full_at[name] = full_at + self._interval_ns
        if len(self._full_at) > self._most:
            del self._full_at[next(iter(self._full_at))]


class Strangers:
    """Falcon middleware: refuses secrets that nobody has seen to work, from an address that sent too many wrong ones.

    A secret that worked passes all the same, so that nobody is shut out by a stranger who shares the address.
    """

    def __init__(self, addresses: Addresses, buckets: Buckets | None = None) -> None:
        self._addresses = addresses
        self._buckets = buckets or Buckets()
        # Hashes, so that no secret is kept.
        self._known: set[int] = set()

    def process_resource(
        self, req: falcon.Request, _resp: falcon.Response, _resource: object, params: Mapping[str, str]
    ) -> None:
        """Raises HTTPTooManyRequests before anything is looked up or read."""
        secret = req.context.secret = shown(req, params)
        if not secret:
            return
        wait_s = self._buckets.wait_s(self._name_of(req))
        if wait_s and hash(secret) not in self._known:
            raise falcon.HTTPTooManyRequests(description=TOO_MANY.format(wait_s=wait_s), retry_after=wait_s)

    def process_response(self, req: falcon.Request, resp: falcon.Response, _resource: object, _ok: object) -> None:
        """Remembers whether the secret opened something; in a crowd, only a key that did keeps its connection."""
        secret: str | None = getattr(req.context, "secret", None)
        if secret:
            self._judge(secret, req, resp)
        if CROWDED in req.env and (_is_by_link(req) or hash(secret) not in self._known):
            resp.set_header("Connection", "close")

    def _judge(self, secret: str, req: falcon.Request, resp: falcon.Response) -> None:
        if resp.status_code == 401 or (resp.status_code == 404 and _is_by_link(req)):
            self._known.discard(hash(secret))
            self._buckets.take(self._name_of(req))
        elif resp.status_code < 400 and auth.known(req) and hash(secret) not in self._known:
            self._remember(hash(secret))

    def _name_of(self, req: falcon.Request) -> str:
        return neighbourhood(self._addresses.of(req))

    def _remember(self, secret: int) -> None:
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known.add(secret)


def _is_by_link(req: falcon.Request) -> bool:
    return PARAMETER in (req.uri_template or "")


def shown(req: falcon.Request, params: Mapping[str, str]) -> str | None:
    """The secret that a request shows: the share token in its path, or its key."""
    return params.get(PARAMETER) or key_of(req)


def key_of(req: falcon.Request) -> str | None:
    """The key that a request carries, if it does."""
    try:
        return auth.secret_of(req)
    except Unauthorized:
        return None
