"""Taxes that EN 16931 has no bill for: a draft may have them, and whoever issues it is told the rule."""

from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer, a_draft
from tests.quotations.offers import a_quotation
from tests.recurring.schedules import a_schedule, bills, now, process

RULES = {"E": "BR-E-10", "AE": "BR-AE-10", "K": "BR-IC-10", "G": "BR-G-10", "O": "BR-O-10"}


def a_tax(api: Api, category: str, reason: str | None = None) -> int:
    new = {"name": category, "rate": 20 if category == "S" else 0, "category": category, "exemption_reason": reason}
    tax_id: int = api.data(api.post("/taxes", new))["id"]
    return tax_id


def items(*taxes: int) -> list[dict[str, Any]]:
    return [{"description": "Work", "unit_price": 100, "tax_id": tax_id} for tax_id in taxes]


def rule(response: Any, field: str = "items.0.tax_id") -> str:
    """The rule that a refusal names for a field, and for no other."""
    assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")
    errors = response.json()["errors"]
    assert list(errors) == [field]
    name: str = errors[field][0].partition(":")[0]
    return name


@pytest.mark.parametrize("category", RULES)
def test_an_exempt_bill_needs_its_reason_when_it_is_issued(api: Api, category: str) -> None:
    tax_id = a_tax(api, category)
    draft = a_draft(api, items=items(tax_id))
    for verb in ("publish", "mark-sent", "mark-paid"):
        assert rule(api.post(f"/invoices/{draft['id']}/{verb}")) == RULES[category]
    assert api.data(api.get(f"/invoices/{draft['id']}")) == draft
    api.data(api.put(f"/taxes/{tax_id}", {"exemption_reason": "Article 132"}))
    issued = api.data(api.post(f"/invoices/{draft['id']}/publish"))
    assert issued["invoice_number"].endswith("-0001"), "no number was taken before"
    assert [row["exemption_reason"] for row in issued["taxes"]] == ["Article 132"]


def test_a_quotation_needs_its_reason_when_it_is_issued(api: Api) -> None:
    tax_id = a_tax(api, "E")
    made = a_quotation(api, items=items(tax_id))
    for verb in ("publish", "mark-sent", "accept", "reject", "convert"):
        assert rule(api.post(f"/quotations/{made['id']}/{verb}")) == "BR-E-10"
    assert api.data(api.get("/invoices")) == []
    api.data(api.put(f"/taxes/{tax_id}", {"exemption_reason": "Article 132"}))
    issued = api.data(api.post(f"/quotations/{made['id']}/publish"))
    assert [row["exemption_reason"] for row in issued["taxes"]] == ["Article 132"]


def test_a_batch_names_the_invoice_that_lacks_its_reason(api: Api) -> None:
    draft, other = a_draft(api, items=items(a_tax(api, "AE"))), a_draft(api, 100)
    done = api.data(api.post("/invoices/batch", {"action": "publish", "ids": [draft["id"], other["id"]]}))
    assert (done["succeeded"], [(each["id"], each["code"]) for each in done["errors"]]) == (
        1,
        [(draft["id"], "VALIDATION_FAILED")],
    )
    assert "BR-AE-10" in str(done["errors"])


def test_a_run_that_issues_needs_the_reason_and_one_that_drafts_does_not(api: Api) -> None:
    tax_id = a_tax(api, "K")
    issuing = a_schedule(api, items=items(tax_id))
    drafting = a_schedule(api, items=items(tax_id), auto_issue=False)
    other = a_schedule(api)
    ran = process(api, "2026-01-31")
    assert (ran["created"], [each["id"] for each in ran["errors"]]) == (2, [issuing["id"]])
    assert "BR-IC-10" in ran["errors"][0]["reason"]
    assert [len(bills(api, schedule)) for schedule in (issuing, drafting, other)] == [0, 1, 1]
    api.data(api.put(f"/taxes/{tax_id}", {"exemption_reason": "Article 138"}))
    assert process(api, "2026-01-31")["created"] == 1
    assert now(api, issuing)["last_error"] is None


def test_what_is_outside_the_scope_of_tax_stands_alone(api: Api) -> None:
    outside, standard = a_tax(api, "O", "Not a business"), a_tax(api, "S")
    new = {"customer_id": a_customer(api), "items": items(standard, outside)}
    alone = "BR-O-11 to BR-O-14"
    for path in ("/invoices", "/invoices/preview", "/quotations"):
        assert rule(api.post(path, new), "items.1.tax_id") == alone
    draft = api.data(api.post("/invoices", {**new, "items": items(outside, outside)}))
    assert rule(api.put(f"/invoices/{draft['id']}", {"items": new["items"]}), "items.1.tax_id") == alone
    beside_none = [*items(outside), {"description": "Trip", "unit_price": 1, "tax_rate": 0}]
    assert rule(api.post("/invoices", {**new, "items": beside_none})) == alone
    assert api.data(api.post(f"/invoices/{draft['id']}/publish"))["taxes"][0]["category"] == "O"


def test_two_reasons_of_one_category_share_its_one_row(api: Api) -> None:
    """EN 16931, BR-E-1: exactly one row; its reason (BT-120) is text, which holds both."""
    taxes = [a_tax(api, "E", reason) for reason in ("Article 132", "Article 135", "Article 132")]
    draft = a_draft(api, items=items(*taxes))
    issued = api.data(api.post(f"/invoices/{draft['id']}/publish"))
    assert [(row["category"], str(row["base"]), row["exemption_reason"]) for row in issued["taxes"]] == [
        ("E", "300.00", "Article 132; Article 135")
    ]
    page = api.client.get(f"/public/invoices/{issued['share_token']}")
    assert "<p><bdi>Article 132; Article 135</bdi></p>" in page.text
