"""Templates of an account's own: made, changed, chosen, and refused where they fail."""

from typing import Any

import pytest
from falcon.testing import create_environ

from tallystick.accounts.types import Scope
from tallystick.documents import pdf, sample
from tallystick.http import gateway
from tallystick.http.queues import QUEUE, Queue, WrongQueue
from tests.api import Api
from tests.bills import a_customer, an_invoice, pay, refused
from tests.documents.pdfs import text_of
from tests.recorded import names, recorded

pytestmark = pytest.mark.slow

NO_TEMPLATE = "There is no such template."
OURS = '#import "parts.typ": *\n#set document(title: d.heading)\nOurs: #d.heading'


def made(api: Api, **fields: Any) -> Any:
    return api.data(api.post("/templates", {"name": "Ours", **fields}))


def said(api: Api, invoice: Any, **params: str) -> str:
    response = api.get(f"/invoices/{invoice['id']}/pdf", params=params)
    assert response.status_code == 200, response.text
    return " ".join(text_of(response.content))


def test_those_that_come_along_are_listed_and_stay_as_they_are(api: Api) -> None:
    listed = api.data(api.get("/templates"))
    assert [(each["id"], each["built_in"], each["is_default"]) for each in listed] == [
        ("classic", True, True),
        ("modern", True, False),
    ]
    assert api.data(api.get("/templates/classic"))["source"] == pdf.BUILT_INS["classic"].decode()
    assert refused(api.put("/templates/classic", {"name": "Other"})) == (409, "CONFLICT")
    assert refused(api.delete("/templates/modern")) == (409, "CONFLICT")
    assert api.get("/templates/7").status_code == 404
    assert api.get("/templates/none").status_code == 404


def test_one_is_made_of_its_source_or_as_a_copy(api: Api) -> None:
    copy = made(api, **{"from": "modern"})
    assert copy["source"] == pdf.BUILT_INS["modern"].decode()
    assert made(api, **{"from": copy["id"]})["source"] == copy["source"]
    assert made(api, source=OURS)["source"] == OURS
    for wrong in ({}, {"source": OURS, "from": "classic"}):
        answer = api.post("/templates", {"name": "Ours", **wrong})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["source"])
    answer = api.post("/templates", {"name": "Ours", "from": "none"})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["from"])


def test_a_bill_is_set_by_the_one_asked_for_else_its_own_else_the_default(api: Api) -> None:
    ours = made(api, source=OURS)
    own, other = an_invoice(api, 100, template_id=ours["id"]), an_invoice(api, 100)
    assert f"Ours: Invoice {own['invoice_number']}" in said(api, own)
    assert "Ours" not in said(api, own, template="classic")
    assert "Ours" not in said(api, other)
    assert "Ours" in said(api, other, template=ours["id"])
    assert api.data(api.put(f"/templates/{ours['id']}/default"))["is_default"] is True
    assert "Ours" in said(api, other)
    assert names(recorded(api))[-1] == "settings.updated"
    assert refused(api.delete(f"/templates/{ours['id']}")) == (409, "CONFLICT")
    api.data(api.put("/templates/classic/default"))
    assert "Ours" not in said(api, other)
    api.data(api.delete(f"/templates/{ours['id']}"))
    # A bill keeps the name of a template that is gone, and is set by the default.
    assert "Ours" not in said(api, own)
    assert api.get(f"/invoices/{own['id']}/pdf", params={"template": ours["id"]}).status_code == 422


def test_what_names_none_is_set_by_the_customers(api: Api) -> None:
    ours, customer = made(api, source=OURS)["id"], a_customer(api)
    invoice = an_invoice(api, 100, customer_id=customer)
    own = an_invoice(api, 100, customer_id=customer, template_id="modern")
    payment = api.data(pay(api, invoice, 40))
    note = api.data(api.post(f"/invoices/{own['id']}/credit-note", {}))
    others = [f"/payments/{payment['id']}", f"/credit-notes/{note['id']}", f"/customers/{customer}/statement"]
    before = api.get(f"/invoices/{invoice['id']}/pdf")
    assert api.data(api.put(f"/customers/{customer}", {"template_id": ours}))["template_id"] == ours
    assert "Ours: Invoice" in said(api, invoice)
    seen = {"If-None-Match": before.headers["ETag"]}
    assert api.get(f"/invoices/{invoice['id']}/pdf", headers=seen).status_code == 200
    assert "Ours" not in said(api, own)
    assert "Ours" not in said(api, invoice, template="classic")
    assert ["Ours" in " ".join(text_of(api.get(f"{path}/pdf").content)) for path in others] == [True, False, True]
    assert refused(api.delete(f"/templates/{ours}")) == (409, "CONFLICT")
    api.data(api.put(f"/customers/{customer}", {"template_id": None}))
    assert "Ours" not in said(api, invoice)
    api.data(api.delete(f"/templates/{ours}"))


