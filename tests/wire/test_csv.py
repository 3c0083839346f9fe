"""CSV: quoting by RFC 4180, exact values, and no cell that a spreadsheet would run."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.wire.csv import FORMULA, ROWS_AT_ONCE, Cell, CsvFile

CELLS: list[tuple[Cell, str]] = [
    ("plain", "plain"),
    ("", ""),
    (None, ""),
    ("a,b", '"a,b"'),
    ('say "yes"', '"say ""yes"""'),
    ("two\nlines", '"two\nlines"'),
    ("two\r\nlines", '"two\r\nlines"'),
    (" spaces ", " spaces "),
    ("Özil 株式会社", "Özil 株式会社"),
    ("=1+1", "'=1+1"),
    ("+49 40 123", "'+49 40 123"),
    ("-5", "'-5"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1+1", "'\t=1+1"),
    ("\r=1+1", '"\'\r=1+1"'),
    ('=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'),
    ("＝1+1", "'＝1+1"),
    ("\n=1+1", '"\'\n=1+1"'),
    ("  =1+1", "'  =1+1"),
    ("\x0b=1+1", "'\x0b=1+1"),
    ("﹦1+1", "'﹦1+1"),
    ("a=1", "a=1"),
    (Decimal("-10.00"), "-10.00"),
    (Decimal("1E+3"), "1000"),
    (Decimal("0.000"), "0.000"),
    (-5, "-5"),
    (True, "true"),
    (False, "false"),
    (date(2026, 3, 31), "2026-03-31"),
    (datetime(2026, 3, 31, 12, 30, tzinfo=UTC), "2026-03-31T12:30:00Z"),
    (datetime(2026, 3, 31, 12, 30, 0, 5, tzinfo=UTC), "2026-03-31T12:30:00.000005Z"),
]


def written(*rows: list[Cell]) -> str:
    return b"".join(CsvFile("x.csv", ["A", "B"], rows).chunks).decode()


@pytest.mark.parametrize(("cell", "expected"), CELLS)
def test_a_cell(cell: Cell, expected: str) -> None:
    assert written([cell, "z"]) == f"A,B\r\n{expected},z\r\n"


def test_a_file_without_rows_has_its_header() -> None:
    assert written() == "A,B\r\n"


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=5))
def test_text_comes_back_but_for_formulas(rows: list[list[Cell]]) -> None:
    _header, *read = csv.reader(StringIO(written(*rows), newline=""))
    assert read == [["'" * bool(FORMULA.match(str(cell))) + str(cell) for cell in row] for row in rows]


@pytest.mark.parametrize("count", [1, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE])
def test_rows_are_taken_only_when_they_are_sent(count: int) -> None:
    taken = 0

    def rows() -> Iterator[list[Cell]]:
        nonlocal taken
        for number in range(count):
            taken += 1
            yield [number, ""]

    parts = iter(CsvFile("x.csv", ["A", "B"], rows()).chunks)
    assert next(parts).startswith(b"A,B\r\n0,\r\n")
    assert taken == min(count, ROWS_AT_ONCE)
    rest = b"".join(parts).decode().splitlines()
    assert taken == count
    assert rest == [f"{number}," for number in range(min(count, ROWS_AT_ONCE), count)]
