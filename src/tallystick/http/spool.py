"""Replies that are files, made whole before they are sent: in memory where they are short, else in a file.

So what is read for one is read at the pace of the database, and not of a client who may stall; and its length is known,
by which the client sees whether it has all of it.
"""

import os
import weakref
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path
from tempfile import NamedTemporaryFile, gettempdir
from typing import BinaryIO, NamedTuple

import falcon

SHORT_BYTES = 1024 * 1024
PREFIX = "tallystick-"


class Coding(NamedTuple):
    """A coding of what is sent (RFC 9110, 8.4.1), which takes it in parts."""

    name: str
    encoded: Callable[[Iterable[bytes]], Iterable[bytes]]


class OnDisk:
    """A file to send, which is only opened where it is read: most servers open it by its ``name`` themselves.

    What is in it has the ``coding``, where there is one.
    """

    def __init__(self, path: Path, coding: Coding | None = None) -> None:
        self.name = str(path)
        self.coding = coding
        self._opened: BinaryIO | None = None

    @property
    def length_bytes(self) -> int:
        """How long it is."""
        return Path(self.name).stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes of it."""
        if self._opened is None:
            self._opened = Path(self.name).open("rb")  # noqa: SIM115  # until it is closed
        return self._opened.read(-1 if size is None else size)

    def close(self) -> None:
        """Ends the reading."""
        if self._opened is not None:
            self._opened.close()


class Temporary(OnDisk):
    """A file that is gone when it is closed, or forgotten."""

    def __init__(self, path: Path, coding: Coding | None = None) -> None:
        super().__init__(path, coding)
        self._remove = weakref.finalize(self, path.unlink, missing_ok=True)

    def close(self) -> None:
        """Removes it."""
        super().close()
        self._remove()


def made(chunks: Iterable[bytes], coding: Coding | None = None) -> bytes | OnDisk:
    """The whole of it, coded where it goes to a file."""
    others = iter(chunks)
    try:
        start = bytearray()
        for chunk in others:
            start += chunk
            if len(start) > SHORT_BYTES:
                return written(chain([bytes(start)], others), coding)
        return bytes(start)
    finally:
        if isinstance(others, Generator):
            # Ended half way, by a full disk, it must let go of its transaction before that ends.
            others.close()


def written(chunks: Iterable[bytes], coding: Coding | None) -> Temporary:
    """A file of it, coded, whose name tells the process that made it."""
    with NamedTemporaryFile(prefix=f"{PREFIX}{os.getpid()}-", delete=False) as file:
        temporary = Temporary(Path(file.name), coding)
        file.writelines(coding.encoded(chunks) if coding else chunks)
    return temporary


def remove_left() -> None:
    """Removes the files of processes that were killed before they could.

    To be called before this one makes any, since a process may have the id of one that is gone: the first of a
    container has the same each time.
    """
    for path in Path(gettempdir()).glob(f"{PREFIX}*-*"):
        maker = path.name.removeprefix(PREFIX).partition("-")[0]
        if maker.isdecimal() and _is_gone(int(maker)):
            # Whoever may not remove it did not make it.
            with suppress(OSError):
                path.unlink()


def _is_gone(process: int) -> bool:
    if process == os.getpid():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def answer(resp: falcon.Response, content: bytes | OnDisk) -> None:
    """Sets what is sent, and its length."""
    if isinstance(content, bytes):
        resp.data = content
    else:
        resp.set_stream(content, content.length_bytes)
