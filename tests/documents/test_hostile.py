"""Templates that mean harm: each is a refusal in words, after a second at most of the computer's time."""

from struct import pack
from zlib import crc32

import pytest
from msgspec import structs

from tallystick.documents.apart import TOO_MUCH, NotArchival, TemplateFault, compiled
from tests.documents.test_apart import request

pytestmark = pytest.mark.slow

TITLED = '#set document(title: "t")\n'
NOT_FOUND = "file not found"
TOO_DEEP = "maximum parsing depth exceeded"
UNSETTLED = "did not converge within five attempts"


def part(kind: bytes, data: bytes) -> bytes:
    """A part of a PNG."""
    return pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data))


def plugin(body: str) -> bytes:
    """A module of WebAssembly with a page of memory, whose function f repeats a body without an end."""
    code = bytes.fromhex("00 03 40") + bytes.fromhex(body) + bytes.fromhex("0c 00 0b 41 00 0b")
    head = "0061736d 01000000  01 05 01 60 00 01 7f  03 02 01 00  05 03 01 00 01"
    exported = "07 0e 02 06 6d656d6f7279 02 00 01 66 00 00"
    return bytes.fromhex(f"{head} {exported}") + bytes([0x0A, len(code) + 2, 1, len(code)]) + code


def given(content: bytes) -> str:
    return f"bytes(({','.join(map(str, content))},))"


def drawing(inside: str) -> str:
    return f"#image(bytes(\"{SVG} width='9' height='9'>{inside}</svg>\"), alt: \"a\")"


SVG = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:x='http://www.w3.org/1999/xlink'"
HUGE_PICTURE = b"\x89PNG\r\n\x1a\n" + part(b"IHDR", pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 6, 0, 0, 0))
GROWING = "41 e8 07 40 00 1a"
ENTITY = f"<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>{SVG}><text>&a;</text></svg>"
DOUBLED = "".join(f"<!ENTITY {of} '{each * 100}'>" for of, each in zip("bcd", ("&a;", "&b;", "&c;"), strict=True))
LAUGHS = f"<!DOCTYPE svg [<!ENTITY a 'ha'>{DOUBLED}]>{SVG}><text>&d;</text></svg>"

