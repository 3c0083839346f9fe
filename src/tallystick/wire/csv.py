"""Tables as comma-separated values (RFC 4180), for people's spreadsheets."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from itertools import islice
from typing import Any

from tallystick.wire.file import Export

MEDIA_TYPE = "text/csv; charset=utf-8"
FORMULA = re.compile(r"[\x00-\x20]*[=+\-@＝＋－＠﹦﹢﹣﹫]|[\t\r\n]")
"""What a spreadsheet may run: also after blanks, and by the wide and the small signs of East Asia."""

ROWS_AT_ONCE = 200

Cell = str | int | Decimal | date | datetime | None


@dataclass(frozen=True, init=False)
class CsvFile(Export):
    """A table as a file, sent row by row as ``rows`` gives them."""

    media: str = MEDIA_TYPE

    def __init__(self, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        super().__init__(name, _chunks(header, rows), MEDIA_TYPE)


def heading(name: str) -> str:
    """What the column of a field is called: ``address_line1`` is Address Line 1."""
    return re.sub(r"(?=\d)", " ", name.replace("_", " ").title())


def selected(name: str, columns: Mapping[str, str], shown: Iterable[Mapping[str, Any]]) -> CsvFile:
    """A table of what is shown: by the headings of its columns, the fields that they hold."""
    return CsvFile(name, list(columns), ([fields[field] for field in columns.values()] for fields in shown))


def _chunks(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The file in parts of some rows each; the first begins with the header."""
    buffer = StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    rows = iter(rows)
    while True:
        batch = list(islice(rows, ROWS_AT_ONCE))
        writer.writerows([_text(cell) for cell in row] for row in batch)
        if buffer.tell():
            yield buffer.getvalue().encode()
        if len(batch) < ROWS_AT_ONCE:
            return
        buffer.seek(0)
        buffer.truncate()


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.isoformat().replace("+00:00", "Z")
        case date():
            return cell.isoformat()
        case Decimal():
            return f"{cell:f}"
    text = str(cell)
    # Only text can be a formula; a spreadsheet shows it after an apostrophe as it is.
    return "'" + text if isinstance(cell, str) and FORMULA.match(text) else text
