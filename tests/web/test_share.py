"""The pages of share links: what they show, to whom, and the answers that a quotation's page takes."""

import logging
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import falcon
import httpx
import pytest

from tallystick.http.refusals import BUG
from tallystick.web.share import PAGES
from tests.api import Api, opened
from tests.bills import a_draft, an_invoice, pay, refused
from tests.clock import Clock
from tests.quotations.offers import a_quotation, act, status_of
from tests.recorded import recorded

NOON = "2026-03-15T12:00:00Z"
SPACE = "\N{NO-BREAK SPACE}"
MARKUP = {"html", "head", "meta", "link", "title", "style", "body", "header", "section", "div", "span", "h1", "h2"}
MARKUP |= {"strong", "time", "p", "table", "thead", "tbody", "tr", "th", "td", "form", "button"}
HOSTILE = "</td></style><script>alert(1)</script><img src=x onerror='alert(2)'>\" onmouseover=\"alert(3)&amp;"
KINDS = ("invoices", "quotations")


class Page(HTMLParser):
    """A page as a browser reads it: its elements, its texts, its forms."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.forms: list[tuple[str, str]] = []
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.elements.add(tag)
        self.attributes |= values.keys()
        if tag == "form":
            self.forms.append((values["method"] or "", values["action"] or ""))

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())

    def after(self, text: str) -> str:
        """The text that follows the last place of another."""
        return self.texts[len(self.texts) - self.texts[::-1].index(text)]


@pytest.fixture
def german(database_url: str) -> Iterator[Api]:
    """An account in Germany, at noon of a day in March."""
    with opened(database_url, clock=Clock(NOON)) as api:
        api.put("/settings", {"currency": "EUR", "iban": "DE02120300000000202051", "address": "Hafen 1\nHamburg"})
        yield api


def path_of(bill: Any, kind: str) -> str:
    return f"/public/{kind}/{bill['share_token']}"


def shared(api: Api, kind: str, **fields: Any) -> str:
    """The path of a new bill's page."""
    draft = a_draft(api, 100, **fields) if kind == "invoices" else a_quotation(api, 100, **fields)
    return path_of(api.data(api.post(f"/{kind}/{draft['id']}/publish")), kind)


def test_an_invoice_is_written_in_its_customers_language(german: Api) -> None:
    customer = german.data(german.post("/customers", {"name": "Ömer & Co", "language": "de", "country": "AT"}))["id"]
    items = [
        {"description": "Entwurf", "quantity": "2.5", "unit": "h", "unit_price": "1000.125", "tax_rate": 19},
        {"description": "Satz", "unit_price": 50, "tax_rate": 7, "discount_type": "percentage", "discount_value": 10},
    ]
    invoice = an_invoice(german, customer_id=customer, items=items, discount_type="amount", discount_value=45.31)
    pay(german, invoice, "1000.10")
    page = Page(german.client.get(path_of(invoice, "invoices")))
    # 2500.3125 + 45.00 = 2545.31, less 45.31 = 2500.00: 44.51 and 0.80 off, so bases 2455.80 and 44.20;
    # tax 466.602 + 3.094 = 469.69; total 2969.69
    assert {"Ömer & Co", "Partially paid", "2,5 h"} <= set(page.texts)
    expected = {
        "Subtotal": f"2.545,31{SPACE}€",
        "Discount": f"−45,31{SPACE}€",
        f"Tax 19{SPACE}% on 2.455,80{SPACE}€": f"466,60{SPACE}€",
        f"Tax 7{SPACE}% on 44,20{SPACE}€": f"3,09{SPACE}€",
        "Total": f"2.969,69{SPACE}€",
        "Paid": f"−1.000,10{SPACE}€",
        "Balance due": f"1.969,59{SPACE}€",
        "Issued": "15. März 2026",
        "Due": "14. April 2026",
        "Example Ltd": "Hafen 1\nHamburg",
    }
    assert {name: page.after(name) for name in expected} == expected
    assert "IBAN DE02120300000000202051" in page.texts


def test_with_prices_that_include_tax_the_tax_stands_below_the_total(german: Api) -> None:
    items = [{"description": "Book", "unit_price": price, "tax_rate": 19} for price in ("340.00", "13.90")]
    page = Page(german.client.get(shared(german, "invoices", items=items, prices_include_tax=True)))
    assert page.after("Total") == "€353.90"
    # 353.90 x 19 / 119 = 56.5050...
    assert page.after(f"Including tax 19{SPACE}% on €297.39") == "€56.51"
    assert page.texts.index("Total") < page.texts.index(f"Including tax 19{SPACE}% on €297.39")


