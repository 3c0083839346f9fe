"""Pages as their readers see them."""

import re
from html.parser import HTMLParser

import httpx

BLOCKS = {"h1", "h2", "p", "dt", "dd", "th", "td", "small", "title", "label", "a", "button", "figcaption"}


class Page(HTMLParser):
    """A page as a browser reads it: its elements, its texts, one for each place, and what it sends and leads to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.forms: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.language, self.direction = "", ""
        self._begins, self._heading = True, 0
        self.feed(text)
        self.texts = [re.sub("[ \n]+", " ", each).strip(" ") for each in self.texts]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.elements.add(tag)
        self.attributes |= values.keys()
        self._begins = self._begins or tag in BLOCKS | {"br"}
        if tag == "h1":
            self._heading = len(self.texts)
        elif tag == "form":
            self.forms.append((values["method"], values["action"]))
        elif tag == "a":
            self.links.append(values["href"])
        elif tag == "img":
            self.pictures.append(values["src"])
        elif tag == "html":
            self.language, self.direction = values["lang"], values["dir"]

    def handle_endtag(self, tag: str) -> None:
        self._begins = self._begins or tag in BLOCKS

    def handle_data(self, data: str) -> None:
        if self._begins and data.strip():
            self.texts.append("")
            self._begins = False
        if self.texts:
            self.texts[-1] += data

    @property
    def title(self) -> str:
        """What it is headed."""
        return self.texts[self._heading]

    def after(self, text: str) -> str:
        """The text that follows the last place of another."""
        return self.texts[len(self.texts) - self.texts[::-1].index(text)]


def page_of(response: httpx.Response) -> Page:
    """The page that a response is."""
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(response.text)
