"""HTML that is escaped by construction: text becomes markup only through ``element``."""

import html

from tallystick.core.legible import legible


class Html(str):
    """Markup. Joined to a plain string it is one again, and will be escaped: the safe way to be wrong."""


VOID = frozenset({"br", "link", "meta"})
"""Elements that have no end tag (HTML, 13.1.2)."""


def element(tag: str, /, *children: str, **attributes: str) -> Html:
    """An element. Children that are not ``Html`` are escaped, and so are attributes; ``class_`` becomes ``class``.

    What would turn or garble the text around it is left out.
    """
    written = "".join(f' {key.rstrip("_")}="{_escaped(value)}"' for key, value in attributes.items())
    start = f"<{tag}{written}>"
    return Html(start if tag in VOID else f"{start}{joined(*children)}</{tag}>")


def joined(*children: str) -> Html:
    """The children one after the other, each escaped unless it is ``Html``."""
    return Html("".join(child if isinstance(child, Html) else _escaped(child) for child in children))


def _escaped(text: str) -> str:
    return html.escape(legible(text))


def page(title: str, css: str, *body: str) -> Html:
    """A whole document that loads nothing, and that no search engine keeps."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Html(css)),
    )
    return Html("<!doctype html>" + element("html", head, element("body", *body), lang="en"))
