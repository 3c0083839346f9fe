"""Credit notes: whole, by quantity and by amount, each with its share of discount and tax, to the last digit."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api import Api
from tests.bills import a_customer, a_draft, an_invoice, credit_of, pay, refused, standing

THIRDS: dict[str, Any] = {
    "items": [
        {"description": "Chairs", "quantity": 3, "unit_price": "33.33", "tax_rate": 20},
        {"description": "Table", "quantity": 1, "unit_price": "99.99", "tax_rate": 7},
    ],
    "discount_type": "amount",
    "discount_value": "10.00",
}


def credit(api: Api, invoice: Any, **body: Any) -> Any:
    return api.post(f"/invoices/{invoice['id']}/credit-note", body or None)


def test_a_whole_credit_note_takes_all_and_closes_the_invoice(api: Api) -> None:
    """By hand: 99.99 + 99.99 - 10 = 189.98; each line bears 5.00; tax 94.99 x 20 % = 19.00 and x 7 % = 6.65."""
    invoice = an_invoice(api, **THIRDS)
    assert (str(invoice["total"]), str(invoice["tax_total"])) == ("215.63", "25.65")
    note = api.data(credit(api, invoice, reason="All wrong"))
    same = ("subtotal", "discount_amount", "tax_total", "total")
    assert {name: note[name] for name in same} == {name: invoice[name] for name in same}
    assert note["taxes"] == invoice["taxes"]
    assert note["credit_note_number"].startswith("CN-")
    assert standing(api, invoice) == ("paid", "0.00", "215.63", "0.00")
    assert refused(credit(api, invoice)) == (422, "VALIDATION_FAILED")


def test_the_parts_add_up_to_the_whole(api: Api) -> None:
    """Three times one chair of three: 33.33 less 1.67, with 6.33 tax, twice; and then the remainder."""
    invoice = an_invoice(api, **THIRDS)
    chairs = invoice["items"][0]["id"]
    parts = [api.data(credit(api, invoice, items=[{"item_id": chairs, "quantity": 1}])) for _ in range(3)]
    shown = [tuple(str(part[name]) for name in ("subtotal", "discount_amount", "tax_total", "total")) for part in parts]
    assert shown == [
        ("33.33", "1.67", "6.33", "37.99"),
        ("33.33", "1.67", "6.33", "37.99"),
        ("33.33", "1.66", "6.34", "38.01"),
    ]
    rest = api.data(credit(api, invoice))
    assert sum(part["total"] for part in parts) + rest["total"] == invoice["total"] == Decimal("215.63")


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"quantity": 4}, "items.0.quantity"),
        ({"amount": "100.00"}, "items.0.amount"),
        ({"amount": "-1"}, "items.0.amount"),
        ({"amount": "0"}, "items.0.amount"),
        ({"amount": "1.001"}, "items.0.amount"),
        ({"quantity": -1}, "items.0.quantity"),
        ({"quantity": 1, "amount": 1}, "items.0.amount"),
        ({"item_id": 999_999}, "items.0.item_id"),
        ({"item_id": "one"}, "items.0.item_id"),
        ({"amont": 1}, "items.0.amont"),
    ],
)
def test_more_than_is_left_is_refused_and_stores_nothing(api: Api, item: dict[str, Any], field: str) -> None:
    """Scenario C1."""
    invoice = an_invoice(api, **THIRDS)
    response = credit(api, invoice, items=[{"item_id": invoice["items"][0]["id"], **item}])
    assert (response.status_code, list(response.json()["errors"])) == (422, [field])
    assert api.data(api.get("/credit-notes")) == []
    assert standing(api, invoice) == ("sent", "0.00", "0.00", "215.63")


def test_the_same_line_twice_in_one_request_is_refused(api: Api) -> None:
    invoice = an_invoice(api, **THIRDS)
    item = {"item_id": invoice["items"][0]["id"], "quantity": 2}
    response = credit(api, invoice, items=[item, item])
    assert list(response.json()["errors"]) == ["items.1.item_id"]


def test_an_amount_uses_up_the_quantity_in_proportion(api: Api) -> None:
    """40 of a line of 4 x 25 is 1.6 pieces; 2.4 are left, and no more."""
    invoice = an_invoice(api, items=[{"description": "Hours", "quantity": 4, "unit_price": 25, "tax_rate": 0}])
    line = invoice["items"][0]["id"]
    note = api.data(credit(api, invoice, items=[{"item_id": line, "amount": 40}]))
    assert (str(note["items"][0]["quantity"]), str(note["items"][0]["line_total"])) == ("1.6", "40.00")
    assert refused(credit(api, invoice, items=[{"item_id": line, "quantity": "2.5"}])) == (422, "VALIDATION_FAILED")
    assert str(api.data(credit(api, invoice, items=[{"item_id": line, "quantity": "2.4"}]))["total"]) == "60.00"


def test_a_credit_note_on_a_paid_invoice_becomes_credit(api: Api) -> None:
    """Scenario C7."""
    customer_id = a_customer(api)
    invoice = an_invoice(api, 100, customer_id=customer_id)
    pay(api, invoice, 100)
    note = api.data(credit(api, invoice, items=[{"item_id": invoice["items"][0]["id"], "amount": 40}]))
    assert (str(note["amount_applied"]), str(note["amount_to_credit"])) == ("0.00", "40.00")
    assert standing(api, invoice) == ("paid", "100.00", "0.00", "0.00")
    assert credit_of(api, customer_id) == "40.00"


def test_a_credit_note_lowers_the_balance_first(api: Api) -> None:
    customer_id = a_customer(api)
    invoice = an_invoice(api, 100, customer_id=customer_id)
    pay(api, invoice, 80)
    note = api.data(credit(api, invoice, items=[{"item_id": invoice["items"][0]["id"], "amount": 30}]))
    assert (str(note["amount_applied"]), str(note["amount_to_credit"])) == ("20.00", "10.00")
    assert standing(api, invoice) == ("paid", "80.00", "20.00", "0.00")
    assert credit_of(api, customer_id) == "10.00"


def test_prices_that_include_tax_are_credited_with_it(api: Api) -> None:
    """170.00 at 19 % contain 27.142..., and the 340.00 that are credited in the end 54.29."""
    items = [{"description": "Bed", "quantity": 2, "unit_price": 170, "tax_rate": 19}]
    invoice = an_invoice(api, items=items, prices_include_tax=True)
    line = invoice["items"][0]["id"]
    first, rest = (api.data(credit(api, invoice, items=[{"item_id": line, "quantity": 1}])) for _ in range(2))
    assert [(str(note["total"]), str(note["tax_total"])) for note in (first, rest)] == [
        ("170.00", "27.14"),
        ("170.00", "27.15"),
    ]


def test_a_rebate_alone_cannot_be_credited(api: Api) -> None:
    invoice = an_invoice(api, 100, -20)
    rebate = invoice["items"][1]["id"]
    assert refused(credit(api, invoice, items=[{"item_id": rebate, "quantity": 1}])) == (422, "VALIDATION_FAILED")
    assert str(api.data(credit(api, invoice))["total"]) == "80.00"


REBATED = [
    {"description": "Work", "unit_price": 100, "tax_rate": 20},
    {"description": "Rebate", "unit_price": -30, "tax_rate": 20},
]


def test_a_line_is_not_credited_without_its_rebate(api: Api) -> None:
    """70.00 at 20 % is 84.00; the 100.00 alone would be 120.00."""
    customer_id = a_customer(api)
    invoice = an_invoice(api, customer_id=customer_id, items=REBATED)
    response = credit(api, invoice, items=[{"item_id": invoice["items"][0]["id"]}])
    assert refused(response) == (422, "VALIDATION_FAILED")
    assert "70.00 is left" in response.json()["errors"]["items"][0]
    assert standing(api, invoice) == ("sent", "0.00", "0.00", "84.00")
    part = credit(api, invoice, items=[{"item_id": invoice["items"][0]["id"], "amount": 70}])
    assert str(api.data(part)["total"]) == "84.00"
    assert standing(api, invoice) == ("paid", "0.00", "84.00", "0.00")
    rest = api.data(credit(api, invoice))
    assert (str(rest["total"]), str(rest["tax_total"])) == ("0.00", "0.00")
    assert refused(credit(api, invoice)) == (422, "VALIDATION_FAILED")
    assert credit_of(api, customer_id) == "0.00"


def test_credit_notes_at_once_take_no_more_than_there_is(api: Api) -> None:
    """20 notes of 10.00 at 20 % of a line of 100.00: ten succeed, and take the invoice's tax of 20.00."""
    invoice = an_invoice(api, items=[{"description": "Work", "unit_price": 100, "tax_rate": 20}])
    part = {"item_id": invoice["items"][0]["id"], "amount": 10}
    with ThreadPoolExecutor(4) as threads:
        responses = list(threads.map(lambda _n: credit(api, invoice, items=[part]), range(20)))
    assert Counter(response.status_code for response in responses) == {201: 10, 422: 10}
    assert sum(api.data(response)["tax_total"] for response in responses if response.is_success) == 20
    assert standing(api, invoice) == ("paid", "0.00", "120.00", "0.00")


