"""PDFs, made by typst in this process: without a network, and with no font but those that it brings along."""

import threading
from pathlib import Path

import typst

from tallystick.documents.content import Document
from tallystick.wire import render

TEMPLATES = Path(__file__).with_name("templates")
PLAIN = (TEMPLATES / "plain.typ").read_bytes()
FONTS = typst.Fonts(include_system_fonts=False)
# A compiler keeps what it has read, and works for one thread only.
_compilers = threading.local()


def written(document: Document) -> bytes:
    """The document as a PDF: the same bytes for the same document."""
    inputs = {"bill": render.encode(document).decode()}
    changed_at = int(document.changed_at.timestamp())
    made = _compiler().compile(PLAIN, format="pdf", sys_inputs=inputs, timestamp=changed_at)
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def _compiler() -> typst.Compiler:
    if not hasattr(_compilers, "own"):
        # The templates' folder is all that can be read; packages, which would be fetched, have no place.
        _compilers.own = typst.Compiler(
            root=TEMPLATES, package_path=TEMPLATES, package_cache_path=TEMPLATES, font_paths=FONTS
        )
    compiler: typst.Compiler = _compilers.own
    return compiler
