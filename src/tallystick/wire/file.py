"""Replies that are files."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class File:
    """A reply that is a file: made once the transaction has ended, of what was read in it.

    A kind of file that an API describes is a subclass, with its ``media`` as the default. One without a ``name`` is
    shown, and not saved. One that ``is_apart`` is made by a process of its own, which may take its time.
    """

    name: str | None
    chunks: Iterable[bytes]
    media: str = "application/octet-stream"
    is_apart: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Sight(File):
    """A file to look at, not to save. Its ``tag`` names all that it shows: whoever has that one gets it no second time.

    It is not made where it is not sent.
    """

    tag: str = ""


@dataclass(frozen=True)
class Export(File):
    """A file whose chunks are read from the database while they are sent: its snapshot stays open for so long."""


@dataclass(frozen=True)
class Streamed(Export, Generic[T]):
    """A JSON value ``T`` of any length, which is read and written while it is sent."""

    media: str = "application/json"


@dataclass(frozen=True)
class Listing(Export, Generic[T]):
    """A JSON list of ``T`` of any length, whose rows are read and written while it is sent."""

    media: str = "application/json"
