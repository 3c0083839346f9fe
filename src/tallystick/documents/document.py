"""What a document says, made once for one bill, one reader and one day: PDF, page and mail are of it alone (ADR 50).

Every text is final: in the reader's language, signed, in its order. None is markup, and none has a control character
but the line feed. ``key`` is for programs, and the same in every language. What does not apply is None, or empty.
Links are not in it: a share token is the route's.
"""

from enum import StrEnum

import msgspec


class DocumentKind(StrEnum):
    """What a document is."""

    INVOICE = "invoice"
    QUOTATION = "quotation"
    CREDIT_NOTE = "credit_note"
    RECEIPT = "receipt"
    STATEMENT = "statement"


class Tone(StrEnum):
    """How a state sounds."""

    OPEN = "open"
    LATE = "late"
    GOOD = "good"
    OFF = "off"


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """A text and what it is."""

    key: str
    label: str
    text: str


class Total(Labelled, frozen=True, kw_only=True):
    """A row below the lines.

    ``weight`` is 0 for a plain one, 1 for a total, 2 for the one that counts; ``on`` follows the label in small, as the
    amount that a tax is on; ``unit`` is the currency's code.
    """

    weight: int = 0
    on: str | None = None
    unit: str | None = None


class ShownParty(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends or gets a document; ``lines`` in the postal order of its country."""

    label: str
    name: str
    lines: list[str]
    ids: list[Labelled]
    contact: list[Labelled]


class Paper(msgspec.Struct, frozen=True):
    """``size`` is a4 or us-letter; ``window`` is where an envelope shows the address: left, right, us10 or none."""

    size: str
    window: str


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """The seller's colour: as given, for areas; ``ink`` on white and ``ink_dark`` on dark, for words; ``on`` it."""

    accent: str
    ink: str
    ink_dark: str
    on: str


class Mark(msgspec.Struct, frozen=True):
    """That it is no bill, or none any more: ``key`` is draft or void, ``text`` goes across the sheet."""

    key: str
    text: str
    note: str


class State(msgspec.Struct, frozen=True):
    """How it stands on the reader's day."""

    key: str
    text: str
    tone: Tone


class Column(msgspec.Struct, frozen=True):
    """A column of the table. The one called ``description`` or ``document`` takes the room; the last has amounts."""

    key: str
    label: str
    is_number: bool


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table: ``cells`` by the keys of the columns.

    ``detail`` goes below the description, ``unit`` beside the quantity; ``run`` is the sum so far.
    """

    cells: dict[str, str]
    detail: str | None = None
    unit: str | None = None
    run: str | None = None


class Table(msgspec.Struct, frozen=True):
    """The lines; ``opening`` is the balance that they begin with."""

    columns: list[Column]
    rows: list[TableRow]
    opening: Labelled | None = None


class Notice(msgspec.Struct, frozen=True):
    """What law asks a document to say."""

    key: str
    text: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A payment or a credit note of the bill."""

    key: str
    date: str
    label: str
    text: str


class History(msgspec.Struct, frozen=True):
    """What was paid and credited, oldest first."""

    heading: str
    rows: list[Entry]


class Code(msgspec.Struct, frozen=True):
    """A QR code as SVG, and what it is for."""

    svg: str
    label: str


class HowToPay(msgspec.Struct, frozen=True, kw_only=True):
    """How to pay what is due."""

    heading: str
    text: str | None
    rows: list[Labelled]
    qr: Code | None


class Aging(msgspec.Struct, frozen=True):
    """How old what is open is."""

    heading: str
    cells: list[Labelled]


class Carry(msgspec.Struct, frozen=True):
    """What a sheet that ends within the lines says at its foot, and the next at its head."""

    forward: str
    brought: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A bill, a receipt or a statement as its reader sees it.

    ``language`` is of BCP 47, ``direction`` ltr or rtl. ``heading`` is title and number as the language has them.
    ``headline`` holds one to three figures, the first the one that answers. ``footer`` holds columns of lines, and
    ``page`` the places {page} and {pages}.
    """

    kind: DocumentKind
    language: str
    region: str | None
    direction: str
    title: str
    number: str | None
    heading: str
    subject: str | None
    paper: Paper
    palette: Palette
    mark: Mark | None = None
    state: State | None = None
    headline: list[Labelled] = []
    seller: ShownParty
    sender: str
    customer: ShownParty | None
    meta: list[Labelled]
    table: Table
    totals: list[Total]
    notices: list[Notice] = []
    history: History | None = None
    payment: HowToPay | None = None
    aging: Aging | None = None
    notes: list[str] = []
    footer: list[list[str]]
    page: str
    carry: Carry
