"""A bill's page says all that its document says, in the document's language and direction."""

import pytest
from msgspec import structs

from tallystick.documents.document import Document, Mark, State, Tone
from tallystick.documents.languages import LANGUAGES
from tallystick.web.bill_page import Letter, bill_page, figures_of
from tallystick.web.templating import bdi
from tests.documents.made import sample_in, texts_of
from tests.web.pages import Page

PATH = "/public/invoices/1.token"
ISOLATES = dict.fromkeys(map(ord, "\u2066\u2069"))
OF_SHEETS = ("carry", "footer", "mark.text", "title", "table.rows.run", "seller.contact.label")
"""What only sheets of paper say, with the labels of what is a link here."""


def page_of(document: Document) -> Page:
    return Page(bill_page(Letter(document), PATH))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_it_says_all_that_its_document_says(language: str) -> None:
    document = sample_in(language)
    said = " ".join(page_of(document).texts)
    wanted = [text.translate(ISOLATES) for path, text in texts_of(document) if not path.startswith(OF_SHEETS)]
    assert len(wanted) > 60
    assert [text for text in wanted if text not in said] == []


@pytest.mark.parametrize(
    ("language", "tag", "direction"), [("en", "en-GB", "ltr"), ("ar", "ar-AE", "rtl"), ("ja", "ja-JP", "ltr")]
)
def test_a_browser_is_told_its_language_and_direction(language: str, tag: str, direction: str) -> None:
    page = page_of(sample_in(language))
    assert (page.language, page.direction) == (tag, direction)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann & Co", "<bdi>Ann &amp; Co</bdi>"),
        ("\u2066−5%\u2069", '<bdi><bdi dir="ltr">−5%</bdi></bdi>'),
        (
            "من \u2066−5\u2069 إلى \u2066<b>\u2069",
            '<bdi>من <bdi dir="ltr">−5</bdi> إلى <bdi dir="ltr">&lt;b&gt;</bdi></bdi>',
        ),
        ("turned \u202eback\u2069 and \u2066never ended", "<bdi>turned back and never ended</bdi>"),
    ],
)
def test_a_text_turns_nothing_around_it(text: str, expected: str) -> None:
    assert bdi(text) == expected


def test_a_number_of_which_nothing_can_be_shown_is_left_out() -> None:
    document = structs.replace(sample_in("en"), number=None, heading="Invoice")
    assert page_of(document).title == "Invoice"


def test_what_is_copied_is_marked() -> None:
    assert bdi("DE02", "copied") == '<bdi class="copied">DE02</bdi>'


def test_a_narrow_page_says_below_a_description_what_the_columns_would() -> None:
    table = sample_in("en").table
    assert figures_of(table.rows[1], table) == "4 pieces × 612.50 · −10% · VAT 20%"
    assert figures_of(table.rows[5], table) == "112 km × 0.45 · VAT 20%"
    few = structs.replace(table, columns=[column for column in table.columns if column.key not in ("discount", "tax")])
    assert figures_of(few.rows[1], few) == "4 pieces × 612.50"


def test_its_main_action_is_its_pdf() -> None:
    page = page_of(sample_in("de"))
    assert page.links == [f"{PATH}/pdf", "mailto:hello@moorwind.example"]
    assert "PDF herunterladen" in page.texts


def test_it_draws_the_code_for_banking_apps() -> None:
    german, british = sample_in("de"), sample_in("en")
    assert german.payment is not None
    assert german.payment.qr is not None
    assert german.payment.qr.svg in bill_page(Letter(german), PATH)
    assert "figure" not in page_of(british).elements


def test_what_is_void_says_so() -> None:
    note = "This document is void."
    void = structs.replace(
        sample_in("en"), mark=Mark("void", "Void", note), state=State("void", "Void", Tone.OFF), payment=None
    )
    page = page_of(void)
    assert {"Void", note} <= {*page.texts}
    assert "How to pay" not in page.texts


def test_a_number_that_the_title_holds_too_stays_behind_it() -> None:
    numbered = structs.replace(sample_in("en"), number="i", heading="Invoice i")
    assert '<h1>Invoice <bdi class="whole">i</bdi></h1>' in bill_page(Letter(numbered), PATH)
