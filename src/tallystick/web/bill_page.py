"""A bill as a page, made of its document alone (ADR 51)."""

from hashlib import sha256
from pathlib import Path

from tallystick.documents.document import Document, Table, TableRow
from tallystick.documents.languages import DEFAULT_LANGUAGE, words
from tallystick.web import templating

STYLE = Path(__file__).with_name("page.css")
STYLE_PATH = "/public/page.css"
# A browser keeps the file for a day, and so must be told of another by another address.
STYLE_URL = f"{STYLE_PATH}?{sha256(STYLE.read_bytes()).hexdigest()[:8]}"
TIMES, BETWEEN = " \N{MULTIPLICATION SIGN} ", " · "


def bill_page(document: Document, path: str) -> str:
    """The page at this path, whose PDF is at ``path``/pdf; a quotation is answered at ``path``/accept and /reject."""
    return templating.written(
        "bill.html",
        document=document,
        words=words(document.language),
        language="-".join(filter(None, (document.language, document.region))),
        direction=document.direction,
        style=STYLE_URL,
        path=path,
        is_answerable=document.state is not None and document.state.key == "open_quotation",
        figures_of=figures_of,
    )


def message_page(title: str, sentence: str) -> str:
    """A page that says one thing."""
    return templating.written(
        "message.html", title=title, sentence=sentence, language=DEFAULT_LANGUAGE, direction="ltr", style=STYLE_URL
    )


def figures_of(row: TableRow, table: Table) -> str:
    """What a row says beside its description and its amount, in one line for a narrow page."""
    cells = {column.key: row.cells[column.key] for column in table.columns}
    quantity = " ".join(filter(None, (cells["quantity"], row.unit)))
    taxes = (f"{column.label} {cells['tax']}" for column in table.columns if column.key == "tax")
    return BETWEEN.join(filter(None, (f"{quantity}{TIMES}{cells['unit_price']}", cells.get("discount"), *taxes)))
