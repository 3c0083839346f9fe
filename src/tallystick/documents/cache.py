"""PDFs that were made, kept in memory by all that they show (ADR 50)."""

import threading
from collections import OrderedDict
from collections.abc import Callable

MOST_BYTES = 32 * 1024 * 1024


class Cache:
    """Files by their tags: what was asked for last, up to so many bytes."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, tag: str) -> bool:
        return tag in self._files

    def get(self, tag: str, make: Callable[[], bytes]) -> bytes:
        """The file with this tag, made where it is not kept; two who ask at once may both make it."""
        with self._lock:
            if tag in self._files:
                self._files.move_to_end(tag)
                return self._files[tag]
        made = make()
        with self._lock:
            if tag not in self._files:
                self._files[tag] = made
                self._bytes += len(made)
            while self._bytes > self._most_bytes:
                self._bytes -= len(self._files.popitem(last=False)[1])
        return made
