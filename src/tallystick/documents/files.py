"""A document as a file to look at."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from itertools import chain, count
from typing import NamedTuple

from tallystick import __version__
from tallystick.documents import pdf
from tallystick.documents.archive import zipped
from tallystick.documents.cache import Cache
from tallystick.documents.document import Document
from tallystick.documents.templates import Setter, Wish
from tallystick.wire import render
from tallystick.wire.file import File, Sight

DIGITS = 32
# What a file system or a program that unpacks takes for a folder, or refuses; a quote ends the name in a header.
UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]|^\.+')

_cache = Cache()


@dataclass(frozen=True)
class PdfFile(Sight):
    """A PDF."""

    media: str = "application/pdf"


@dataclass(frozen=True)
class Preview(File):
    """A PDF that is made for one look."""

    media: str = "application/pdf"


@dataclass(frozen=True)
class Archive(File):
    """A ZIP."""

    media: str = "application/zip"


class Printable(NamedTuple):
    """A document, what its file is called, the instant at which it became what it says, and which template it wants."""

    document: Document
    name: str
    at: datetime
    wish: Wish


def pdf_file(printable: Printable, setter: Setter) -> PdfFile:
    """The PDF of a document."""
    tag = _tag(printable, setter)
    is_apart = setter.is_own and tag not in _cache
    return PdfFile(f"{_file_name(printable)}.pdf", _made(tag, printable, setter), tag=tag, is_apart=is_apart)


def pdf_archive(name: str, printables: Collection[tuple[Printable, Setter]]) -> Archive:
    """The PDFs of documents as one file."""
    return Archive(name, zipped(_members(printables)), is_apart=any(setter.is_own for _each, setter in printables))


def _members(printables: Iterable[tuple[Printable, Setter]]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    taken: set[str] = set()
    for printable, setter in printables:
        name = _free_name(_file_name(printable), taken)
        taken.add(name.casefold())
        yield f"{name}.pdf", partial(setter.written, printable.document, printable.at)


def _file_name(printable: Printable) -> str:
    return UNSAFE.sub("-", printable.name)


def _free_name(wanted: str, taken: AbstractSet[str]) -> str:
    """The name, with a number where another file has it: many a file system tells no small letter from a capital."""
    names = chain([wanted], (f"{wanted} ({at})" for at in count(2)))
    return next(name for name in names if name.casefold() not in taken)


def _tag(printable: Printable, setter: Setter) -> str:
    """It is of all that is shown: the whole document, what sets it, the logo, and the version of the program."""
    logo = "" if setter.logo is None else setter.logo.name
    told = (printable.at.isoformat(), logo, __version__)
    shown = (render.encode(printable.document), setter.source, *map(str.encode, told), *pdf.SHARED.values())
    return sha256(b"\0".join(shown)).hexdigest()[:DIGITS]


def _made(tag: str, printable: Printable, setter: Setter) -> Iterator[bytes]:
    """The file, when it is asked for: once the transaction has ended."""
    yield _cache.get(tag, partial(setter.written, printable.document, printable.at))
