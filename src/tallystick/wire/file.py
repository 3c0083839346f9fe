"""Replies that are files."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """A reply that is a file: made once the transaction has ended, of what was read in it.

    A kind of file that an API describes is a subclass, with its ``media`` as the default.
    """

    name: str
    chunks: Iterable[bytes]
    media: str = "application/octet-stream"


@dataclass(frozen=True)
class Export(File):
    """A file whose chunks are read from the database while they are sent: its snapshot stays open for so long."""
