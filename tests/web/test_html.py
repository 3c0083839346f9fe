"""Markup is escaped by construction."""

import pytest

from tallystick.web.html import Html, element, joined

HOSTILE = "<script>alert('\"&')</script>"
ESCAPED = "&lt;script&gt;alert(&#x27;&quot;&amp;&#x27;)&lt;/script&gt;"


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (element("p"), "<p></p>"),
        (element("br"), "<br>"),
        (element("p", HOSTILE), f"<p>{ESCAPED}</p>"),
        (element("p", class_=HOSTILE), f'<p class="{ESCAPED}"></p>'),
        (element("p", element("b", HOSTILE), " & ", "so on"), f"<p><b>{ESCAPED}</b> &amp; so on</p>"),
        (joined("<", element("br"), ">"), "&lt;<br>&gt;"),
        (joined(element("br") + HOSTILE), f"&lt;br&gt;{ESCAPED}"),
        (joined(f"{element('br')}"), "&lt;br&gt;"),
    ],
)
def test_text_becomes_markup_only_as_an_element(built: Html, expected: str) -> None:
    assert built == expected
