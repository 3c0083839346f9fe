"""The pages of share links: what they show, to whom, and the answers that a quotation's page takes."""

import logging
import re
from typing import Any

import falcon
import falcon.testing
import pytest

from tallystick.documents.languages import LANGUAGES
from tallystick.http.refusals import BUG
from tallystick.web.bill_page import message_page
from tallystick.web.share import MESSAGES, PAGES
from tests.api import Api, opened
from tests.bills import a_draft, an_invoice, pay, refused
from tests.clock import Clock
from tests.quotations.offers import a_quotation, act, status_of
from tests.recorded import recorded
from tests.web.pages import Page, page_of

NOON = "2026-03-15T12:00:00Z"
MARKUP = {"html", "head", "meta", "link", "title", "body", "header", "main", "section", "footer", "div", "h1", "h2"}
MARKUP |= {"p", "a", "b", "br", "bdi", "small", "dl", "dt", "dd", "svg", "rect", "form", "button"}
MARKUP |= {"table", "thead", "tbody", "tr", "th", "td"}
HOSTILE = "</td></style><script>alert(1)</script><img src=x onerror='alert(2)'>\" onmouseover=\"alert(3)&amp;"
KINDS = ("invoices", "quotations")


def path_of(bill: Any, kind: str) -> str:
    return f"/public/{kind}/{bill['share_token']}"


def shared(api: Api, kind: str, **fields: Any) -> str:
    """The path of a new bill's page."""
    draft = a_draft(api, 100, **fields) if kind == "invoices" else a_quotation(api, 100, **fields)
    return path_of(api.data(api.post(f"/{kind}/{draft['id']}/publish")), kind)


def test_an_invoice_is_written_in_its_customers_language(api: Api) -> None:
    customer = api.data(api.post("/customers", {"name": "Ömer & Co", "language": "de", "country": "DE"}))["id"]
    items = [{"description": "Satz", "unit_price": "1234.50"}]
    invoice = an_invoice(api, customer_id=customer, items=items, due_date="2099-01-02")
    pay(api, invoice, "1000.10")
    page = page_of(api.client.get(path_of(invoice, "invoices")))
    assert (page.language, page.title) == ("de-DE", f"Rechnung {invoice['invoice_number']}")
    assert "Ömer & Co" in page.texts
    expected = {"Zu zahlen": "234,40\N{NO-BREAK SPACE}$", "Fällig am": "2. Januar 2099"}
    assert {label: page.texts[page.texts.index(label) + 1] for label in expected} == expected


