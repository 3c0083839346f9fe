"""What is shown: invoices of every API, in the words and the figures of this one."""

from decimal import Decimal
from typing import Any

import pytest

from tallystick.core.short_code import short_code
from tests.api import opened
from tests.bills import a_customer, an_invoice, pay
from tests.clock import Clock
from tests.dialects.invoice_ng.calls import Calls, whole


def items(calls: Calls, invoice_id: object) -> list[tuple[str, str, str, str]]:
    """The items of an invoice, as its GET shows them."""
    shown = whole(calls.get(f"/{invoice_id}"))["items"]
    return [(item["description"], str(item["quantity"]), item["rate"], item["amount"]) for item in shown]


def sums(calls: Calls, invoice_id: object) -> tuple[str, str, str, str]:
    """The rate of an invoice and what it adds up to."""
    shown = calls.invoice(invoice_id)
    rate, *amounts = (str(shown[name]) for name in ("tax_rate", "sub_total", "tax_amount", "total"))
    assert Decimal(amounts[0]) + Decimal(amounts[1]) == Decimal(amounts[2])
    assert sum(Decimal(item[3]) for item in items(calls, invoice_id)) == Decimal(amounts[0])
    return (rate, *amounts)  # type: ignore[return-value]  # four texts


def line(price: object, rate: object = 0, **fields: Any) -> dict[str, Any]:
    return {"description": "Work", "unit_price": str(price), "tax_rate": str(rate), **fields}


def test_every_issued_invoice_is_listed_newest_first(calls: Calls) -> None:
    made = [calls.an_id(), str(an_invoice(calls.api, 100)["id"]), calls.an_id(invoice_no="INV-02", currency="USD")]
    assert [row["id"] for row in whole(calls.get("/all"))["data"]] == made[::-1]
    with_page = whole(calls.get("/all?limit=2&page=2&colour=red"))["data"]
    assert [row["id"] for row in with_page] == made[:1]


def test_a_row_of_the_list_says_what_the_invoice_says(calls: Calls) -> None:
    invoice_id = calls.an_id(note="Thank you")
    (row,) = whole(calls.get("/all"))["data"]
    instants = {name: row.pop(name) for name in ("created_at", "updated_at")}
    assert row == calls.invoice(invoice_id)
    edited = whole(calls.put(invoice_id))["invoice"][0]
    assert edited == {**row, **instants}


@pytest.mark.parametrize(
    ("currency", "price", "total", "tax", "paid"),
    [
        # 0 digits: 333 + 6.66, half up 7.
        ("JPY", "333", "340", "7", "100"),
        # 2 digits: 19.99 + 0.3998, half up 0.40.
        ("USD", "19.99", "20.39", "0.4", "0.5"),
        # 3 digits: 19.999 + 0.39998, half up 0.400.
        ("BHD", "19.999", "20.399", "0.4", "0.125"),
        # Nothing after the point, and no exponent.
        ("NGN", "1000000", "1020000", "20000", "20000"),
    ],
)
def test_amounts_are_as_short_as_can_be(
    calls: Calls, currency: str, price: str, total: str, tax: str, paid: str
) -> None:
    invoice = an_invoice(calls.api, currency=currency, items=[line(price, 2)])
    calls.api.data(pay(calls.api, invoice, paid))
    text = calls.get(f"/{invoice['id']}").text
    due = format((Decimal(total) - Decimal(paid)).normalize(), "f")
    assert f'"tax_rate":2,"tax_amount":{tax},"sub_total":{price},"total":{total},' in text
    assert f'"amount_paid":"{paid}","outstanding_balance":"{due}",' in text
    assert f'"quantity":1,"rate":"{price}","amount":"{price}"' in text
    assert f'"amount":{paid},"bank":""' in text


def test_a_price_and_a_quantity_are_exact(calls: Calls) -> None:
    items = [{"description": "Second", "quantity": "0.000001", "rate": "120000.000000000001"}]
    text = calls.get(f"/{calls.an_id(items=items)}").text
    assert '"quantity":0.000001,"rate":"120000.000000000001","amount":"0.12"' in text


