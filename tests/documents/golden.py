"""What somebody has looked at: the text, and the first sheet as a small grey picture, of each document that is shown.

``scripts/make-golden`` writes them anew; whoever does looks at what has changed.
"""

from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageChops

from tallystick.documents import pdf
from tallystick.documents.document import Document, DocumentKind
from tallystick.documents.languages import LANGUAGES
from tests.documents.kinds import documents
from tests.documents.made import NOW
from tests.documents.pdfs import text_of

FOLDER: Final = Path(__file__).with_name("golden")
DESIGNS: Final = ("classic", "modern")
OF_EACH_KIND: Final = ("ar", "de", "en", "ja")
DOTS_PER_INCH: Final = 36
GREYS: Final = [round(each / 17) * 17 for each in range(256)]
"""Sixteen of them, which take half the room."""
MOST_OFF: Final = 16
"""Of 255: more than half a step of grey, and less than a hairline."""
MOST_DOTS_OFF: Final = 8
"""Fewer than a digit has, so that another machine may round here and there, and nothing may move."""


class Shown(NamedTuple):
    """A document of a kind, in a design and a language."""

    kind: DocumentKind
    design: str
    language: str

    @property
    def document(self) -> Document:
        """The document itself."""
        return documents(self.language)[self.kind]

    @property
    def template(self) -> bytes:
        """What sets it."""
        return pdf.BUILT_INS[self.design]

    @property
    def text(self) -> str:
        """The lines of its PDF."""
        return "\n".join([*text_of(pdf.written(self.document, self.template, NOW)), ""])

    def path(self, suffix: str) -> Path:
        """Where its text or its picture is kept."""
        return FOLDER / f"{self.kind}-{self.design}-{self.language}{suffix}"


EVERY_ONE: Final = [
    Shown(kind, design, language)
    for kind, design, language in product(DocumentKind, DESIGNS, sorted(LANGUAGES))
    if kind is DocumentKind.INVOICE or language in OF_EACH_KIND
]


def picture(document: Document, template: bytes, dots_per_inch: int = DOTS_PER_INCH) -> Image.Image:
    """The first sheet."""
    with Image.open(BytesIO(pdf.pictures(document, template, dots_per_inch)[0])) as sheet:
        return sheet.convert("RGB")


def is_alike(kept: Path, now: Image.Image) -> bool:
    """Whether a kept picture is of the same, but for what another machine may round."""
    with Image.open(kept) as before:
        if before.size != now.size:
            return False
        off = ImageChops.difference(before.convert("L"), now.convert("L"))
    return sum(off.histogram()[MOST_OFF + 1 :]) <= MOST_DOTS_OFF


def keep(shown: Shown) -> None:
    """Writes down the text and the picture."""
    shown.path(".txt").write_text(shown.text, encoding="utf-8")
    grey = picture(shown.document, shown.template).convert("L")
    grey.point(GREYS).save(shown.path(".png"), optimize=True)