@pytest.mark.parametrize(
    ("credited", "paid", "label"),
    [
        (100, 0, "Credited"),
        (40, 0, "Partially credited"),
        (40, 60, "Paid"),
        (40, 10, "Partially paid"),
        (0, 10, "Partially paid"),
        (0, 100, "Paid"),
        (0, 0, "Sent"),
    ],
)
def test_a_page_claims_no_payment_where_there_was_none(api: Api, credited: int, paid: int, label: str) -> None:
    invoice = an_invoice(api, 100)
    if credited:
        items = [{"item_id": invoice["items"][0]["id"], "amount": credited}]
        api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {"items": items}))
    if paid:
        api.data(pay(api, invoice, paid))
    page = Page(api.client.get(path_of(invoice, "invoices")))
    assert page.after(f"Invoice {invoice['invoice_number']}") == label


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_written_on_a_bill_becomes_markup(api: Api, kind: str) -> None:
    api.put("/settings", {"name": HOSTILE, "address": HOSTILE, "tax_id": HOSTILE, "iban": "DE02120300000000202051"})
    names = ("name", "address", "address_line1", "city", "state", "postal_code", "tax_id")
    customer = api.data(api.post("/customers", dict.fromkeys(names, HOSTILE)))["id"]
    items = [{"description": HOSTILE, "unit": HOSTILE, "unit_price": 1}]
    number = {f"{kind.removesuffix('s')}_number": HOSTILE[:64]}
    fields = {"items": items, "notes": HOSTILE, "payment_terms": HOSTILE, **number}
    path = shared(api, kind, customer_id=customer, **fields)
    page = Page(api.client.get(path))
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
    assert Page(page).texts.count(read) >= 5
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
        assert policy["style-src"].startswith("'sha256-")
        assert "script-src" not in policy


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "token", ["1.{A}", "7.{A}", "1.{A}x", "0.{A}", "{A}", "nothing", "%00", "1.%C3%A9", "x" * 3000]
)
def test_a_link_that_opens_nothing(api: Api, kind: str, token: str) -> None:
    path = f"/public/{kind}/{token.format(A='A' * 43)}"
    page = api.client.get(path)
    assert (page.status_code, Page(page).texts[-2]) == (404, "Not found")
    reply = api.client.get(f"/api/v1{path}")
    assert (reply.status_code, reply.json()["code"]) == (404, "NOT_FOUND")
    # The same whether there is such an account, such a bill or such a form of token.
    assert reply.json()["error"] == "There is nothing at this link."


@pytest.mark.parametrize("action", ["unpublish", "void"])
def test_a_link_ends_with_what_it_shared(api: Api, action: str) -> None:
    invoice = an_invoice(api, 100)
    path = path_of(invoice, "invoices")
    assert api.client.get(path).status_code == api.client.get(f"/api/v1{path}").status_code == 200
    assert api.post(f"/invoices/{invoice['id']}/{action}").is_success
    assert api.client.get(path).status_code == api.client.get(f"/api/v1{path}").status_code == 404


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
    # The page of a voided invoice is none, but its file is.
    assert api.client.get(f"{rotated}/pdf" if kind == "invoices" else rotated).status_code == 200
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


@pytest.mark.parametrize(("verb", "status"), [("accept", "accepted"), ("reject", "rejected")])
def test_a_customer_answers_with_a_form(api: Api, verb: str, status: str) -> None:
    made = a_quotation(api, 100)
    path = path_of(api.data(act(api, made, "publish")), "quotations")
    page = Page(api.client.get(path))
    assert page.forms == [("post", f"{path}/accept"), ("post", f"{path}/reject")]
    response = api.client.post(f"{path}/{verb}", data={})
    assert (response.status_code, response.headers["Location"]) == (303, path)
    assert status_of(api, made) == status
    after = Page(api.client.get(path))
    assert (after.forms, status.capitalize() in after.texts) == ([], True)
    assert api.client.post(f"{path}/{verb}").status_code == 303
    other = api.client.post(f"{path}/{'reject' if verb == 'accept' else 'accept'}")
    assert other.status_code == 409
    assert "This is not possible any more" in Page(other).texts


def test_an_answer_comes_too_late(database_url: str) -> None:
    clock = Clock(NOON)
    with opened(database_url, clock=clock) as api:
        made = a_quotation(api, 100, valid_until="2026-03-20")
        path = path_of(api.data(act(api, made, "publish")), "quotations")
        clock.set("2026-03-21T00:00:00Z")
        page = Page(api.client.get(path))
        assert (page.forms, "Expired" in page.texts) == ([], True)
        assert api.client.post(f"{path}/accept").status_code == 409
        assert api.client.post(f"/api/v1{path}/accept").json()["code"] == "CONFLICT"
        assert status_of(api, made) == "expired"


def test_an_answer_to_nothing(api: Api) -> None:
    for token in ("nothing", f"1.{'A' * 43}"):
        assert api.client.post(f"/public/quotations/{token}/accept").status_code == 404
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
    ("method", "path", "status", "title"),
    [("GET", "/public", 404, "Not found"), ("PUT", "/public/invoices/1", 405, "This did not work")],
)
def test_whatever_is_refused_is_a_page(api: Api, method: str, path: str, status: int, title: str) -> None:
    refused = api.client.request(method, path)
    assert (refused.status_code, Page(refused).texts[-2]) == (status, title)
    assert refused.headers["X-Frame-Options"] == "DENY"


def test_a_page_that_fails_gives_the_number_of_its_request() -> None:
    response = falcon.Response()
    response.set_header("X-Request-Id", "0123456789abcdef")
    PAGES.refuse(response, BUG)
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
    page = Page(api.client.get(path_of(note, "credit-notes")))
    assert {f"Credit note {note['credit_note_number']}", "One hour less"} <= set(page.texts)
    assert {name: page.after(name) for name in ("Total", "Off the invoice", "Your credit")} == {
        "Total": "$40.00",
        "Off the invoice": "$10.00",
        "Your credit": "$30.00",
    }
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