def test_several_rates_are_shown_as_one(calls: Calls) -> None:
    # 19 % of 100 and 7 % of 50: 22.50 on 150, which are 15 %.
    assert sums(calls, an_invoice(calls.api, items=[line(100, 19), line(50, 7)])["id"]) == (
        "15",
        "150",
        "22.5",
        "172.5",
    )
    # 20 % of 10 and none of 20: 2 on 30, which are 6.666... %.
    assert sums(calls, an_invoice(calls.api, items=[line(10, 20), line(20)])["id"]) == ("6.67", "30", "2", "32")
    # The same rate, by two taxes.
    zero = calls.api.data(calls.api.post("/taxes", {"name": "None", "rate": 0, "category": "Z"}))["id"]
    assert sums(calls, an_invoice(calls.api, items=[line(10), line(20, tax_id=zero)])["id"]) == ("0", "30", "0", "30")
    # Of nothing there is no rate.
    assert sums(calls, an_invoice(calls.api, items=[line(10, 20), line(-10)])["id"]) == ("0", "0", "2", "2")


def test_a_discount_on_the_whole_is_one_more_item(calls: Calls) -> None:
    discount: dict[str, Any] = {"discount_type": "percentage", "discount_value": 10}
    invoice_id = an_invoice(calls.api, items=[line(100, 20), line("0.05", 20)], **discount)["id"]
    # 10 % of 100.05 are 10.005, half up 10.01; 20 % of 90.04 are 18.008.
    assert items(calls, invoice_id) == [
        ("Work", "1", "100", "100"),
        ("Work", "1", "0.05", "0.05"),
        ("Discount", "1", "-10.01", "-10.01"),
    ]
    assert sums(calls, invoice_id) == ("20", "90.04", "18.01", "108.05")


HALF: dict[str, Any] = {"discount_type": "percentage", "discount_value": 50}


def test_the_discounts_on_lines_are_one_more_item(calls: Calls) -> None:
    own = {"quantity": 3, "discount_type": "amount", "discount_value": 5}
    invoice_id = an_invoice(calls.api, items=[line("33.33", **own), line(10, **HALF), line(1)])["id"]
    assert items(calls, invoice_id) == [
        ("Work", "3", "33.33", "99.99"),
        ("Work", "1", "10", "10"),
        ("Work", "1", "1", "1"),
        ("Discount", "1", "-10", "-10"),
    ]


def test_the_discounts_on_lines_and_on_the_whole_are_one_item(calls: Calls) -> None:
    whole_too: dict[str, Any] = {"discount_type": "amount", "discount_value": 7}
    invoice_id = an_invoice(calls.api, items=[line(100, **HALF), line(10)], **whole_too)["id"]
    assert items(calls, invoice_id)[2:] == [("Discount", "1", "-57", "-57")]
    assert sums(calls, invoice_id) == ("0", "53", "0", "53")


@pytest.mark.parametrize(("percent", "expected"), [(50, "-50"), (100, "-100")])
def test_a_discount_on_a_line_with_tax_is_shown_without(calls: Calls, percent: int, expected: str) -> None:
    own = {"discount_type": "percentage", "discount_value": percent}
    invoice_id = an_invoice(calls.api, items=[line(119, 19, **own), line(119, 19)], prices_include_tax=True)["id"]
    work = ("Work", "1", "100", "100")
    assert items(calls, invoice_id) == [work, work, ("Discount", "1", expected, expected)]


def test_items_sent_back_with_another_text_cost_the_same(calls: Calls) -> None:
    invoice_id = an_invoice(calls.api, items=[line(100, 20, **HALF), line(10, 20)])["id"]
    first, *others = whole(calls.get(f"/{invoice_id}"))["items"]
    whole(calls.put(invoice_id, items=[{**first, "description": "Work, as agreed"}, *others]))
    assert sums(calls, invoice_id) == ("20", "60", "12", "72")


def test_prices_that_include_tax_are_shown_without(calls: Calls) -> None:
    invoice_id = an_invoice(calls.api, items=[line(119, 19), line(100, 19, quantity=3)], prices_include_tax=True)["id"]
    # In 419.00 are 419 x 19 / 119 = 66.8992; the first line has 19.00 of it.
    # The second: 300.00 - 47.90 of tax = 252.10, a third of which is 84.033333...
    assert items(calls, invoice_id) == [("Work", "1", "100", "100"), ("Work", "3", "84.033333", "252.1")]
    assert sums(calls, invoice_id) == ("19", "352.1", "66.9", "419")