WITHOUT_END = {
    "a loop": "#for n in range(100000000000) { }",
    "a loop of pages": "#for n in range(100000000) { pagebreak() }",
    "loops in loops": "#for a in range(1000000) { for b in range(1000000) { let c = calc.pow(a, 2) } }",
    "calls that call twice": "#let f(a, n) = if n < 1 { a } else { f(a + 1, n - 1) + f(a - n * n, n - 1) }\n#f(0, 60)",
    "a text without an end": "#lorem(1000000000)",
    "labels": '#for n in range(10000000) [#metadata(n)#label("a" + str(n))]',
    "a table": "#table(columns: 100000, ..range(1000000).map(str))",
    "a curve": "#curve(..range(10000000).map(n => curve.line((1pt, 1pt))))",
    "a sort": "#range(100000000).sorted(key: n => -n)",
    "sets within sets": "#let x = []\n#for n in range(20000) { x = { set text(size: 1em); x } }\n#x",
    "brackets": "[" * 50_000 + "]" * 50_000,
    "a plugin": f"#plugin({given(plugin(''))}).f()",
}
TOO_LARGE = {
    "a text that doubles": '#let x = "a" * 100000000\n#while x.len() > 0 { x = x + x }',
    "a text": '#("a" * 100000000000)',
    "an array": "#((1,) * 10000000000)",
    "numbers": "#range(1000000000).map(n => str(n)).join()",
    "a dictionary": "#let d = (:)\n#for n in range(100000000) { d.insert(str(n), n) }",
    "bytes": "#bytes((1,) * 10000000000)",
    "boxes within boxes": "#let x = []\n#for n in range(100000) { x = box(x) }\n#x",
    "arrays within arrays": "#let x = ()\n#for n in range(100000) { x = (x,) }\n#repr(x)",
    "fields of fields": "#" + "a." * 90_000 + "b",
    "fonts": '#set text(font: ("a",) * 1000000000)',
    "a plugin": f"#plugin({given(plugin(GROWING))}).f()",
}
REFUSED_IN_WORDS = {
    "recursion": ("#let f(n) = f(n + 1)\n#f(1)", "maximum function call depth exceeded"),
    "a loop": ("#let n = 0\n#while true { n = n + 1; if n < 0 { break } }", "loop seems to be infinite"),
    "a loop that says so": ("#while true { }", "condition is always true"),
    "a rule that shows itself": ("#show heading: it => heading(it.body)\n= A", "maximum show rule depth exceeded"),
    "parentheses": ("#" + "(" * 90_000 + ")" * 90_000, TOO_DEEP),
    "roots": ("$" + "sqrt(" * 20_000 + ")" * 20_000 + "$", TOO_DEEP),
    "blocks": ("#" + "{" * 20_000 + "}" * 20_000, TOO_DEEP),
    "a power": ("#calc.pow(9, 999999999)", "too large"),
    "an expression": ('#regex("a{1000}{1000}{1000}")', "exceeds size limit"),
    "a state": (f'{TITLED}#let s = state("x", 0)\n#context s.update(s.final() + 1)\n#context s.final()', UNSETTLED),
    "pages by pages": (f"{TITLED}#context for n in range(counter(page).final().first()) {{ pagebreak() }}", UNSETTLED),
    "labels by labels": (f"{TITLED}#context for n in range(query(<a>).len() + 1) [#metadata(0)<a>]", UNSETTLED),
    "without a width": ("#set page(width: auto)\n#repeat[a]", "no size restrictions"),
    "a file": ('#read("/etc/passwd")', NOT_FOUND),
    "a file above": ('#read("../../../../../../etc/passwd")', "escape the project root"),
    "a file of the system": ('#read("/proc/self/environ")', NOT_FOUND),
    "a file of the program": ('#read("/src/tallystick/config.py")', NOT_FOUND),
    "a file by eval": ('#eval("read(\\"/etc/passwd\\")")', NOT_FOUND),
    "a file as data": ('#json("/etc/passwd")', NOT_FOUND),
    "a file as a table": ('#csv("/etc/passwd")', NOT_FOUND),
    "a file as XML": ('#xml("/etc/passwd")', NOT_FOUND),
    "a file as references": ('#bibliography("/etc/passwd")', NOT_FOUND),
    "a file as a module": ('#import "/etc/passwd"', NOT_FOUND),
    "a file included": ('#include "/etc/passwd"', NOT_FOUND),
    "a folder": ('#read("/")', "is a directory"),
    "a library": ('#plugin("/usr/lib/libc.so")', NOT_FOUND),
    "a program": ('#plugin("/bin/sh")', NOT_FOUND),
    "no module": ("#plugin(bytes((0, 1, 2)))", "failed to load WebAssembly module"),
    "a URL": ('#image("https://example.com/a.png")', NOT_FOUND),
    "a URL of a file": ('#image("file:///etc/passwd")', NOT_FOUND),
    "a package": ('#import "@preview/cetz:0.3.0"', "failed to download package"),
    "a package of the machine": ('#import "@local/ours:0.1.0"', "package not found"),
    "a package above": ('#import "@x/../../y:0.1.0"', "not a valid package name"),
    "the environment": ("#sys.env", "does not contain `env`"),
    "what else it is given": ("#sys.inputs.secret", "does not contain key"),
    "a picture": (f'#image({given(HUGE_PICTURE)}, alt: "a")', "file is too large"),
    "a drawing that links a file": (
        drawing("<image x:href='/etc/passwd' width='9' height='9'/>"),
        "failed to load linked image",
    ),
    "a drawing that links a URL": (
        drawing("<image x:href='https://example.com/a.png' width='9' height='9'/>"),
        "failed to load linked image",
    ),
    "an entity of a file": (f'#image(bytes("{ENTITY}"), alt: "a")', "failed to parse SVG"),
    "a billion laughs": (f'#image(bytes("{LAUGHS}"), alt: "a")', "failed to parse SVG"),
    "no text at all": ("\0" * 1000 + "#panic()", "panicked"),
    "words of its own": ('#panic("\\u{202e}" + "a" * 1000000)', "panicked"),
}


def words_of(template: str) -> str:
    with pytest.raises(TemplateFault) as refused:
        compiled(structs.replace(request(template), cpu_s=1))
    assert not isinstance(refused.value, NotArchival)
    words = str(refused.value)
    assert "/tmp" not in words
    assert len(words) <= 2_000
    return words


@pytest.mark.parametrize("name", WITHOUT_END | TOO_LARGE)
def test_what_takes_all_time_or_memory_is_ended(name: str) -> None:
    assert words_of((WITHOUT_END | TOO_LARGE)[name]) == TOO_MUCH


@pytest.mark.parametrize("name", REFUSED_IN_WORDS)
def test_what_cannot_be_is_told(name: str) -> None:
    template, words = REFUSED_IN_WORDS[name]
    assert words in words_of(template)