def test_a_customer_has_one_of_the_accounts_own_or_one_that_comes_along(api: Api, database_url: str) -> None:
    foreign = made(Api(api.database), source=OURS)["id"]
    for wrong in (foreign, "999", "none"):
        for answer in (
            api.post("/customers", {"name": "Ann", "template_id": wrong}),
            api.put(f"/customers/{a_customer(api)}", {"template_id": wrong}),
        ):
            assert (answer.status_code, answer.json()["errors"]) == (422, {"template_id": [NO_TEMPLATE]})
    for template in ("modern", made(api, source=OURS)["id"]):
        customer = a_customer(api, template_id=template)
        assert api.data(api.get(f"/customers/{customer}"))["template_id"] == template


def test_an_id_with_zeros_before_it_is_the_same(api: Api) -> None:
    ours = made(api, source=OURS)
    assert api.data(api.put(f"/templates/00{ours['id']}/default"))["is_default"] is True
    assert api.data(api.get(f"/templates/{ours['id']}"))["is_default"] is True
    assert refused(api.delete(f"/templates/{ours['id']}")) == (409, "CONFLICT")


def test_a_change_shows_at_once_and_a_stale_one_is_refused(api: Api) -> None:
    ours = made(api, source=OURS)
    invoice = an_invoice(api, 100, template_id=ours["id"])
    assert "Ours" in said(api, invoice)
    changed = api.data(api.put(f"/templates/{ours['id']}", {"source": OURS.replace("Ours", "Theirs")}))
    assert changed["version"] == ours["version"] + 1
    assert "Theirs" in said(api, invoice)
    stale = api.put(f"/templates/{ours['id']}", {"name": "Late", "version": ours["version"]})
    assert refused(stale) == (409, "CONFLICT")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("#let x =", "main:1:"),
        ('#panic("because")', "panicked with: because"),
        ('#read("/etc/passwd")', "file not found"),
        ("x" * 200_001, "at most 200,000 bytes"),
    ],
)
def test_one_that_fails_is_refused_in_the_words_of_the_compiler(api: Api, source: str, words: str) -> None:
    ours = made(api, source=OURS)
    for answer in (
        api.post("/templates", {"name": "Bad", "source": source}),
        api.put(f"/templates/{ours['id']}", {"source": source}),
    ):
        assert answer.status_code == 422
        assert words in answer.json()["errors"]["source"][0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [(rb"\ud800", 422), (rb"\u0000", 422), (b"\xff\xfe", 400), (b"x" * 10_000_000, 413)],
)
def test_what_is_no_text_is_no_source(api: Api, source: bytes, expected: int) -> None:
    headers = {"Content-Type": "application/json"}
    kept = api.request("POST", "/templates", content=b'{"name": "Bad", "source": "%b"}' % source, headers=headers)
    tried = api.request("POST", "/templates/classic/preview", content=b'{"source": "%b"}' % source, headers=headers)
    assert (kept.status_code, tried.status_code) == (expected, expected)


def test_one_that_fails_on_a_bill_alone_is_told_to_whoever_asks(api: Api) -> None:
    ours = made(api, source=f'{OURS}\n#if d.subject == "trap" {{ panic("caught") }}')
    invoice = an_invoice(api, 100, template_id=ours["id"], title="trap")
    answer = api.get(f"/invoices/{invoice['id']}/pdf")
    assert answer.status_code == 422
    assert "caught" in answer.json()["errors"]["template"][0]