def test_a_discount_on_prices_that_include_tax_is_shown_without(calls: Calls) -> None:
    content: dict[str, Any] = {"discount_type": "amount", "discount_value": 11.9, "prices_include_tax": True}
    invoice_id = an_invoice(calls.api, items=[line(119, 19)], **content)["id"]
    # 107.10 are to be paid, of which 17.10 are tax.
    assert items(calls, invoice_id) == [("Work", "1", "100", "100"), ("Discount", "1", "-10", "-10")]
    assert sums(calls, invoice_id) == ("19", "90", "17.1", "107.1")


@pytest.mark.parametrize("prices_include_tax", [False, True])
@pytest.mark.parametrize("rounding", ["document", "line"])
def test_the_items_always_add_up_to_the_sub_total(calls: Calls, rounding: str, prices_include_tax: bool) -> None:
    calls.api.data(calls.api.put("/settings", {"rounding": rounding}))
    own = {"discount_type": "percentage", "discount_value": "12.5"}
    several = [line(f"{n}.{n}7", rate, quantity=n, **own) for n in (1, 2, 3) for rate in (5, 7, "7.5")]
    content: dict[str, Any] = {
        "discount_type": "percentage",
        "discount_value": "3.3",
        "prices_include_tax": prices_include_tax,
    }
    sums(calls, an_invoice(calls.api, items=several, **content)["id"])


def test_a_changed_rate_keeps_what_else_a_line_says(calls: Calls) -> None:
    own = {"quantity": 3, "unit": "hour", "discount_type": "percentage", "discount_value": 50}
    content: dict[str, Any] = {"discount_type": "amount", "discount_value": 5}
    invoice_id = an_invoice(calls.api, items=[line(10, 20, **own)], **content)["id"]
    whole(calls.put(invoice_id, tax_rate=10))
    # Half of 30 less 5 are 10.
    assert sums(calls, invoice_id) == ("10", "10", "1", "11")
    assert calls.native(invoice_id)["items"][0]["unit"] == "hour"


def test_new_items_take_the_place_of_discounts_and_of_prices_with_tax(calls: Calls) -> None:
    content: dict[str, Any] = {"discount_type": "amount", "discount_value": 5, "prices_include_tax": True}
    invoice_id = an_invoice(calls.api, items=[line(119, 19)], **content)["id"]
    whole(calls.put(invoice_id, items=[{"description": "Work", "quantity": 1, "rate": 100}]))
    assert sums(calls, invoice_id) == ("19", "100", "19", "119")


def test_new_items_keep_the_tax_of_the_account_that_all_had(calls: Calls) -> None:
    reason = {"rate": 0, "category": "E", "exemption_reason": "Books"}
    tax = calls.api.data(calls.api.post("/taxes", {"name": "Exempt", **reason}))["id"]
    invoice_id = an_invoice(calls.api, items=[{"description": "Book", "unit_price": 10, "tax_id": tax}])["id"]
    whole(calls.put(invoice_id, items=[{"description": "Books", "quantity": 2, "rate": 10}], tax_rate=0))
    assert [item["tax_id"] for item in calls.native(invoice_id)["items"]] == [tax]


def test_new_items_in_the_place_of_several_rates_want_one(calls: Calls) -> None:
    invoice_id = an_invoice(calls.api, items=[line(100, 19), line(50, 7)])["id"]
    new = [{"description": "Work", "quantity": 1, "rate": 100}]
    refused = calls.put(invoice_id, items=new)
    sentence = "tax_rate: Is required with new items: those of now have several tax rates."
    assert (refused.status_code, refused.json()["message"]) == (422, sentence)
    whole(calls.put(invoice_id, items=new, tax_rate=15))
    assert sums(calls, invoice_id) == ("15", "100", "15", "115")


