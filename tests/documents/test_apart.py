"""Templates that somebody else wrote, and long documents: what they make, in a process of its own."""

import tempfile
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from msgspec import structs
from pypdf import PdfReader

from tallystick.documents import apart, pdf
from tallystick.documents.apart import Request, TemplateFault, compiled
from tallystick.documents.glyphs import FONTS
from tallystick.wire import render
from tests.documents.made import NOW, sample_in
from tests.documents.pdfs import text_of

pytestmark = pytest.mark.slow


def request(template: str) -> Request:
    files = {"main": template, pdf.PARTS: pdf.SHARED[pdf.PARTS].decode()}
    inputs = {"document": render.encode(sample_in("en")).decode()}
    return Request(files, inputs, int(NOW.timestamp()), str(FONTS), is_archival=True)


def test_a_template_is_set_as_in_this_process() -> None:
    for source in pdf.BUILT_INS.values():
        assert compiled(request(source.decode())) == pdf.written(sample_in("en"), source, NOW)


def test_a_file_that_would_fill_the_memory_of_the_server_is_refused() -> None:
    # Too far apart to be found equal and packed: 100 kB of noise, 600 times.
    noise = "".join(map(chr, Random(1).choices(range(0x30, 0x5B), k=100_000)))
    attaching = f'#pdf.attach("a.txt", bytes("{noise}" * 600))'
    with pytest.raises(TemplateFault) as refused:
        compiled(structs.replace(request(attaching), is_archival=False))
    assert str(refused.value) == "The PDF has more than 33,554,432 bytes."


def test_a_module_among_the_temporary_files_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("json", "typst"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(1)")
    assert compiled(request(pdf.BUILT_INS["classic"].decode())).startswith(b"%PDF")


def test_one_that_is_ended_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(apart, "SECONDS", 1)
    with pytest.raises(TemplateFault):
        compiled(request("#let n = 0\n#while n < 100000000000 { n = n + 1 }"))
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_warned_of_too_becomes_a_pdf_that_is_not_archival() -> None:
    made = pdf.written_apart(sample_in("en"), b'#set text(font: "None such")\nOurs', NOW)
    assert text_of(made) == ["Ours"]
    with pytest.raises(apart.NotArchival):
        compiled(request("Ours"))


def test_a_long_document_is_set_apart_however_few_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    long = structs.replace(sample_in("en"), notes=["word " * 12_800])
    monkeypatch.setattr(apart, "SECONDS", 0.01)
    with pytest.raises(TemplateFault):
        pdf.written(long, pdf.BUILT_INS["classic"], NOW)


@pytest.mark.parametrize("design", sorted(pdf.BUILT_INS))
def test_a_thousand_lines_have_their_totals_together_on_the_last_sheet(design: str) -> None:
    document = sample_in("en")
    lines = [*document.table.rows] * 170
    long = structs.replace(document, table=structs.replace(document.table, rows=lines[:1_000]))
    made = pdf.written(long, pdf.BUILT_INS[design], NOW)
    pages = [page.extract_text() for page in PdfReader(BytesIO(made)).pages]
    assert len(pages) > 15
    assert all("Description" in page and f"Page {at} of {len(pages)}" in page for at, page in enumerate(pages[:-1], 1))
    totals = [at for at, page in enumerate(pages) if "Subtotal" in page or "Amount due GBP" in page]
    assert len(set(totals)) == 1
    assert "".join(text_of(made)).count("Mileage") >= 166
