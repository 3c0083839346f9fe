"""Whether so many connections are in use that strangers may not keep theirs (ADR 40)."""

import time
from collections import OrderedDict
from collections.abc import Callable

CROWDED = "tallystick.crowded"
"""In an environ: that the connection of a stranger is to end with the answer."""

IN_USE_NS = 60 * 1_000_000_000


class Crowd:
    """The connections, by their client's address and port, by which a request came in the last minute.

    It is a crowd where those are more than ``enough``. Of more than ``most`` the oldest are forgotten. ``clock`` is in
    nanoseconds.
    """

    def __init__(self, enough: int, most: int, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._enough = enough
        self._most = most
        self._clock = clock
        self._seen_ns: OrderedDict[str, int] = OrderedDict()

    def sees(self, client: str) -> bool:
        """Counts the connection of a request, and tells whether it is one of a crowd."""
        seen_ns, now_ns = self._seen_ns, self._clock()
        seen_ns[client] = now_ns
        seen_ns.move_to_end(client)
        while seen_ns[next(iter(seen_ns))] < now_ns - IN_USE_NS or len(seen_ns) > self._most:
            seen_ns.popitem(last=False)
        return len(seen_ns) > self._enough

    def forget(self, client: str) -> None:
        """Counts it no more, because it ends."""
        self._seen_ns.pop(client, None)
