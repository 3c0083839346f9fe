"""What the first versions issued stays as it is, and `verify` finds nothing wrong with it."""

import importlib
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from tests.api import Api
from tests.bills import a_draft, an_invoice, pay
from tests.older import first_versions, larger_amounts
from tests.quotations.offers import a_quotation

pytestmark = pytest.mark.slow

MIGRATION = importlib.import_module(
    "tallystick.store.migrations.versions.0010_bills_keep_the_rules_they_were_computed_by"
)
REBATED: dict[str, Any] = {
    "items": [
        {"description": "Work", "unit_price": 100, "tax_rate": 20},
        {"description": "Rebate", "unit_price": -99, "tax_rate": 0},
    ],
    "discount_type": "amount",
    "discount_value": 1,
}
WITH_REBATE = [
    {"description": "Work", "unit_price": 100, "tax_rate": 20},
    {"description": "Rebate", "unit_price": -30, "tax_rate": 20},
    {"description": "Trip", "unit_price": 50, "tax_rate": 0},
]
LAMPS = [{"description": f"Lamp {n}", "unit_price": "1.32", "tax_rate": 19} for n in range(12)]


def credit(api: Api, invoice: Any, **body: Any) -> Any:
    return api.data(api.post(f"/invoices/{invoice['id']}/credit-note", body or None))


def two_reasons(api: Api) -> list[dict[str, Any]]:
    """Two lines that are exempt for different reasons."""
    for reason in ("Article 132", "Article 135"):
        api.data(api.post("/taxes", {"name": reason, "rate": 0, "category": "E", "exemption_reason": reason}))
    return [{"description": "Care", "unit_price": 10, "tax_id": tax_id} for tax_id in (1, 2)]


def calculations(api: Api, table: str) -> list[str]:
    with api.database.read() as tx:
        return [row.calculation for row in tx.connection.execute(text(f"SELECT calculation FROM {table} ORDER BY id"))]


def test_bills_of_the_first_versions_verify_and_are_credited_to_the_end(api: Api) -> None:
    with first_versions():
        rebated = an_invoice(api, **REBATED)
        exempt = an_invoice(api, items=two_reasons(api))
        offered = a_quotation(api, **REBATED)
        api.data(api.post(f"/quotations/{offered['id']}/publish"))
    assert str(rebated["total"]) == "0.00"
    assert len(exempt["taxes"]) == 2
    assert set(calculations(api, "invoices") + calculations(api, "quotations")) == {"original"}
    assert api.differences() == []
    note = credit(api, exempt)
    assert [row["exemption_reason"] for row in note["taxes"]] == ["Article 132; Article 135"]
    copy = api.data(api.post(f"/invoices/{rebated['id']}/duplicate"))
    assert str(copy["total"]) == "19.80"
    converted = api.data(api.post(f"/quotations/{offered['id']}/convert"))
    assert str(converted["total"]) == "19.80"


def test_credit_notes_of_the_first_versions_verify_and_the_rest_adds_up(api: Api) -> None:
    """Six lamps took 1.51 of tax, and 100.00 of 70.00 at 20 % were credited; what follows makes up for both."""
    with first_versions():
        lamps = an_invoice(api, items=LAMPS)
        first = credit(api, lamps, items=[{"item_id": item["id"]} for item in lamps["items"][:6]])
        rebated = an_invoice(api, items=WITH_REBATE)
        beyond = credit(api, rebated, items=[{"item_id": rebated["items"][0]["id"]}])
    assert (str(first["tax_total"]), str(beyond["total"])) == ("1.51", "120.00")
    assert calculations(api, "credit_notes") == ["original"] * 2
    assert api.differences() == []
    rest = credit(api, lamps)
    assert first["tax_total"] + rest["tax_total"] == lamps["tax_total"] == Decimal("3.01")
    assert beyond["total"] + credit(api, rebated)["total"] == rebated["total"]
    assert calculations(api, "credit_notes") == ["original"] * 2 + ["en16931"] * 2


@pytest.mark.alters
def test_what_an_older_credit_note_gave_beyond_its_invoice_is_still_named(api: Api) -> None:
    with first_versions():
        invoice = an_invoice(api, items=WITH_REBATE[:2])
        credit(api, invoice, items=[{"item_id": invoice["items"][0]["id"]}])
    number = invoice["invoice_number"]
    found = f"invoices 1 ({number}): the sum of its credit notes is 120.00 USD, should be 84.00 USD"
    assert found in api.differences()


@pytest.mark.alters
def test_a_share_of_tax_beyond_its_line_is_named_in_older_credit_notes(api: Api) -> None:
    with first_versions():
        invoice = an_invoice(api, items=WITH_REBATE)
        credit(api, invoice, items=[{"item_id": invoice["items"][0]["id"], "amount": 10}])
    with api.database.transaction("tests") as tx:
        tx.connection.execute(text("UPDATE credit_note_lines SET tax = 2001"))
    expected = f"invoice_lines 1 ({invoice['invoice_number']}): credited tax is 20.01 USD, should be at most 20.00 USD"
    assert expected in api.differences()


