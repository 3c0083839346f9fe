"""A document as a file to look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from tallystick import __version__
from tallystick.core.errors import ValidationFailed
from tallystick.documents import pdf
from tallystick.documents.cache import Cache
from tallystick.documents.document import Document
from tallystick.wire import render
from tallystick.wire.file import Sight

DEFAULT_TEMPLATE = "classic"
DIGITS = 32

_cache = Cache()


@dataclass(frozen=True)
class PdfFile(Sight):
    """A PDF."""

    media: str = "application/pdf"


class Printable(NamedTuple):
    """A document, what its file is called, and the instant at which it became what it says."""

    document: Document
    name: str
    at: datetime


def pdf_file(printable: Printable, asked: str | None, own: str | None) -> PdfFile:
    """The PDF of a document, by the template that is asked for, else by the bill's own, else by the default one.

    Raises ValidationFailed where there is none that is called as asked.
    """
    if asked is not None and asked not in pdf.BUILT_INS:
        raise ValidationFailed({"template": [f"Must be one of {', '.join(pdf.BUILT_INS)}."]})
    source = pdf.BUILT_INS.get(asked or own or DEFAULT_TEMPLATE, pdf.BUILT_INS[DEFAULT_TEMPLATE])
    tag = _tag(printable, source)
    return PdfFile(f"{printable.name}.pdf", _made(tag, printable, source), tag=tag)


def _tag(printable: Printable, source: bytes) -> str:
    """It is of all that is shown: the whole document, what sets it, and the version of the program that does."""
    shown = (render.encode(printable.document), source, printable.at.isoformat().encode(), __version__.encode())
    return sha256(b"\0".join((*shown, *pdf.SHARED.values()))).hexdigest()[:DIGITS]


def _made(tag: str, printable: Printable, source: bytes) -> Iterator[bytes]:
    """The file, when it is asked for: once the transaction has ended."""
    yield _cache.get(tag, partial(pdf.written, printable.document, source, printable.at))