def test_two_whole_credit_notes_at_once_are_one(api: Api) -> None:
    invoice = an_invoice(api, items=REBATED)
    with ThreadPoolExecutor(2) as threads:
        responses = list(threads.map(lambda _n: credit(api, invoice), range(2)))
    assert sorted(response.status_code for response in responses) == [201, 422]


def test_only_issued_invoices_are_credited(api: Api) -> None:
    assert refused(credit(api, a_draft(api, 100))) == (409, "CONFLICT")
    invoice = an_invoice(api, 100)
    api.post(f"/invoices/{invoice['id']}/void")
    assert refused(credit(api, invoice)) == (409, "CONFLICT")


def test_the_list_and_the_invoice_show_it(api: Api) -> None:
    invoice = an_invoice(api, 100)
    note = api.data(credit(api, invoice, reason="Late"))
    listed = api.data(api.get(f"/credit-notes?invoice_id={invoice['id']}"))
    assert [row["id"] for row in listed] == [note["id"]]
    shown = api.data(api.get(f"/credit-notes/{note['id']}"))
    assert (shown["invoice_number"], shown["reason"]) == (invoice["invoice_number"], "Late")
    assert [row["id"] for row in api.data(api.get(f"/invoices/{invoice['id']}"))["credit_notes"]] == [note["id"]]
    assert api.get("/credit-notes/999").status_code == 404


