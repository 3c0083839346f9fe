"""The designs that come along: all that a document says, and nothing that it is told to do."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from msgspec import structs
from pypdf import PdfReader

from tallystick.documents import pdf
from tallystick.documents.document import Document, Notice
from tallystick.documents.glyphs import uncovered
from tallystick.documents.reader import block
from tests.documents.golden import DESIGNS
from tests.documents.made import NOW, sample_in, texts_of
from tests.documents.pdfs import text_of

pytestmark = pytest.mark.slow

HOSTILE = '#panic("x") #sys.inputs *a* _b_ $x^2$ `c` <d> @e \\n // f ] } "'


def made(document: Document, design: str = "classic") -> bytes:
    return pdf.written(document, pdf.BUILT_INS[design], NOW)


def squeezed(text: str) -> str:
    """Without what a line break may add or take."""
    return "".join(
        character for character in text if not character.isspace() and character not in "\u200b\u00ad-\u2010"
    )


@pytest.mark.parametrize("design", DESIGNS)
def test_a_file_can_be_read_aloud_and_kept(design: str) -> None:
    reader = PdfReader(BytesIO(made(sample_in("de"), design)))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "de-DE"
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Rechnung INV-2026-0412", "Moorwind & Söhne")
    claims = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in claims
    assert "<pdfuaid:part>1</pdfuaid:part>" in claims


@pytest.mark.parametrize("design", DESIGNS)
def test_what_a_bill_says_is_no_markup(design: str) -> None:
    document = sample_in("en")
    first, *rest = document.table.rows
    hostile = structs.replace(first, cells={**first.cells, "description": HOSTILE}, unit=HOSTILE)
    document = structs.replace(
        document,
        subject=HOSTILE,
        seller=structs.replace(document.seller, name=HOSTILE),
        table=structs.replace(document.table, rows=[hostile, *rest]),
        notes=[HOSTILE],
    )
    said = squeezed("".join(text_of(made(document, design))))
    # A quotation mark of typst's own would be a curved one.
    assert said.count(squeezed(HOSTILE)) >= 4


@pytest.mark.parametrize("design", DESIGNS)
def test_a_character_that_no_font_has_makes_no_error(design: str) -> None:
    odd = structs.replace(sample_in("en"), subject="日本 ไทย Ω Ж 😀 \U000e0001 e\u0332 \ufeff.")
    said = squeezed(" ".join(text_of(made(odd, design))))
    assert "日本" in said
    assert "□" in said


def test_every_character_that_is_shown_can_be_kept() -> None:
    every = block(uncovered().sub("", "".join(map(chr, [*range(0x20, 0xD800), *range(0xE000, 0x20000)]))))
    assert len(every) > 9_000
    made(structs.replace(sample_in("en"), notes=[" ".join(every[at : at + 20] for at in range(0, len(every), 20))]))


@pytest.mark.parametrize("design", DESIGNS)
def test_what_is_longer_than_a_sheet_goes_on_on_the_next(design: str) -> None:
    document = sample_in("en")
    assert document.history is not None
    first = document.history.rows[0]
    payments = [structs.replace(first, label=f"Payment {at:03}.") for at in range(100)]
    long = structs.replace(
        document,
        totals=[structs.replace(total, on=None) for total in document.totals],
        history=structs.replace(document.history, rows=payments),
        notices=[Notice("exempt", f"Reason {at:03}. " + "word " * 30) for at in range(60)],
    )
    sheets = [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(made(long, design))).pages]
    for name, count in (("Payment", 100), ("Reason", 60)):
        on_sheets = [sum(f"{name} {at:03}." in sheet for at in range(count)) for sheet in sheets]
        assert sum(on_sheets) == count
        # Rows of 4.8 mm, on a sheet of 297 mm with 51 mm of edges.
        assert max(on_sheets) <= 51


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("long", ["x" * 200, "word " * 40, "https://example.com/" + "0123456789abcdef" * 12])
def test_what_is_too_long_is_broken_and_not_lost(design: str, long: str) -> None:
    document = sample_in("en")
    first, *rest = document.table.rows
    lengthened = structs.replace(first, cells={**first.cells, "description": long, "quantity": "9" * 40}, detail=long)
    document = structs.replace(document, subject=long, table=structs.replace(document.table, rows=[lengthened, *rest]))
    said = squeezed("".join(text_of(made(document, design))))
    assert said.count(squeezed(long)) >= 3
    assert "9" * 40 in said


def test_the_same_document_is_the_same_file_in_every_thread() -> None:
    document = sample_in("en")
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(made, [document] * 40))) == 1


ON_OTHER_SHEETS = {"carry.forward", "carry.brought", "table.rows.run"}
# A letter needs no name for who writes it, and a single payment stands in the totals.
UNNAMED = {
    "seller.label",
    "seller.contact.label",
    "customer.label",
    "state.text",
    "history.heading",
    "history.rows.label",
}
UNSAID = {
    "classic": {"headline.text", *UNNAMED, *ON_OTHER_SHEETS},
    "modern": {"heading", *UNNAMED, *ON_OTHER_SHEETS},
}


@pytest.mark.parametrize("design", DESIGNS)
def test_a_design_leaves_out_no_more_than_it_means_to(design: str) -> None:
    document = sample_in("de")
    said = squeezed("".join(text_of(made(document, design))))
    missing = {path for path, text in texts_of(document) if squeezed(text) not in said}
    assert missing == UNSAID[design]


@pytest.mark.parametrize("text", ["04011000-1234512345-06", "P" * 40], ids=["joined", "letters"])
@pytest.mark.parametrize("design", DESIGNS)
def test_a_fact_without_a_place_to_break_stays_on_the_sheet(design: str, text: str) -> None:
    document = sample_in("ja")
    (fact,) = (each for each in document.meta if each.key == "purchase_order")
    facts = [structs.replace(fact, label="Purchase order or contract", text=text)]
    lines = text_of(made(structs.replace(document, meta=facts), design))
    assert text not in "\n".join(lines)
    assert squeezed(text) in squeezed("".join(lines))
