"""Pages from templates, in which text is escaped wherever it stands."""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from tallystick.core.legible import legible
from tallystick.documents.notation import END, LEFT_TO_RIGHT

FOLDER = Path(__file__).with_name("templates")
KEPT_APART = re.compile(f"{LEFT_TO_RIGHT}([^{END}]*){END}")
TEXT, CLASS, LEFT_TO_RIGHT_TEXT = Markup("<bdi{}>{}</bdi>"), Markup(' class="{}"'), Markup('<bdi dir="ltr">{}</bdi>')


def written(template: str, **values: Any) -> str:
    """The page that a template makes of the values."""
    return _templates.get_template(template).render(values)


def bdi(text: str, class_: str = "") -> Markup:
    """A text that turns nothing around it; what it keeps apart itself is read from left to right."""
    # Of what is split so, each second part was kept apart.
    parts = enumerate(KEPT_APART.split(text))
    inner = (LEFT_TO_RIGHT_TEXT.format(legible(part)) if at % 2 else escape(legible(part)) for at, part in parts)
    return TEXT.format(CLASS.format(class_) if class_ else "", Markup().join(inner))


def _final(value: Any) -> Any:
    """What is written of a value: no text that would turn or garble the page."""
    return legible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_final,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["bdi"] = bdi
    return environment


_templates = _environment()