PRICES = st.decimals("0.01", "999.99", places=2)
LINES = st.lists(
    st.tuples(st.integers(1, 9), PRICES, st.sampled_from(["0", "5", "7.7", "19", "20"])), min_size=1, max_size=4
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, percent=st.integers(0, 100), inclusive=st.booleans(), data=st.data())
def test_any_credit_notes_of_an_invoice_add_up_to_it(
    api: Api, lines: list[tuple[int, Decimal, str]], percent: int, inclusive: bool, data: st.DataObject
) -> None:
    items = [
        {"description": "x", "quantity": quantity, "unit_price": str(price), "tax_rate": rate}
        for quantity, price, rate in lines
    ]
    fields: dict[str, Any] = {"discount_type": "percentage", "discount_value": percent, "prices_include_tax": inclusive}
    invoice = an_invoice(api, items=items, **fields)
    notes = []
    for item in invoice["items"]:
        for _ in range(data.draw(st.integers(0, 2))):
            part = {"item_id": item["id"], "quantity": str(data.draw(st.decimals("0.1", "2", places=1)))}
            response = credit(api, invoice, items=[part])
            assert response.status_code in (201, 422), response.text
            notes += [response] if response.is_success else []
    last = credit(api, invoice)
    notes += [last] if last.is_success else []
    for name in ("subtotal", "discount_amount", "tax_total", "total"):
        assert sum(api.data(note)[name] for note in notes) == invoice[name]
    assert api.data(api.get(f"/invoices/{invoice['id']}"))["balance_due"] == 0
