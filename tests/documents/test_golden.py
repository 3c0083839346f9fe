"""How documents look, against what somebody has looked at."""

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs
from PIL import Image

from tallystick.documents import pdf
from tallystick.documents.document import DocumentKind
from tests.documents.golden import DESIGNS, EVERY_ONE, FOLDER, Shown, is_alike, picture

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
INVOICE = Shown(DocumentKind.INVOICE, "classic", "de")
WHOLE = INVOICE.template.replace(b'#import "parts.typ": *', pdf.SHARED[pdf.PARTS])


@pytest.mark.parametrize("shown", EVERY_ONE, ids="-".join)
def test_it_looks_as_somebody_has_seen_it(shown: Shown) -> None:
    assert shown.text == shown.path(".txt").read_text(encoding="utf-8")
    assert "□" not in shown.text
    assert is_alike(shown.path(".png"), picture(shown.document, shown.template))


def test_nothing_is_kept_of_what_is_not_shown() -> None:
    kept = {shown.path(suffix) for shown in EVERY_ONE for suffix in (".txt", ".png")}
    assert {*FOLDER.iterdir()} == kept


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("at-left { 0pt } else { 1.4mm }", "at-left { 0pt } else { 1.9mm }"),
        ("row: 1.2mm", "row: 1.25mm"),
        ("rule: 0.5pt + black", "rule: none"),
        ("final: strong", "final: amount => amount"),
        ("set text(size: 9.5pt)", "set text(size: 9.3pt)"),
        ("#notes-block", ""),
    ],
)
def test_a_picture_tells_what_has_moved_or_is_missing(before: str, after: str) -> None:
    assert WHOLE.count(before.encode()) == 1
    changed = picture(INVOICE.document, WHOLE.replace(before.encode(), after.encode()))
    assert not is_alike(INVOICE.path(".png"), changed)


def test_a_picture_takes_what_is_the_same_for_the_same() -> None:
    assert is_alike(INVOICE.path(".png"), picture(INVOICE.document, WHOLE))


@pytest.mark.parametrize("part", ["unit", "fact", "total"])
def test_a_picture_tells_that_a_word_is_missing(part: str) -> None:
    document = INVOICE.document
    *rows, last = document.table.rows
    without = {
        "unit": structs.replace(
            document, table=structs.replace(document.table, rows=[*rows, structs.replace(last, unit=None)])
        ),
        "fact": structs.replace(document, meta=document.meta[:-1]),
        "total": structs.replace(document, totals=[structs.replace(each, unit=None) for each in document.totals]),
    }
    assert not is_alike(INVOICE.path(".png"), picture(without[part], INVOICE.template))


def test_the_pictures_for_readers_are_of_the_designs_as_they_are(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "make-pictures", tmp_path], check=True, timeout=60)
    made = sorted(tmp_path.iterdir())
    assert [path.name for path in made] == sorted(path.name for path in PICTURES.iterdir())
    assert {path.name.partition("-")[0] for path in made} == {*DESIGNS}
    for path in made:
        with Image.open(path) as now:
            assert is_alike(PICTURES / path.name, now)
        assert path.stat().st_size < 60_000
        assert f"(pictures/{path.name})" in (ROOT / "docs" / "documents.md").read_text(encoding="utf-8")
