"""Whether a share page was looked at: by whom, and how often; and where that is told."""

from typing import Any

import falcon
import falcon.testing
import pytest

from tallystick.web.visitors import is_person
from tests.api import Api, opened
from tests.bills import an_invoice
from tests.clock import Clock
from tests.quotations.offers import a_quotation, act
from tests.recorded import names, recorded

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/26.1 Mobile/15E148 Safari/604.1"
)
NOON = "2026-03-15T12:00:00Z"


def look(api: Api, kind: str, bill: Any, **headers: str) -> None:
    page = api.client.get(f"/public/{kind}/{bill['share_token']}", headers={"User-Agent": FIREFOX, **headers})
    assert page.status_code == 200


def views_of(api: Api, path: str) -> tuple[str | None, str | None]:
    bill = api.data(api.get(path))
    return bill["viewed_at"], bill["last_viewed_at"]


@pytest.mark.parametrize(
    ("agent", "headers", "expected"),
    [
        (FIREFOX, {}, True),
        (PHONE, {}, True),
        ("", {}, False),
        ("curl/8.9.1", {}, False),
        ("python-httpx/0.28", {}, False),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", {}, False),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", {}, False),
        ("facebookexternalhit/1.1", {}, False),
        ("WhatsApp/2.23.20.0", {}, False),
        (f"{FIREFOX} HeadlessChrome/141.0", {}, False),
        (FIREFOX, {"Sec-Purpose": "prefetch;prerender"}, False),
        (FIREFOX, {"Purpose": "prefetch"}, False),
        (FIREFOX, {"Sec-Purpose": ""}, True),
        (FIREFOX, {"X-API-Key": "1.x"}, False),
        (FIREFOX, {"Authorization": "Bearer 1.x"}, False),
    ],
)
def test_a_person_has_a_browser_and_no_key(agent: str, headers: dict[str, str], *, expected: bool) -> None:
    sent = {"User-Agent": agent, **headers}
    assert is_person(falcon.testing.create_req(headers=sent)) is expected
    assert not is_person(falcon.testing.create_req(headers=sent, method="HEAD"))


def test_the_first_and_the_last_view_of_each_kind_are_told(database_url: str) -> None:
    clock = Clock(NOON)
    with opened(database_url, clock=clock) as api:
        invoice = an_invoice(api, 100)
        quotation = api.data(act(api, a_quotation(api, 50), "publish"))
        note = api.data(api.post(f"/invoices/{invoice['id']}/credit-note", {}))
        shown = {"invoices": invoice, "quotations": quotation, "credit-notes": note}
        for kind, bill in shown.items():
            path = f"/{kind}/{bill['id']}"
            assert views_of(api, path) == (None, None)
            look(api, kind, bill)
            assert views_of(api, path) == (NOON, NOON)
        clock.set("2026-03-15T12:09:59Z")
        look(api, "invoices", invoice)
        assert views_of(api, f"/invoices/{invoice['id']}") == (NOON, NOON)
        clock.set("2026-03-15T12:10:00Z")
        look(api, "invoices", invoice)
        assert views_of(api, f"/invoices/{invoice['id']}") == (NOON, "2026-03-15T12:10:00Z")
        viewed = [name for name in names(recorded(api)) if name.endswith(".viewed")]
        assert viewed == ["invoice.viewed", "quotation.viewed", "credit_note.viewed", "invoice.viewed"]
        activity = api.data(api.get(f"/invoices/{invoice['id']}/activity"))
        assert [each["actor"] for each in activity if each["type"] == "invoice.viewed"] == ["share link"] * 2
        assert api.data(api.get("/invoices"))[0]["viewed_at"] == NOON
        assert api.differences() == []


def test_what_is_no_look_at_the_page_is_none(api: Api) -> None:
    invoice = an_invoice(api, 100)
    page, person = f"/public/invoices/{invoice['share_token']}", {"User-Agent": FIREFOX}
    assert api.client.head(page, headers=person).status_code == 200
    assert api.client.get(f"{page}/pdf", headers=person).status_code == 200
    assert api.client.get(f"/api/v1{page}", headers=person).status_code == 200
    assert api.client.get(page, headers={**person, "X-API-Key": api.key}).status_code == 200
    assert api.client.get(page).status_code == 200
    assert views_of(api, f"/invoices/{invoice['id']}") == (None, None)


def test_a_view_is_no_change_of_the_bill(api: Api) -> None:
    invoice = an_invoice(api, 100)
    path = f"/invoices/{invoice['id']}"
    before, seen = api.get(path), api.get(f"{path}/pdf").headers["ETag"]
    look(api, "invoices", invoice)
    after = api.get(path)
    assert (after.json()["data"]["version"], after.json()["data"]["updated_at"]) == (
        before.json()["data"]["version"],
        before.json()["data"]["updated_at"],
    )
    # What is shown of it is another all the same.
    assert after.headers["ETag"] != before.headers["ETag"]
    assert api.get(f"{path}/pdf").headers["ETag"] == seen
    assert api.data(api.post(f"{path}/duplicate"))["viewed_at"] is None