@pytest.mark.parametrize(
    ("credited", "paid", "said"),
    [
        (100, 0, "Settled by credit note"),
        (40, 0, "Due 14 April"),
        (40, 60, "Paid 15 March"),
        (40, 10, "US$10.00 paid, US$50.00 due 14 April"),
        (0, 10, "US$10.00 paid, US$90.00 due 14 April"),
        (0, 100, "Paid 15 March"),
        (0, 0, "Due 14 April"),
    ],
)
def test_a_page_claims_no_payment_where_there_was_none(database_url: str, credited: int, paid: int, said: str) -> None:
    with opened(database_url, clock=Clock(NOON)) as api:
        invoice = an_invoice(api, 100)
        if credited:
            items = [{"item_id": invoice["items"][0]["id"], "amount": credited}]
            api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {"items": items}))
        if paid:
            api.data(pay(api, invoice, paid))
        page = page_of(api.client.get(path_of(invoice, "invoices")))
    assert page.after(f"Invoice {invoice['invoice_number']}") == said


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_written_on_a_bill_becomes_markup(api: Api, kind: str) -> None:
    api.put("/settings", {"name": HOSTILE, "address": HOSTILE, "tax_id": HOSTILE, "iban": "DE02120300000000202051"})
    names = ("name", "address", "address_line1", "city", "state", "postal_code", "tax_id")
    customer = api.data(api.post("/customers", dict.fromkeys(names, HOSTILE)))["id"]
    items = [{"description": HOSTILE, "unit": HOSTILE, "unit_price": 1}]
    number = {f"{kind.removesuffix('s')}_number": HOSTILE[:64]}
    fields = {"items": items, "notes": HOSTILE, "payment_terms": HOSTILE, **number}
    path = shared(api, kind, customer_id=customer, **fields)
    page = page_of(api.client.get(path))
    assert page.elements <= MARKUP
    assert not {name for name in page.attributes if name.startswith("on") or name == "src"}
    assert page.texts.count(HOSTILE) >= 4


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_written_on_a_bill_turns_or_garbles_it(api: Api, kind: str) -> None:
    written, read = "Ann \u202eelpmaxE\u0007 \u2067Ltd\u2069", "Ann elpmaxE Ltd"
    api.put("/settings", {"name": written, "address": written, "tax_id": written})
    customer = api.data(api.post("/customers", {"name": written, "city": written}))["id"]
    items = [{"description": written, "unit": written, "unit_price": 1}]
    number = {f"{kind.removesuffix('s')}_number": "No \u202e1"}
    fields = {"items": items, "notes": written, "title": written, "payment_terms": written, **number}
    path = shared(api, kind, customer_id=customer, **fields)
    page = api.client.get(path)
    assert not set("\u202e\u0007\u2067\u2069") & {*page.text}
    assert page_of(page).texts.count(read) >= 5
    # It is kept as it came.
    kept = api.data(api.client.get(f"/api/v1{path}"))
    assert [kept["customer"]["name"], kept["notes"], kept["items"][0]["description"]] == [written] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_loads_nothing_and_is_kept_by_nobody(api: Api, kind: str) -> None:
    for path, status in ((shared(api, kind), 200), (f"/public/{kind}/nothing", 404)):
        response = api.client.get(path)
        assert response.status_code == status
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["X-Robots-Tag"] == "noindex"
        assert response.headers["Cache-Control"] == "no-store"
        policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["style-src"] == "'self'"
        assert "script-src" not in policy


def test_a_page_loads_its_style_once_and_anew_when_that_changes(api: Api) -> None:
    page = api.client.get(shared(api, "invoices")).text
    (url,) = re.findall('<link rel="stylesheet" href="([^"]+)">', page)
    style = api.client.get(url)
    assert (style.status_code, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert url.partition("?")[2] in style.headers["ETag"]
    assert style.headers["Cache-Control"] == "public, max-age=86400"
    kept = api.client.get(url, headers={"If-None-Match": style.headers["ETag"]})
    assert (kept.status_code, kept.content) == (304, b"")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "token", ["1.{A}", "7.{A}", "1.{A}x", "0.{A}", "{A}", "nothing", "%00", "1.%C3%A9", "x" * 3000]
)
def test_a_link_that_opens_nothing(api: Api, kind: str, token: str) -> None:
    path = f"/public/{kind}/{token.format(A='A' * 43)}"
    page = api.client.get(path)
    assert (page.status_code, page_of(page).title) == (404, "There is nothing at this link")
    reply = api.client.get(f"/api/v1{path}")
    assert (reply.status_code, reply.json()["code"]) == (404, "NOT_FOUND")
    # The same whether there is such an account, such a bill or such a form of token.
    assert reply.json()["error"] == "There is nothing at this link."


def test_a_link_ends_with_what_it_shared(api: Api) -> None:
    invoice = an_invoice(api, 100)
    path = path_of(invoice, "invoices")
    assert status_of_link(api, path) == {200}
    assert api.post(f"/invoices/{invoice['id']}/unpublish").is_success
    assert status_of_link(api, path) == {404}


def test_a_voided_invoice_is_shown_as_void_with_nothing_to_pay(api: Api) -> None:
    api.put("/settings", {"currency": "EUR", "iban": "DE02120300000000202051"})
    invoice = an_invoice(api, 100)
    path = path_of(invoice, "invoices")
    assert "How to pay" in page_of(api.client.get(path)).texts
    api.data(api.post(f"/invoices/{invoice['id']}/void"))
    page = page_of(api.client.get(path))
    assert page.after(page.title) == "Void"
    assert {"This document is void. There is nothing to pay.", "Nothing to pay"} <= {*page.texts}
    assert not {"How to pay", "Amount due", "figure"} & ({*page.texts} | page.elements)
    shown = api.data(api.client.get(f"/api/v1{path}"))
    assert (shown["status"], str(shown["balance_due"])) == ("voided", "0.00")


