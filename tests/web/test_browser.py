"""Share pages in a browser: nothing is cut off, nobody is kept out, and on paper the totals stay together."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec import structs
from playwright.sync_api import Browser, Page, Route, sync_playwright
from pypdf import PdfReader

from tallystick.documents.document import Document, DocumentKind, Mark, State, TableRow, Tone
from tallystick.documents.languages import LANGUAGES
from tallystick.quotations.api import AnswerBody
from tallystick.web import share
from tallystick.web.bill_page import STYLE, STYLE_PATH, Letter, answer_page, bill_page, message_page
from testing.server import serving
from tests.browsers import CHROMIUM, NO_CHROMIUM
from tests.documents.kinds import documents
from tests.documents.made import sample_in
from tests.quotations.offers import a_quotation, act

Scheme = Literal["light", "dark"]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)]

WIDTHS = (1280, 390, 320)
MARK = Mark("void", "Void", "This document is void.")
GROUNDS: dict[Scheme, str] = {"light": "rgb(255, 255, 255)", "dark": "rgb(27, 26, 24)"}
PATH = "/public/quotations/1.token"
# What is shown, and ends beyond an edge of the window.
CUT_OFF = """() => [...document.querySelectorAll("main *, header *, footer *")]
    .map(each => [each, each.getBoundingClientRect()])
    .filter(([each, box]) => box.width && (box.left < -0.5 || box.right > document.documentElement.clientWidth + 0.5))
    .map(([each]) => each.outerHTML.slice(0, 80))"""
BROKEN = """() => [...document.querySelectorAll(".copied")]
    .filter(each => each.getClientRects().length > 1).map(each => each.textContent)"""
GROUND = "() => getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    # Chromium refuses its sandbox to root, as which a container's CI runs.
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)


@contextmanager
def opened(browser: Browser, html: str, scheme: Scheme = "light", width: int = WIDTHS[0]) -> Iterator[Page]:
    """A page in a window so wide, with the headers that it is sent with. At the end nothing may have been refused."""
    answers = {
        STYLE_PATH: {"path": STYLE, "content_type": "text/css"},
        PATH: {"body": html, "content_type": "text/html; charset=utf-8", "headers": share.HEADERS},
    }

    def answer(route: Route) -> None:
        path = re.sub(r"^http://[^/]*|\?.*$", "", route.request.url)
        route.fulfill(**answers[path])  # type: ignore[arg-type]

    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.route("**/*", answer)
    page.goto(f"http://tallystick.test{PATH}")
    yield page
    context.close()
    assert refused == []


def check(browser: Browser, html: str, scheme: Scheme) -> None:
    """Looks at a page in each width, and has axe do so."""
    for width in WIDTHS:
        with opened(browser, html, scheme, width) as page:
            assert page.evaluate(CUT_OFF) == [], width
            assert page.evaluate(GROUND) == GROUNDS[scheme]
            assert found_by_axe(page) == [], width


def found_by_axe(page: Page) -> list[tuple[str, list[str]]]:
    """What keeps somebody from using a page: which rule of axe, and where."""
    found = Axe().run(page).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("scheme", GROUNDS)
@pytest.mark.parametrize("language", ["de", "ar", "ja"])
def test_a_bill(browser: Browser, language: str, scheme: Scheme) -> None:
    check(browser, bill_page(Letter(sample_in(language)), PATH), scheme)


@pytest.mark.parametrize("kind", [DocumentKind.QUOTATION, DocumentKind.CREDIT_NOTE])
def test_a_bill_of_another_kind(browser: Browser, kind: DocumentKind) -> None:
    check(browser, bill_page(Letter(documents("ja")[kind]), PATH), "dark")


@pytest.mark.parametrize("scheme", GROUNDS)
def test_every_state_can_be_read(browser: Browser, scheme: Scheme) -> None:
    for tone in Tone:
        document = structs.replace(sample_in("en"), state=State("paid", "As it stands", tone), mark=MARK)
        with opened(browser, bill_page(Letter(document), PATH), scheme) as page:
            assert found_by_axe(page) == [], tone


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_nothing_is_cut_off_in_any_language(browser: Browser, language: str) -> None:
    for width in WIDTHS:
        with opened(browser, bill_page(Letter(sample_in(language)), PATH), width=width) as page:
            assert page.evaluate(CUT_OFF) == [], width
            assert width < WIDTHS[1] or page.evaluate(BROKEN) == []


def extreme() -> Document:
    """A document of names without a space, of the greatest amounts, and of a quantity of forty digits."""
    sample = sample_in("de")
    name, amount = "W" * 200, "90.071.992.547.409,91"
    cells = {
        **sample.table.rows[1].cells,
        "description": name,
        "quantity": "9" * 40,
        "unit_price": amount,
        "amount": amount,
    }
    row = TableRow(cells=cells, detail=name, unit=name)
    return structs.replace(
        sample,
        number=name[:64],
        heading=f"Rechnung {name[:64]}",
        seller=structs.replace(sample.seller, name=name, lines=[name]),
        headline=[structs.replace(each, text=f"{amount} €") for each in sample.headline],
        table=structs.replace(sample.table, rows=[row] * 3),
        totals=[structs.replace(each, text=amount) for each in sample.totals],
        notes=[name],
    )


def test_a_bill_of_extremes_on_a_phone(browser: Browser) -> None:
    for width in WIDTHS[1:]:
        with opened(browser, bill_page(Letter(extreme()), PATH), width=width) as page:
            assert page.evaluate(CUT_OFF) == [], width


@pytest.mark.parametrize("scheme", GROUNDS)
@pytest.mark.parametrize(("verb", "name"), [("accept", None), ("reject", "")])
def test_an_answer(browser: Browser, verb: str, name: str | None, scheme: Scheme) -> None:
    check(browser, answer_page(Letter(sample_in("ar")), PATH, verb, AnswerBody(name=name)), scheme)


@pytest.mark.parametrize("scheme", GROUNDS)
def test_a_refusal(browser: Browser, scheme: Scheme) -> None:
    check(browser, message_page("ja", "not_found"), scheme)


def printed(browser: Browser, html: str, scheme: Scheme) -> list[str]:
    """The texts of the sheets of a page on paper."""
    with opened(browser, html, scheme) as page:
        page.emulate_media(media="print", color_scheme=scheme)
        assert page.evaluate(GROUND) == GROUNDS["light"]
        return [sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf(format="A4"))).pages]


@pytest.mark.parametrize("lines", [6, 30, 34, 120])
def test_on_paper_the_totals_stay_with_the_last_lines(browser: Browser, lines: int) -> None:
    sample = sample_in("en")
    first = sample.table.rows[0]
    rows = [
        structs.replace(first, cells={**first.cells, "description": f"Worktop {at}."}, detail=None)
        for at in range(1, lines + 1)
    ]
    document = structs.replace(sample, table=structs.replace(sample.table, rows=rows))
    sheets = printed(browser, bill_page(Letter(document), PATH), "dark")
    (last,) = [sheet for sheet in sheets if "Subtotal" in sheet]
    wanted = [total.text for total in document.totals] + [f"Worktop {lines - 1}.", f"Worktop {lines}."]
    assert [text for text in wanted if text not in last] == []
    numbers = [f"{at} / {len(sheets)}" for at in range(1, len(sheets) + 1)]
    assert [number for number, sheet in zip(numbers, sheets, strict=True) if number not in sheet] == []
    # The head of the table is said again on each sheet that lines are on.
    assert [sheet for sheet in sheets if "Worktop" in sheet and "Quantity" not in sheet] == []
    assert not any("Download PDF" in sheet for sheet in sheets)


def test_a_quotation_is_declined_by_name_without_a_script(browser: Browser, tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path / 'tallystick.db'}", tmp_path) as server:
        made = a_quotation(server, 100)
        path = server.data(act(server, made, "publish"))["share_token"]
        context = browser.new_context(java_script_enabled=False, locale="en")
        page = context.new_page()
        page.goto(f"{server.origin}/public/quotations/{path}")
        page.get_by_role("link", name="Decline").click()
        page.get_by_label("Your name").fill(" ")
        page.get_by_label("Reason").fill("Too late")
        page.get_by_role("button", name="Decline").click()
        assert page.get_by_text("Please enter your name.").is_visible()
        page.get_by_label("Your name").fill("Änne Østby")
        page.get_by_role("button", name="Decline").click()
        assert page.locator(".state").inner_text().startswith("Declined")
        context.close()
        told: Any = server.data(server.get(f"/quotations/{made['id']}"))
    assert (told["status"], told["answered_by"], told["answer_reason"]) == ("rejected", "Änne Østby", "Too late")
