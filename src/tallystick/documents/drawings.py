"""SVGs of somebody else's: which are only drawings, and how large they are.

What is let through is a list of what may be in one, so that what nobody has thought of is refused: no script, nothing
from outside, nothing that moves, no picture within, and no more to draw than a logo has, however often it is repeated.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import NoReturn
from xml.parsers import expat

MEDIA = "image/svg+xml"
SVG = "http://www.w3.org/2000/svg "
STYLE = f"{SVG}style"
DRAWN = frozenset(
    {
        *("svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
        *("text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern"),
        *("title", "desc", "metadata", "style"),
    }
)
# What drawing programs keep for themselves.
KEPT = tuple(
    f"http://{each}"
    for each in (
        "sodipodi.sourceforge.net/",
        "www.inkscape.org/",
        "www.w3.org/1999/02/22-rdf-syntax-ns#",
        "creativecommons.org/ns#",
        "web.resource.org/cc/",
        "purl.org/dc/",
        "ns.adobe.com/",
        "www.bohemiancoding.com/sketch/",
        "www.figma.com/",
        "www.serif.com/",
    )
)
FUNCTIONS = frozenset(["rgb", "rgba", "hsl", "hsla", "url", "matrix", "translate", "scale", "rotate", "skewx", "skewy"])
# Only where a word begins, for else a long one would be looked at from each of its letters.
CALL = re.compile(r"(?<![-\w])([-\w]*)\(\s*[\"']?\s*(.?)")
REFERENCE = re.compile(r"url\(\s*[\"']?#([^\"')\s]+)")
NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]{1,6})?")
MOST_DRAWN = 10_000
DEEPEST = 50
LARGEST = 100_000
UNNAMED = ""


PLAIN = "Save it as a plain SVG."
OUTSIDE = "Refers to something outside of it. Put into it all that it shows."
NESTED = f"Is nested more than {DEEPEST} times."
TOO_MUCH = f"Draws more than {MOST_DRAWN:,} elements."


class NotOnlyDrawn(ValueError):
    """What a drawing holds that it may not."""


class _NoDrawing(Exception):
    """What is read is XML of another kind."""


class _Reading:
    """What is learnt of a drawing while it is read: how much each element with an ``id`` draws, and by which others."""

    def __init__(self) -> None:
        self.root: dict[str, str] = {}
        self._ids: list[str] = []
        self._styles = 0
        self.count: defaultdict[str, int] = defaultdict(int)
        self.uses: defaultdict[str, list[str]] = defaultdict(list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Takes the beginning of an element."""
        if not self._ids:
            self._begin(name, attributes)
        _check_name(name)
        for key, value in attributes.items():
            _check_attribute(key, value)
        self._ids.append(attributes.get("id", UNNAMED))
        if len(self._ids) > DEEPEST:
            raise NotOnlyDrawn(NESTED)
        self._styles += name == STYLE
        self._note(list(_references(attributes)), drawn=1)

    def end(self, name: str) -> None:
        """Takes the end of an element."""
        self._ids.pop()
        self._styles -= name == STYLE

    def text(self, text: str) -> None:
        """Takes a whole text: what may be in a style is checked as an attribute is."""
        if self._styles:
            _check_style(text)
            self._note(REFERENCE.findall(text), drawn=0)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if name != f"{SVG}svg":
            raise _NoDrawing
        self.root = attributes

    def _note(self, references: list[str], *, drawn: int) -> None:
        """Notes for each element that is open, and for the whole, what is drawn and used in it."""
        for each in {UNNAMED, *self._ids}:
            self.count[each] += drawn
            self.uses[each] += references
        if self.count[UNNAMED] > MOST_DRAWN:
            raise NotOnlyDrawn(TOO_MUCH)


def _check_name(name: str) -> None:
    is_drawn = name.startswith(SVG) and name.removeprefix(SVG) in DRAWN
    if not is_drawn and not name.startswith(KEPT):
        raise NotOnlyDrawn(f"Has <{name.rpartition(' ')[2]}> in it, which no logo needs. {PLAIN}")


def _check_attribute(key: str, value: str) -> None:
    space, _, local = key.lower().rpartition(" ")
    if local.startswith("on") or (space and local == "base"):
        raise NotOnlyDrawn(f"Has the attribute {local}, which no logo needs. {PLAIN}")
    if local == "href" and not value.startswith("#"):
        raise NotOnlyDrawn(OUTSIDE)
    if not space and local not in ("id", "class"):
        _check_style(value)


def _check_style(text: str) -> None:
    """That a style gets nothing from anywhere: it calls nothing but what draws, and names only what is within."""
    calls = CALL.findall(text.lower())
    if "\\" in text or "@" in text or any(name == "url" and first != "#" for name, first in calls):
        raise NotOnlyDrawn(OUTSIDE)
    foreign = next((name for name, _first in calls if name and name not in FUNCTIONS), None)
    if foreign:
        raise NotOnlyDrawn(f"Has {foreign}() in a style, which no logo needs. {PLAIN}")


def _references(attributes: dict[str, str]) -> Iterator[str]:
    for key, value in attributes.items():
        if key.endswith("href"):
            yield value[1:]
        yield from REFERENCE.findall(value)


def size(raw: bytes) -> tuple[int, int] | None:
    """The width and height of a drawing in its own units, rounded up; None for what is no SVG.

    Raises NotOnlyDrawn, with a sentence, for one that may not be shown.
    """
    read = _read(raw)
    if read is None:
        return None
    if _drawn(read) > MOST_DRAWN:
        raise NotOnlyDrawn(TOO_MUCH)
    return _size_of(read.root)


def _read(raw: bytes) -> _Reading | None:
    reading = _Reading()
    parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
    parser.buffer_text, parser.buffer_size = True, len(raw) + 1
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.ProcessingInstructionHandler = _refuse_instruction
    try:
        parser.Parse(raw.decode(), True)
    except (UnicodeDecodeError, expat.ExpatError, _NoDrawing):
        return None
    return reading


def _refuse_doctype(*_of: object) -> NoReturn:
    raise NotOnlyDrawn(f"Has a DOCTYPE, which no logo needs. {PLAIN}")


def _refuse_instruction(*_of: object) -> NoReturn:
    raise NotOnlyDrawn(f"Has a processing instruction, which no logo needs. {PLAIN}")


def _drawn(read: _Reading) -> int:
    """How many elements are drawn, each as often as it is used. Raises NotOnlyDrawn for one that uses itself."""
    known: dict[str, int] = {}

    def drawn_by(name: str, within: tuple[str, ...]) -> int:
        if name in within:
            raise NotOnlyDrawn(f"Has an element that uses itself: {name}.")
        if len(within) > DEEPEST:
            raise NotOnlyDrawn(NESTED)
        if name not in known:
            inner = sum(drawn_by(each, (*within, name)) for each in read.uses.get(name, ()))
            known[name] = min(read.count.get(name, 0) + inner, MOST_DRAWN + 1)
        return known[name]

    return drawn_by(UNNAMED, ())


def _size_of(root: dict[str, str]) -> tuple[int, int]:
    """The last two of the four numbers of its view box, or else what it says of itself."""
    box = NUMBER.findall(root.get("viewBox", ""))
    given = [found[0] for side in ("width", "height") if (found := NUMBER.match(root.get(side, "")))]
    sides = [Decimal(side) for side in (box[2:] if len(box) == 4 else given)]
    if len(sides) != 2 or not all(0 < side <= LARGEST for side in sides):
        raise NotOnlyDrawn(f"Must have a viewBox, or a width and a height, of up to {LARGEST:,}.")
    width, height = map(math.ceil, sides)
    return width, height