def status_of_link(api: Api, path: str) -> set[int]:
    """The statuses of a link's page, its PDF and its JSON."""
    return {api.client.get(url).status_code for url in (path, f"{path}/pdf", f"/api/v1{path}")}


SHARED = [
    ("invoices", ()),
    ("invoices", ("payments",)),
    ("invoices", ("void",)),
    *(("quotations", actions) for actions in [(), ("accept",), ("reject",), ("convert",)]),
]


@pytest.mark.parametrize(("kind", "actions"), SHARED)
def test_a_link_is_changed_and_withdrawn_whatever_became_of_the_bill(
    api: Api, kind: str, actions: tuple[str, ...]
) -> None:
    path = shared(api, kind)
    bill = f"/{kind}/{api.get(f'/{kind}').json()['data'][0]['id']}"
    for action in actions:
        assert api.post(f"{bill}/{action}", {"amount": 100} if action == "payments" else None).is_success
    rotated = path_of(api.data(api.post(f"{bill}/share/rotate")), kind)
    assert status_of_link(api, path) == {404}
    assert status_of_link(api, rotated) == {200}
    revoked = api.data(api.delete(f"{bill}/share"))
    assert (revoked["share_token"], revoked["share_url"]) == (None, None)
    assert status_of_link(api, rotated) == {404}
    assert api.differences() == []


def test_every_change_of_a_link_is_on_record(api: Api) -> None:
    invoice = f"/invoices/{an_invoice(api, 100)['id']}"
    for method, path in [("DELETE", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/rotate")]:
        api.data(api.request(method, f"{invoice}/share{path}"))
    recorded = [
        event["data"] for event in api.data(api.get(f"{invoice}/activity")) if event["type"] == "invoice.updated"
    ]
    # To withdraw what is withdrawn changes nothing.
    assert recorded == [{"revoked": True}, {"shared": True}, {"shared": True, "revoked": True}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("method", "path"), [("POST", "share/rotate"), ("DELETE", "share")])
def test_what_is_not_issued_has_no_link_to_change(api: Api, kind: str, method: str, path: str) -> None:
    draft = a_draft(api, 100) if kind == "invoices" else a_quotation(api, 100)
    response = api.request(method, f"/{kind}/{draft['id']}/{path}")
    assert refused(response) == (409, "CONFLICT")
    assert "publish it" in response.json()["error"]


def test_a_link_of_one_kind_opens_no_other(api: Api) -> None:
    assert api.client.get(shared(api, "invoices").replace("invoices", "quotations")).status_code == 404
    assert api.client.get(shared(api, "quotations").replace("quotations", "invoices")).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_public_names_nothing_of_ours(api: Api, kind: str) -> None:
    public = api.data(api.client.get(f"/api/v1{shared(api, kind)}"))
    ours = {
        "id",
        "customer_id",
        "product_id",
        "tax_id",
        "version",
        "share_token",
        "created_at",
        "template_id",
        "send_log",
    }
    assert not ours & (public.keys() | public["items"][0].keys())
    assert "id" not in public["customer"]


@pytest.mark.parametrize(
    ("verb", "status", "said", "reason"),
    [("accept", "accepted", "Accepted", None), ("reject", "rejected", "Declined", "Zu teuer")],
)
def test_a_customer_confirms_an_answer_on_a_second_page(
    api: Api, verb: str, status: str, said: str, reason: str | None
) -> None:
    made = a_quotation(api, 100)
    path = path_of(api.data(act(api, made, "publish")), "quotations")
    page = page_of(api.client.get(path))
    assert (page.forms, page.links[:3]) == ([], [f"{path}/accept", f"{path}/reject", f"{path}/pdf"])
    second = page_of(api.client.get(f"{path}/{verb}"))
    assert second.forms == [("post", f"{path}/{verb}")]
    assert ("textarea" in second.elements) == (reason is not None)
    assert path in second.links
    assert status_of(api, made) == "sent"
    response = api.client.post(f"{path}/{verb}", data={"name": "Änne", "reason": reason or ""})
    assert (response.status_code, response.headers["Location"]) == (303, path)
    told = api.data(api.get(f"/quotations/{made['id']}"))
    assert (told["status"], told["answered_by"], told["answer_reason"]) == (status, "Änne", reason)
    after = page_of(api.client.get(path))
    assert (after.links[:1], after.after(after.title).split()[0]) == ([f"{path}/pdf"], said)
    # The page is for whoever has the link, the name for the seller.
    assert "Änne" not in "".join(after.texts)


@pytest.mark.parametrize(("verb", "other"), [("accept", "reject"), ("reject", "accept")])
def test_what_is_answered_is_answered(api: Api, verb: str, other: str) -> None:
    path = shared(api, "quotations")
    answer = {"name": "Ann"}
    assert api.client.post(f"{path}/{verb}", data=answer).status_code == 303
    assert api.client.post(f"{path}/{verb}", data=answer).status_code == 303
    refused = api.client.post(f"{path}/{other}", data=answer)
    assert (refused.status_code, page_of(refused).title) == (409, "This is not possible any more")
    for late in (api.client.get(f"{path}/{other}"), api.client.post(f"{path}/{other}")):
        assert (late.status_code, late.headers["Location"]) == (303, path)


@pytest.mark.parametrize("name", [{}, {"name": ""}, {"name": " \t"}])
def test_an_answer_without_a_name_is_asked_for_again(api: Api, name: dict[str, str]) -> None:
    made = a_quotation(api, 100)
    path = path_of(api.data(act(api, made, "publish")), "quotations")
    response = api.client.post(f"{path}/reject", data={"reason": "<b>No</b> \u202eneed", **name})
    page = page_of(response)
    assert (response.status_code, page.forms) == (422, [("post", f"{path}/reject")])
    assert {"Please enter your name.", "<b>No</b> need"} <= {*page.texts}
    assert "aria-invalid" in page.attributes
    assert status_of(api, made) == "sent"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (b"name=" + b"x" * 201, 422),
        (b"name=Ann&reason=" + b"x" * 2001, 422),
        (b"name=%FF", 400),
        (b"name=" + b"x" * 70_000, 413),
    ],
)
def test_an_answer_that_no_form_of_ours_sends(api: Api, form: bytes, status: int) -> None:
    path = shared(api, "quotations")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = api.client.post(f"{path}/reject", content=form, headers=headers)
    assert (response.status_code, page_of(response).title) == (status, "This did not work")