@pytest.mark.parametrize("verb", ["publish", "mark-sent", "mark-paid"])
def test_a_draft_of_the_first_versions_is_not_issued_at_another_total_unseen(api: Api, verb: str) -> None:
    with first_versions():
        draft = a_draft(api, **REBATED)
    refused = api.post(f"/invoices/{draft['id']}/{verb}")
    assert refused.status_code == 409
    assert "by the rules of today it comes to 19.80 USD" in refused.json()["error"]
    changed = api.data(api.put(f"/invoices/{draft['id']}", {}))
    assert str(changed["total"]) == "19.80"
    assert str(api.data(api.post(f"/invoices/{draft['id']}/{verb}"))["total"]) == "19.80"


def test_a_draft_of_the_first_versions_whose_sums_stay_is_issued(api: Api) -> None:
    """S at 0 % was what they took for no tax, and two reasons are joined."""
    api.post("/taxes", {"name": "None", "rate": 0})
    with api.database.transaction("tests") as tx:
        tx.connection.execute(text("UPDATE taxes SET category = 'S'"))
    with first_versions():
        draft = a_draft(api, items=[{"description": "Work", "unit_price": 10, "tax_id": 1}])
        assert draft["taxes"][0]["category"] == "S"
        offered = a_quotation(api, items=[{"description": "Work", "unit_price": 10, "tax_id": 1}])
    issued = api.data(api.post(f"/invoices/{draft['id']}/publish"))
    assert [(row["category"], str(row["base"])) for row in issued["taxes"]] == [("Z", "10.00")]
    assert api.data(api.post(f"/quotations/{offered['id']}/publish"))["taxes"][0]["category"] == "Z"
    pay(api, issued, 10)


@pytest.mark.alters
def test_the_migration_marks_what_today_would_be_computed_otherwise(api: Api) -> None:
    exempt = two_reasons(api)
    with first_versions():
        an_invoice(api, **REBATED)
        an_invoice(api, items=exempt)
        a_quotation(api, items=exempt)
        an_invoice(api, items=exempt[:1] * 2)
        an_invoice(api, items=WITH_REBATE)
        an_invoice(api, 100, discount_type="amount", discount_value=1)
    with api.database.transaction("tests") as tx:
        tx.connection.execute(text("UPDATE invoices SET calculation = 'en16931'"))
        for kind in ("quotation", "invoice"):
            marked = MIGRATION.ELSE_COMPUTED.format(bills=f"{kind}s", lines=f"{kind}_lines", owner=f"{kind}_id")
            tx.connection.execute(text(marked))
    assert calculations(api, "invoices") == ["original"] * 2 + ["en16931"] * 3
    assert calculations(api, "quotations") == ["original"]
    # The seals of today cover the mark, which those of the first versions did not know.
    marked_otherwise = "its content is not what it was when seal"
    assert [found.split()[1] for found in api.differences() if marked_otherwise in found] == ["3", "4", "5"]
    assert len(api.differences()) == 3


def test_the_migration_makes_no_tax_zero_rated(api: Api) -> None:
    for rate in ("0", "0.00", "20"):
        api.data(api.post("/taxes", {"name": "Tax", "rate": rate}))
    reason = {"name": "Tax", "rate": 0, "category": "E", "exemption_reason": "Small business"}
    api.data(api.post("/taxes", reason))
    with api.database.transaction("tests") as tx:
        tx.connection.execute(text("UPDATE taxes SET category = 'S'"))
        tx.connection.execute(text(MIGRATION.ZERO_RATED))
    assert [tax["category"] for tax in reversed(api.data(api.get("/taxes")))] == ["Z", "Z", "S", "S"]


def test_amounts_of_the_first_versions_verify_and_are_asked_for_no_more(api: Api) -> None:
    """They took 64 bits. Such a bill can still be paid and credited, and a copy of it is refused."""
    items = [{"description": "Work", "quantity": 100, "unit_price": "200000000000000.0001", "tax_rate": 20}]
    with larger_amounts():
        draft = a_draft(api, items=items)
        paid, credited = (an_invoice(api, items=items) for _ in range(2))
        api.data(api.post(f"/quotations/{a_quotation(api, items=items)['id']}/publish"))
    assert str(draft["total"]) == "24000000000000000.01"
    assert api.data(api.post(f"/invoices/{paid['id']}/mark-paid"))["status"] == "paid"
    assert credit(api, credited)["total"] == credited["total"]
    assert api.differences() == []
    changed = api.put(f"/invoices/{draft['id']}", {"items": items})
    copied = api.post(f"/invoices/{paid['id']}/duplicate")
    for refused in (changed, copied):
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["items.0.unit_price"])
