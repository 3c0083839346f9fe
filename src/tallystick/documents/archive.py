"""Many files as one: a ZIP, made while it is sent."""

from collections.abc import Callable, Iterable, Iterator
from zipfile import ZIP_STORED, ZipFile, ZipInfo

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""What a ZIP has for no date at all: the same files make the same bytes."""
REGULAR = 0o100644 << 16


class _Pipe:
    """Takes what is written, until it is taken out."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        """Takes a part."""
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Has nothing to do, and is asked for all the same."""

    def close(self) -> None:
        """Has nothing to do either."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zipped(files: Iterable[tuple[str, Callable[[], bytes]]]) -> Iterator[bytes]:
    """An archive of files, each made when its turn comes. They are stored as they are: a PDF is compressed already."""
    pipe = _Pipe()
    with ZipFile(pipe, "w", ZIP_STORED) as archive:
        for name, make in files:
            info = ZipInfo(name, EARLIEST)
            info.external_attr = REGULAR
            archive.writestr(info, make())
            yield pipe.taken()
    yield pipe.taken()