def test_an_answer_comes_too_late(database_url: str) -> None:
    clock = Clock(NOON)
    with opened(database_url, clock=clock) as api:
        made = a_quotation(api, 100, valid_until="2026-03-20")
        path = path_of(api.data(act(api, made, "publish")), "quotations")
        clock.set("2026-03-21T00:00:00Z")
        page = page_of(api.client.get(path))
        assert (page.links, "Expired 20 March" in page.texts) == ([f"{path}/pdf"], True)
        assert api.client.get(f"{path}/accept").headers["Location"] == path
        assert api.client.post(f"{path}/accept", data={"name": "Ann"}).status_code == 409
        assert api.client.post(f"/api/v1{path}/accept").json()["code"] == "CONFLICT"
        assert status_of(api, made) == "expired"


def test_an_answer_to_nothing(api: Api) -> None:
    for token in ("nothing", f"1.{'A' * 43}"):
        for form in ({}, {"name": "Ann"}):
            assert api.client.post(f"/public/quotations/{token}/accept", data=form).status_code == 404
        assert api.client.get(f"/public/quotations/{token}/accept").status_code == 404
        assert api.client.post(f"/api/v1/public/quotations/{token}/accept", json={}).status_code == 404


def test_a_token_does_not_reach_the_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    path = shared(api, "quotations")
    for url in (path, f"/api/v1{path}", f"{path}/accept"):
        api.client.get(url)
    logged = "\n".join(record.message for record in caplog.records if record.name.startswith("tallystick"))
    assert path.rpartition(".")[2] not in logged
    assert logged.count("/public/quotations/1.(secret)") == 3


