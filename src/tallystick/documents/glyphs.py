"""Which characters the documents' fonts have: a PDF/A holds nothing that no font can show."""

import re
import unicodedata
from functools import cache
from pathlib import Path

FONTS = Path(__file__).with_name("fonts")
SUBSTITUTE = "□"
SPACE = "\N{NO-BREAK SPACE}"
# Joiners and isolates need no glyph.
INVISIBLE = "\u200b-\u200d\u2066-\u2069"
# Marks and what formats leave no hole.
SILENT = frozenset({"Cc", "Cf", "Mn", "Me", "Cs"})


@cache
def uncovered() -> re.Pattern[str]:
    """Finds a character that no font has; compiled when it is first asked for, which takes 50 ms."""
    runs = (FONTS / "cover.txt").read_text(encoding="ascii").split()
    ends = (run.split("-") for run in runs)
    covered = "".join(f"\\U{int(first, 16):08x}-\\U{int(last, 16):08x}" for first, last in ends)
    return re.compile(f"[^{covered}{INVISIBLE}\n]")


def shown(text: str) -> str:
    """The text with a square in the place of each character that no font has."""
    return uncovered().sub(_substitute, text)


def _substitute(found: re.Match[str]) -> str:
    category = unicodedata.category(found[0])
    if category == "Zs":
        return SPACE
    return "" if category in SILENT else SUBSTITUTE