def test_what_is_not_set_is_empty(calls: Calls) -> None:
    invoice = an_invoice(calls.api, 100)
    calls.api.data(pay(calls.api, invoice, 10))
    shown = calls.invoice(invoice["id"])
    texts = ("description", "customer_phone", "customer_address", "note")
    assert [shown[name] for name in texts] == ["", "", "", ""]
    (payment,) = whole(calls.get(f"/{invoice['id']}"))["payments"]
    assert (payment["reference"], payment["bank"]) == ("", "")


def test_an_address_in_parts_is_shown_as_one(calls: Calls) -> None:
    parts = {"address_line1": "12 High Street", "city": "Leeds", "postal_code": "LS1 1AA", "country": "GB"}
    invoice = an_invoice(calls.api, 100, customer_id=a_customer(calls.api, **parts))
    assert calls.invoice(invoice["id"])["customer_address"] == "12 High Street, Leeds, LS1 1AA, GB"


def test_a_credit_note_shows_only_in_what_is_due(calls: Calls) -> None:
    invoice = an_invoice(calls.api, 100)
    items = [{"item_id": invoice["items"][0]["id"], "amount": 40}]
    calls.api.data(calls.api.post(f"/invoices/{invoice['id']}/credit-note", {"items": items}))
    shown = calls.invoice(invoice["id"])
    assert (shown["total"], shown["amount_paid"], shown["outstanding_balance"]) == (100, "0", "60")
    assert (shown["payment_status"], whole(calls.get(f"/{invoice['id']}"))["payments"]) == ("Not Paid", [])
    whole(calls.get(f"/paid/{invoice['id']}"))
    shown = calls.invoice(invoice["id"])
    assert (shown["payment_status"], shown["amount_paid"], shown["outstanding_balance"]) == ("Paid", "60", "0")


def test_a_payment_shows_its_part_and_an_attempt_that_it_failed(calls: Calls) -> None:
    client = a_customer(calls.api)
    two = [an_invoice(calls.api, 100, customer_id=client)["id"] for _ in range(2)]
    shares = [{"invoice_id": invoice_id, "amount": 20} for invoice_id in two]
    both = {"customer_id": client, "amount": 40, "allocations": shares, "reference": "TX-1"}
    calls.api.data(calls.api.post("/payments", both))
    calls.api.data(calls.api.post(f"/invoices/{two[0]}/payments", {"amount": "7.5", "status": "failed"}))
    shown = whole(calls.get(f"/{two[0]}"))["payments"]
    assert [(each["status"], each["reference"], each["amount"]) for each in shown] == [
        ("success", "TX-1", 20),
        ("failed", "", Decimal("7.5")),
    ]


def test_an_invoice_of_nothing_is_paid(calls: Calls) -> None:
    invoice_id = calls.an_id(items=[{"description": "Gift", "quantity": 1, "rate": 0}])
    assert calls.invoice(invoice_id)["payment_status"] == "Paid"
    whole(calls.get(f"/not-paid/{invoice_id}"))


def test_times_are_those_of_the_accounts_wall(database_url: str) -> None:
    with opened(database_url, clock=Clock("2026-03-29T00:30:00Z")) as api:
        calls = Calls(api)
        api.data(api.put("/settings", {"timezone": "Asia/Kathmandu"}))
        invoice_id = calls.an_id(payment_status="Paid")
        (row,) = whole(calls.get("/all"))["data"]
        # Kathmandu is 5:45 ahead.
        assert (row["created_at"], row["updated_at"]) == ("2026-03-29 06:15:00", "2026-03-29 06:15:00")
        assert whole(calls.get(f"/{invoice_id}"))["payments"][0]["created_at"] == "2026-03-29 06:15:00"


def test_a_short_code_is_unique_and_stays(calls: Calls) -> None:
    first, second = calls.an_id(), calls.an_id(invoice_no="INV-02")
    codes = [calls.invoice(invoice_id)["short_code"] for invoice_id in (first, second)]
    assert codes == [short_code(int(first)), short_code(int(second))]
    assert codes[0] != codes[1]
    assert whole(calls.put(first, note="Soon"))["invoice"][0]["short_code"] == codes[0]
    for page in (f"/v1/invoice/{codes[0]}", f"/public/invoices/{codes[0]}"):
        assert calls.api.client.get(page, headers={"X-API-Key": calls.api.key}).status_code == 404