@pytest.mark.parametrize(
    ("method", "path", "language", "status", "title"),
    [
        ("GET", "/public", "en", 404, "There is nothing at this link"),
        ("GET", "/public/invoices/nothing", "sv, de;q=0.5", 404, "Unter diesem Link gibt es nichts"),
        ("GET", "/public/invoices/nothing/pdf", "ar", 404, "لا يوجد شيء على هذا الرابط"),
        ("PUT", "/public/invoices/1", "ja", 405, "うまくいきませんでした"),
    ],
)
def test_whatever_is_refused_is_a_page_in_its_readers_language(
    api: Api, method: str, path: str, language: str, status: int, title: str
) -> None:
    refused = api.client.request(method, path, headers={"Accept-Language": language})
    page = page_of(refused)
    assert (refused.status_code, page.title) == (status, title)
    assert page.direction == ("rtl" if language == "ar" else "ltr")
    assert refused.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("message", sorted({*MESSAGES.values(), "refused"}))
def test_each_refusal_has_its_words(language: str, message: str) -> None:
    page = Page(message_page(language, message, id="0123"))
    assert (page.language, len(page.texts)) == (language, 3)
    assert ("0123" in page.texts[-1]) == (message == "failed")


def test_a_page_that_fails_gives_the_number_of_its_request() -> None:
    response = falcon.Response()
    response.set_header("X-Request-Id", "0123456789abcdef")
    PAGES.refuse(falcon.testing.create_req(), response, BUG)
    assert "with this number: 0123456789abcdef." in str(response.text)


def credited(api: Api, amount: int = 40, *, paid: int = 0) -> Any:
    """A credit note of a shared invoice over 100."""
    invoice = an_invoice(api, 100)
    if paid:
        pay(api, invoice, paid)
    body = {"items": [{"item_id": invoice["items"][0]["id"], "amount": amount}], "reason": "One hour less"}
    return api.data(api.post(f"/invoices/{invoice['id']}/credit-note", body))


def test_a_credit_note_of_a_shared_invoice_has_a_link_of_its_own(api: Api) -> None:
    note = credited(api, paid=90)
    assert note["share_url"].endswith(path_of(note, "credit-notes"))
    assert note["share_token"] != note["invoice"]["share_token"]
    public = api.data(api.client.get(f"/api/v1{path_of(note, 'credit-notes')}"))
    # 10 of the 100 are owed, and 30 more are given back.
    assert (str(public["total"]), str(public["amount_applied"]), str(public["amount_to_credit"])) == (
        "40.00",
        "10.00",
        "30.00",
    )
    assert (public["credit_note_number"], public["reason"]) == (note["credit_note_number"], "One hour less")
    assert not {"id", "customer_id", "version", "share_token", "metadata", "external_id"} & public.keys()
    page = page_of(api.client.get(path_of(note, "credit-notes")))
    assert page.title == f"Credit note {note['credit_note_number']}"
    shown = {"Reason": "One hour less", "Credit for invoice": note["invoice_number"], "To your credit": "30.00"}
    assert {name: page.after(name) for name in shown} == shown
    assert api.client.get(path_of(note, "invoices")).status_code == 404


def test_a_credit_note_of_an_invoice_without_a_link_has_none(api: Api) -> None:
    invoice = a_draft(api, 100)
    api.data(api.post(f"/invoices/{invoice['id']}/mark-sent"))
    note = api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {}))
    assert (note["share_token"], note["share_url"]) == (None, None)


def test_the_link_of_a_credit_note_is_changed_and_withdrawn(api: Api) -> None:
    note = credited(api)
    first, ours = path_of(note, "credit-notes"), f"/credit-notes/{note['id']}"
    rotated = api.data(api.post(f"{ours}/share/rotate"))
    second = path_of(rotated, "credit-notes")
    assert [api.client.get(path).status_code for path in (first, f"/api/v1{first}", second)] == [404, 404, 200]
    revoked = api.data(api.delete(f"{ours}/share"))
    assert (revoked["share_token"], revoked["share_url"]) == (None, None)
    assert api.client.get(second).status_code == 404
    assert api.data(api.delete(f"{ours}/share"))["version"] == revoked["version"] == note["version"] + 2
    told = [event.data for event in recorded(api, f"credit_note:{note['id']}") if event.data]
    assert told[1:] == [{"shared": True, "revoked": True}, {"revoked": True}]
    assert api.differences() == []
