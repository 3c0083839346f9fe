"""PDFs as their readers see them."""

from io import BytesIO

from pypdf import PdfReader


def text_of(pdf: bytes) -> list[str]:
    """The lines of text on a PDF's pages."""
    pages = PdfReader(BytesIO(pdf)).pages
    return [line.strip() for page in pages for line in page.extract_text().splitlines()]