def test_what_own_templates_set_delays_no_other_download(api: Api) -> None:
    ours = made(api, source=OURS)["id"]
    plain, own = an_invoice(api, 100), an_invoice(api, 100, template_id=ours)
    paths = [f"/invoices/{bill['id']}/pdf" for bill in (plain, own)]
    assert [sent_on(api, path) for path in (*paths, "/invoices/export/pdf")] == [False, True, True]
    api.get(paths[1])
    # Once it is made, it is there.
    assert not sent_on(api, paths[1])


def sent_on(api: Api, path: str) -> bool:
    """Whether a download leaves the queue of what is long for the one of what waits for another process."""
    headers = {"X-API-Key": api.key}
    try:
        gateway.call(api.application, create_environ(f"/api/v1{path}", headers=headers) | {QUEUE: Queue.LONG})
    except WrongQueue as wrong:
        return wrong.right is Queue.APART
    return False


def test_another_accounts_is_nowhere(api: Api, database_url: str) -> None:
    ours = made(api, source=OURS)
    other = Api(api.database)
    assert other.get(f"/templates/{ours['id']}").status_code == 404
    assert other.put(f"/templates/{ours['id']}/default").status_code == 404
    foreign = an_invoice(other, 100, template_id=ours["id"])
    assert "Ours" not in said(other, foreign)


def test_they_are_for_admins_alone(api: Api) -> None:
    ours = made(api, source=OURS)["id"]
    headers = {"X-API-Key": api.new_key(Scope.WRITE)}
    for method, path in (("GET", ""), ("GET", f"/{ours}"), ("PUT", f"/{ours}"), ("PUT", f"/{ours}/default")):
        assert api.request(method, f"/templates{path}", headers=headers).status_code == 403
    for path, body in (("", {"name": "Ours", "source": OURS}), ("/classic/preview", {})):
        assert api.post(f"/templates{path}", body, headers=headers).status_code == 403
    assert api.delete(f"/templates/{ours}", headers=headers).status_code == 403


def previewed(api: Api, template: str, **body: Any) -> str:
    response = api.post(f"/templates/{template}/preview", body)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/pdf"
    assert "Content-Disposition" not in response.headers
    return " ".join(text_of(response.content))


def test_a_source_is_tried_on_the_sample_bill_or_an_invoice_and_is_not_kept(api: Api) -> None:
    api.data(api.put("/settings", {"name": "Fernhill & Co"}))
    ours, invoice = made(api, source=OURS)["id"], an_invoice(api, 100)
    theirs = OURS.replace("Ours", "Theirs, of #d.seller.name")
    assert previewed(api, ours) == f"Ours: Invoice {sample.NUMBER}"
    assert previewed(api, ours, source=theirs) == f"Theirs, of Fernhill & Co: Invoice {sample.NUMBER}"
    heading = f"Invoice {invoice['invoice_number']}"
    assert previewed(api, ours, source=theirs, invoice_id=invoice["id"]) == f"Theirs, of Fernhill & Co: {heading}"
    assert invoice["invoice_number"] in previewed(api, "modern", invoice_id=str(invoice["id"]))
    assert api.data(api.get(f"/templates/{ours}"))["source"] == OURS


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"source": "#let x ="}, "source", "main:1:"),
        ({"source": "x" * 200_001}, "source", "at most 200,000 bytes"),
        ({"invoice_id": 7}, "invoice_id", "There is no such invoice."),
        ({"html": "<p>"}, "html", "Is not a field"),
    ],
)
def test_what_cannot_be_previewed_is_told_by_its_field(api: Api, body: Any, field: str, words: str) -> None:
    refusal = api.post("/templates/classic/preview", body)
    assert (refusal.status_code, list(refusal.json()["errors"])) == (422, [field])
    assert words in refusal.json()["errors"][field][0]


def test_no_template_is_previewed_that_is_not_the_accounts(api: Api, database_url: str) -> None:
    ours, other = made(api, source=OURS)["id"], Api(api.database)
    assert other.post(f"/templates/{ours}/preview", {}).status_code == 404
    foreign = other.post("/templates/classic/preview", {"invoice_id": an_invoice(api, 100)["id"]})
    assert (foreign.status_code, list(foreign.json()["errors"])) == (422, ["invoice_id"])
