"""What picture something is, by its content; and which drawings are none that may be shown."""

import time

import pytest

from tallystick.documents.drawings import MOST_DRAWN
from tallystick.documents.images import picture
from tests.documents.logos import JPEG, WAVES, png, svg

RECT = '<rect width="9" height="9"/>'
INKSCAPE = 'xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" inkscape:version="1"'


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (png(3, 2), ("image/png", 3, 2)),
        (png(2_000, 2_000), ("image/png", 2_000, 2_000)),
        (JPEG, ("image/jpeg", 3, 2)),
        (WAVES, ("image/svg+xml", 48, 24)),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn -->" + WAVES, ("image/svg+xml", 48, 24)),
        (svg(RECT, 'width="10.5mm" height="3"'), ("image/svg+xml", 11, 3)),
        (svg(RECT, 'viewBox="-1,-2 1e2 .5" width="3"'), ("image/svg+xml", 100, 1)),
    ],
)
def test_a_picture_is_what_its_content_says(raw: bytes, expected: tuple[str, int, int]) -> None:
    assert picture(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"{}", b"GIF89a", b"<", b"<svg/>", b"<html xmlns='http://www.w3.org/1999/xhtml'/>", WAVES[:-1]),
        *(JPEG[:20], b"\xff\xd8\xff", WAVES.decode().encode("utf-16"), png(1, 1)[4:], b"<svg>" * 100_000),
    ],
)
def test_what_is_no_picture_is_none(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"^Must be a PNG, a JPEG or an SVG\.$"):
        picture(raw)


@pytest.mark.parametrize(("width", "height"), [(2_001, 2_000), (0, 5), (2**31, 2**31), (4_000_001, 1)])
def test_one_of_too_many_pixels_is_refused(width: int, height: int) -> None:
    said = png(1, 1)[:16] + width.to_bytes(4) + height.to_bytes(4) + png(1, 1)[24:]
    with pytest.raises(ValueError, match="4,000,000 pixels"):
        picture(said)


@pytest.mark.parametrize(
    "inner",
    [
        f'<g transform="translate(1 2) rotate(3)" fill="rgb(1, 2, 3)" class="a(b)">{RECT}</g>',
        f'<style>.a {{ fill: url(#g) }}</style><linearGradient id="g"><stop/></linearGradient>{RECT}',
        f'<defs><g id="a">{RECT}</g></defs><use xlink:href="#a"/><use href="#a" x="9"/>',
        f"<title>javascript: onload=</title><g {INKSCAPE}>{RECT}</g>",
        f'<mask id="m">{RECT}</mask><g mask="url(&quot;#m&quot;)">{RECT}</g>',
    ],
)
def test_a_drawing_that_is_only_one_may_be_shown(inner: str) -> None:
    assert picture(svg(inner)).media == "image/svg+xml"


@pytest.mark.parametrize(
    ("inner", "word"),
    [
        ("<script>alert(1)</script>", "script"),
        ("<foreignObject/>", "foreignObject"),
        ('<image href="data:image/png;base64,AAAA"/>', "image"),
        ('<a href="#x"><path/></a>', "<a>"),
        ('<animate attributeName="x"/>', "animate"),
        ('<set attributeName="href" to="x"/>', "set"),
        ('<feImage href="#a"/>', "feImage"),
        ('<filter id="f"/>', "filter"),
        ('<h:script xmlns:h="http://www.w3.org/1999/xhtml">x</h:script>', "script"),
        ('<nothing xmlns="">x</nothing>', "nothing"),
        ('<path onclick="x"/>', "onclick"),
        ('<path ONLOAD="x"/>', "onload"),
        ('<g xml:base="https://example.com/"/>', "base"),
        ('<use href="https://example.com/a.svg#a"/>', "outside"),
        ('<use xlink:href="//example.com/a.svg#a"/>', "outside"),
        ('<use href="data:image/svg+xml,x"/>', "outside"),
        ('<path fill="url(https://example.com/a.svg#a)"/>', "outside"),
        ("<path fill=\"url( 'b.svg#a' )\"/>", "outside"),
        ('<path style="fill: URL(b.svg)"/>', "outside"),
        ('<path style="fill: u\\72l(b.svg)"/>', "outside"),
        ("<style>@import 'https://example.com/a.css';</style>", "outside"),
        ("<style>path { mask: url<!-- -->(b.svg) }</style>", "outside"),
        ("<style><![CDATA[path { fill: url(b.svg) }]]></style>", "outside"),
        ("<style>path { mask: image-set('b.svg' 1x) }</style>", "image-set"),
        ("<style>path { fill: src('b.svg') }</style>", "src"),
        ('<use id="a" href="#a"/>', "uses itself"),
        ('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>', "uses itself"),
        ("<g>" * 60 + "</g>" * 60, "nested"),
        ("<g/>" * MOST_DRAWN, "Draws more"),
    ],
)
def test_a_drawing_that_is_more_is_refused(inner: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        picture(svg(inner))


def test_a_few_elements_that_draw_a_billion_are_refused() -> None:
    levels = [f'<g id="g{at}">' + f'<use href="#g{at - 1}"/>' * 10 + "</g>" for at in range(1, 10)]
    patterns = [
        f'<pattern id="p{at}"><rect fill="url(#p{at - 1})"/><rect fill="url(#p{at - 1})"/></pattern>'
        for at in range(1, 20)
    ]
    for inner in (f'<g id="g0">{RECT}</g>{"".join(levels)}', f'<pattern id="p0"/>{"".join(patterns)}'):
        with pytest.raises(ValueError, match="Draws more than 10,000 elements"):
            picture(svg(inner))


@pytest.mark.parametrize(
    "before",
    [
        '<!DOCTYPE svg [<!ENTITY a "b">]>',
        "<!DOCTYPE svg SYSTEM 'file:///etc/passwd'>",
        "<?xml-stylesheet href='a.css'?>",
    ],
)
def test_nothing_stands_before_a_drawing(before: str) -> None:
    with pytest.raises(ValueError, match="which no logo needs"):
        picture(before.encode() + WAVES)


@pytest.mark.parametrize("attributes", ["", 'width="3"', 'viewBox="0 0 0 5"', 'viewBox="0 0 1e6 1"', 'viewBox="1 2 3"'])
def test_a_drawing_of_no_size_is_refused(attributes: str) -> None:
    with pytest.raises(ValueError, match="Must have a viewBox"):
        picture(svg(RECT, attributes))


@pytest.mark.parametrize(
    "inner",
    [f'<path d="{"a" * 1_000_000}"/>', f"<style>{'url(#a)' * 140_000}</style>", f"<style>{'(' * 1_000_000}</style>"],
)
def test_a_long_one_is_looked_at_in_no_time(inner: str) -> None:
    began = time.process_time()
    picture(svg(inner))
    assert time.process_time() - began < 2
