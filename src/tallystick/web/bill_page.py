"""A bill as a page, made of its document alone (ADR 51)."""

from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from tallystick.documents.document import Document, Table, TableRow
from tallystick.documents.languages import words
from tallystick.quotations.api import AnswerBody
from tallystick.web import templating

STYLE = Path(__file__).with_name("page.css")
STYLE_PATH = "/public/page.css"
# A browser keeps the file for a day, and so must be told of another by another address.
STYLE_URL = f"{STYLE_PATH}?{sha256(STYLE.read_bytes()).hexdigest()[:8]}"
TIMES, BETWEEN = " \N{MULTIPLICATION SIGN} ", " · "


class Letter(NamedTuple):
    """What a page says, and where the logo of whoever says it is, if there is any."""

    document: Document
    logo: str | None = None


def bill_page(letter: Letter, path: str) -> str:
    """The page at this path, whose PDF is at ``path``/pdf; a quotation is answered at ``path``/accept and /reject."""
    return templating.written(
        "bill.html",
        **_values_of(letter),
        path=path,
        is_answerable=is_answerable(letter.document),
        figures_of=figures_of,
    )


def is_answerable(document: Document) -> bool:
    """Whether it is a quotation that still waits for its customer's answer."""
    return document.state is not None and document.state.key == "open_quotation"


def answer_page(letter: Letter, path: str, verb: str, given: AnswerBody) -> str:
    """The page on which the customer confirms to accept or to reject, by name, the quotation whose page is at the path.

    ``given`` is what was sent and is to be filled in once more; at first nothing.
    """
    return templating.written("answer.html", **_values_of(letter), path=path, verb=verb, given=given)


def _values_of(letter: Letter) -> dict[str, Any]:
    document = letter.document
    return {
        "document": document,
        "logo": letter.logo,
        "words": words(document.language),
        "language": "-".join(filter(None, (document.language, document.region))),
        "direction": document.direction,
        "style": STYLE_URL,
    }


def message_page(language: str, message: str, **values: str) -> str:
    """A page in a language that says one thing: a message and, as its ``_help``, what to do, with the values in it."""
    in_words = words(language)
    return templating.written(
        "message.html",
        title=in_words(f"page.{message}"),
        sentence=in_words(f"page.{message}_help", **values),
        language=language,
        direction=in_words.direction,
        style=STYLE_URL,
    )


def figures_of(row: TableRow, table: Table) -> str:
    """What a row says beside its description and its amount, in one line for a narrow page."""
    cells = {column.key: row.cells[column.key] for column in table.columns}
    quantity = " ".join(filter(None, (cells["quantity"], row.unit)))
    taxes = (f"{column.label} {cells['tax']}" for column in table.columns if column.key == "tax")
    return BETWEEN.join(filter(None, (f"{quantity}{TIMES}{cells['unit_price']}", cells.get("discount"), *taxes)))
