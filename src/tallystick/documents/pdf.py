"""PDFs, made by typst in this process: without a network, and with no font but those that it brings along."""

import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from msgspec import structs

from tallystick.core.designs import DESIGNS
from tallystick.documents import apart
from tallystick.documents.document import Document
from tallystick.documents.glyphs import FONTS, shown
from tallystick.wire import render

TEMPLATES = Path(__file__).with_name("templates")
PARTS, LOGO = "parts.typ", "logo.svg"
MOST_CHARACTERS_HERE = 64_000
"""Of a document as JSON, some 250 short lines: a thousand take a gigabyte, which typst would keep for good."""
_FONTS = typst.Fonts(include_system_fonts=False, font_paths=[FONTS])
# A compiler keeps what it has read, and works for one thread only.
_compilers = threading.local()


BUILT_INS = {name: TEMPLATES.joinpath(f"{name}.typ").read_bytes() for name in DESIGNS}
"""The designs that come along, by name."""

SHARED = {PARTS: TEMPLATES.joinpath(PARTS).read_bytes()}


def written(document: Document, template: bytes, at: datetime, logo: bytes | None = None) -> bytes:
    """The document as a PDF, dated: the same bytes for the same document. ``logo`` is an SVG.

    Raises TemplateFault where it is too long.
    """
    inputs = _inputs(document, logo)
    if len(inputs["document"]) > MOST_CHARACTERS_HERE:
        return written_apart(document, template, at, logo)
    made = _compiler().compile(
        _files(template, logo),
        format="pdf",
        sys_inputs=inputs,
        timestamp=int(at.timestamp()),
        # To be kept (PDF/A-3), and to be read aloud (PDF/UA).
        pdf_standards=["a-3a", "ua-1"],
    )
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def pictures(document: Document, template: bytes, dots_per_inch: int, logo: bytes | None = None) -> list[bytes]:
    """The sheets of the document as PNGs."""
    inputs = _inputs(document, logo)
    made = _compiler().compile(_files(template, logo), format="png", ppi=dots_per_inch, sys_inputs=inputs)
    return made if isinstance(made, list) else [made or b""]


def _inputs(document: Document, logo: bytes | None) -> dict[str, str]:
    inputs = {"document": shown(render.encode(document).decode())}
    return inputs if logo is None else {**inputs, "logo": LOGO}


def _files(template: bytes, logo: bytes | None) -> Any:
    """What the stub of ``compile`` forgets: files by their names. All of them are texts."""
    files = {"main": template, **SHARED}
    return files if logo is None else {**files, LOGO: logo}


def written_apart(document: Document, template: bytes, at: datetime, logo: bytes | None = None) -> bytes:
    """As ``written``, in a process of its own. Raises TemplateFault.

    A template that cannot keep to PDF/A and PDF/UA makes a plain PDF.
    """
    request = _request(document, template, at, logo)
    try:
        return apart.compiled(request)
    except apart.NotArchival:
        return apart.compiled(structs.replace(request, is_archival=False))


def try_logo(document: Document, at: datetime, logo: bytes) -> bytes:
    """A document with a logo, set in a process of its own. Raises TemplateFault where that is no PDF/A and PDF/UA."""
    return apart.compiled(_request(document, BUILT_INS["classic"], at, logo))


def _request(document: Document, template: bytes, at: datetime, logo: bytes | None) -> apart.Request:
    files = {name: source.decode() for name, source in _files(template, logo).items()}
    return apart.Request(files, _inputs(document, logo), int(at.timestamp()), str(FONTS), is_archival=True)


def _compiler() -> typst.Compiler:
    if not hasattr(_compilers, "own"):
        # The templates' folder is all that can be read; packages, which would be fetched, have no place.
        _compilers.own = typst.Compiler(
            root=TEMPLATES, package_path=TEMPLATES, package_cache_path=TEMPLATES, font_paths=_FONTS
        )
    compiler: typst.Compiler = _compilers.own
    return compiler
