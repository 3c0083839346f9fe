"""The plain page: all that it is to say, and nothing that it is told to do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec import structs

from tallystick.documents import pdf
from tallystick.documents.content import Document
from tests.documents.pdfs import text_of

PLAIN = Document(
    kind="Invoice",
    number="INV-2026-0001",
    mark=None,
    title="Hosting in March",
    issue_date=date(2026, 3, 2),
    due_date=date(2026, 4, 1),
    seller=["Example Ltd", "1 High Street\nLondon"],
    buyer=["Ann Example", "ann@example.com"],
    total="99.99 USD",
    changed_at=datetime(2026, 3, 2, 12, tzinfo=UTC),
)
HOSTILE = '#panic("x") #sys.inputs *a* _b_ $x^2$ `c` <d> @e \\n // f ] } "'


def test_a_page_says_it_all() -> None:
    assert text_of(pdf.written(PLAIN)) == [
        *("Invoice", "INV-2026-0001", "Hosting in March"),
        *("From", "Example Ltd", "1 High Street", "London"),
        *("To", "Ann Example", "ann@example.com"),
        *("Date 2026-03-02", "Due 2026-04-01", "Total 99.99 USD"),
    ]


@pytest.mark.parametrize("mark", ["DRAFT", "VOID"])
def test_a_mark_stands_on_the_page(mark: str) -> None:
    marked = pdf.written(structs.replace(PLAIN, mark=mark))
    assert any(mark in line for line in text_of(marked))


@pytest.mark.parametrize("field", ["number", "title", "total", "seller", "buyer"])
def test_what_a_bill_says_is_no_markup(field: str) -> None:
    hostile: Any = [HOSTILE] if field in ("seller", "buyer") else HOSTILE
    said = " ".join(text_of(pdf.written(structs.replace(PLAIN, **{field: hostile}))))
    # A quotation mark of typst's own would be a curved one.
    assert HOSTILE in said


def test_what_its_fonts_lack_and_what_does_not_fit_make_no_error() -> None:
    odd = structs.replace(PLAIN, title="日本 \u0e01", buyer=["x" * 200, "y\n" * 5_000])
    assert pdf.written(odd).startswith(b"%PDF-")


def test_the_same_document_is_the_same_file_in_every_thread() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(pdf.written, [PLAIN] * 40))) == 1
