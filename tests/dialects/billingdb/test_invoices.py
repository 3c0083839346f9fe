"""billingdb's calls, sentence by sentence of API.md 7 and 7.2."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tallystick.wire import render
from tests.api import Api
from tests.bills import a_customer, a_draft, an_invoice, pay
from tests.dialects.billingdb.invoices import body, made, refused
from tests.dialects.callers import DialectCaller, exact

GONE = (404, "There is no such invoice.")


def test_an_amount_is_one_line_and_issued(api: Api, billingdb: DialectCaller) -> None:
    customer = a_customer(api)
    invoice = made(billingdb, customer, "99.90")
    native = api.data(api.get(f"/invoices/{invoice['id']}"))
    assert (native["invoice_number"], native["status"], native["issued_at"] is not None) == (
        "INV-2023-0001",
        "overdue",
        True,
    )
    ((line,),) = [native["items"]]
    assert (line["description"], line["quantity"], line["unit_price"]) == ("Invoice amount", 1, Decimal("99.90"))
    assert (native["total"], native["tax_total"], native["share_token"]) == (Decimal("99.90"), 0, None)


def test_its_reply_is_written_with_the_digits_of_the_currency(api: Api, billingdb: DialectCaller) -> None:
    customer = a_customer(api)
    response = billingdb.post("/invoices", body(customer, 100))
    assert response.text == (
        f'{{"id":1,"customer_id":{customer},"amount":100.00,"date":"2023-03-01","due_date":"2023-03-31"}}'
    )


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("JPY", "100", "100"), ("USD", "0.1", "0.10"), ("BHD", "1.2345e1", "12.345"), ("BHD", "0.001", "0.001")],
)
def test_the_currency_is_the_customers(
    api: Api, billingdb: DialectCaller, currency: str, amount: str, shown: str
) -> None:
    invoice = made(billingdb, a_customer(api, currency=currency), amount)
    assert str(invoice["amount"]) == shown
    whole = exact(billingdb.get(f"/invoices/{invoice['id']}"))
    assert [str(whole[name]) for name in ("amount", "subtotal", "total")] == [shown] * 3
    assert whole["currency"] == currency


def test_the_currency_is_else_the_accounts(api: Api, billingdb: DialectCaller) -> None:
    api.put("/settings", {"currency": "EUR"})
    invoice = made(billingdb, a_customer(api))
    assert exact(billingdb.get(f"/invoices/{invoice['id']}"))["currency"] == "EUR"


def test_what_the_account_sets_for_native_bills_does_not_hold(api: Api, billingdb: DialectCaller) -> None:
    api.put("/settings", {"default_notes": "Thank you.", "prices_include_tax": False})
    api.data(api.post("/taxes", {"name": "VAT", "rate": 19, "is_default": True}))
    invoice = made(billingdb, a_customer(api), 119)
    native = api.data(api.get(f"/invoices/{invoice['id']}"))
    assert (native["notes"], native["total"], native["tax_total"]) == (None, 119, 19)


def test_the_default_tax_is_contained_in_the_amount(api: Api, billingdb: DialectCaller) -> None:
    api.data(api.post("/taxes", {"name": "VAT", "rate": 10, "is_default": True}))
    invoice = made(billingdb, a_customer(api), 110)
    whole = exact(billingdb.get(f"/invoices/{invoice['id']}"))
    assert [whole[name] for name in ("amount", "subtotal", "tax", "total")] == [110, 100, 10, 110]
    (line,) = whole["line_items"]
    assert (line["quantity"], line["price"], line["subtotal"]) == (1, 100, 100)


def test_a_tax_that_cannot_be_issued_is_named_at_the_amount(api: Api, billingdb: DialectCaller) -> None:
    api.data(api.post("/taxes", {"name": "Exempt", "rate": 0, "category": "E", "is_default": True}))
    status, sentence = refused(billingdb.post("/invoices", body(a_customer(api))))
    assert (status, sentence.partition(": ")[0]) == (400, "amount")


def test_lines_made_elsewhere_are_shown_net_and_add_up(api: Api, billingdb: DialectCaller) -> None:
    # 3 x 33.33 = 99.99 and 20 = 119.99, less 10 % = 12.00: 107.99 with 19 % inside = 17.24 (17.2421...).
    items = [
        {"description": "Design", "quantity": 3, "unit_price": "33.33", "tax_rate": 19},
        {"description": "Hosting", "unit_price": 20, "tax_rate": 19},
    ]
    invoice = an_invoice(
        api,
        customer_id=a_customer(api),
        items=items,
        prices_include_tax=True,
        discount_type="percentage",
        discount_value=10,
    )
    whole = exact(billingdb.get(f"/invoices/{invoice['id']}"))
    assert [str(whole[name]) for name in ("total", "tax", "subtotal")] == ["107.99", "17.24", "90.75"]
    assert sum(line["subtotal"] for line in whole["line_items"]) == whole["subtotal"]
    # 99.99 - 10.00 = 89.99, less 14.37 of tax = 75.62, and 33.33 x 75.62 / 89.99 = 28.0077186...
    # 20.00 - 2.00 = 18.00, less 2.87 of tax = 15.13, and 20 x 15.13 / 18.00 = 16.8111...
    design, hosting = whole["line_items"]
    assert (str(design["price"]), str(design["subtotal"])) == ("28.007719", "75.62")
    assert (str(hosting["price"]), str(hosting["subtotal"])) == ("16.811111", "15.13")


def test_a_price_without_tax_is_the_one_that_was_given(api: Api, billingdb: DialectCaller) -> None:
    items = [{"description": "Calls", "quantity": 1000, "unit_price": "0.00125", "tax_rate": 20}]
    invoice = an_invoice(api, customer_id=a_customer(api), items=items)
    (line,) = exact(billingdb.get(f"/invoices/{invoice['id']}"))["line_items"]
    assert (str(line["quantity"]), str(line["price"]), str(line["subtotal"])) == ("1000", "0.00125", "1.25")


def test_what_is_not_known_is_empty(api: Api, billingdb: DialectCaller) -> None:
    customer = a_customer(api, name="Ann")
    whole = exact(billingdb.get(f"/invoices/{made(billingdb, customer)['id']}"))
    nowhere = {"street": "", "city": "", "state": "", "zip": "", "country": ""}
    assert whole["customer"] == {"id": str(customer), "name": "Ann", "email": "", "address": nowhere}
    assert whole["payment"] is None


@pytest.mark.parametrize(
    ("fields", "street"),
    [
        ({"address_line1": "1 Way", "address_line2": "Unit 2"}, "1 Way, Unit 2"),
        ({"address_line2": "Unit 2"}, "Unit 2"),
        ({"address": "Plot 64A, Lagos", "address_line1": "1 Way"}, "1 Way"),
        ({"address": "Plot 64A, Lagos"}, "Plot 64A, Lagos"),
    ],
)
def test_the_street_is_what_there_is_of_it(
    api: Api, billingdb: DialectCaller, fields: dict[str, str], street: str
) -> None:
    invoice = made(billingdb, a_customer(api, **fields))
    assert exact(billingdb.get(f"/invoices/{invoice['id']}"))["customer"]["address"]["street"] == street


@pytest.mark.parametrize(
    ("method", "word"), [("card", "credit_card"), ("bank_transfer", "bank_transfer"), ("cash", "cash")]
)
def test_the_last_payment_that_stands_is_shown(api: Api, billingdb: DialectCaller, method: str, word: str) -> None:
    invoice = made(billingdb, a_customer(api))
    first = api.data(pay(api, invoice, 40, method=method, date="2023-03-05"))
    second = api.data(pay(api, invoice, 30, method="cash", date="2023-03-04"))
    api.data(pay(api, invoice, 30, status="failed"))
    shown = {"id": str(second["id"]), "date": "2023-03-04T00:00:00Z", "amount": 30, "method": "cash"}
    assert exact(billingdb.get(f"/invoices/{invoice['id']}"))["payment"] == shown
    api.data(api.delete(f"/payments/{second['id']}"))
    shown = {"id": str(first["id"]), "date": "2023-03-05T00:00:00Z", "amount": 40, "method": word}
    assert exact(billingdb.get(f"/invoices/{invoice['id']}"))["payment"] == shown
    api.data(api.delete(f"/payments/{first['id']}"))
    assert exact(billingdb.get(f"/invoices/{invoice['id']}"))["payment"] is None


def test_a_payment_shows_what_it_settles_here(api: Api, billingdb: DialectCaller) -> None:
    invoice = made(billingdb, a_customer(api), 100)
    api.data(pay(api, invoice, 120, excess="credit"))
    assert exact(billingdb.get(f"/invoices/{invoice['id']}"))["payment"]["amount"] == 100


def test_the_status_is_the_native_word_and_a_credit_note_lowers_only_what_is_due(
    api: Api, billingdb: DialectCaller
) -> None:
    invoice = made(billingdb, a_customer(api), 100, due_date="2999-12-31")
    line = api.data(api.get(f"/invoices/{invoice['id']}"))["items"][0]["id"]
    path = f"/invoices/{invoice['id']}"
    assert exact(billingdb.get(path))["status"] == "sent"
    api.data(api.post(f"{path}/credit-note", {"items": [{"item_id": line, "amount": 40}]}))
    assert exact(billingdb.get(path))["status"] == "partially_paid"
    assert exact(billingdb.get(path))["total"] == 100
    api.data(pay(api, invoice, 60))
    assert exact(billingdb.get(path))["status"] == "paid"


def test_only_issued_invoices_are_shown(api: Api, billingdb: DialectCaller) -> None:
    customer = a_customer(api)
    draft = a_draft(api, 1, customer_id=customer)["id"]
    voided = an_invoice(api, 2, customer_id=customer)["id"]
    api.data(api.post(f"/invoices/{voided}/void"))
    trashed = a_draft(api, 3, customer_id=customer)["id"]
    api.data(api.delete(f"/invoices/{trashed}"))
    shown = an_invoice(api, 4, customer_id=customer)["id"]
    for hidden in (draft, voided, trashed):
        for method in ("GET", "PUT", "DELETE"):
            sent = None if method != "PUT" else body(customer)
            assert refused(billingdb.request(method, f"/invoices/{hidden}", json=sent)) == GONE
    assert [row["id"] for row in exact(billingdb.get("/invoices"))] == [shown]


def test_the_list_is_of_all_currencies_and_the_oldest_come_first(api: Api, billingdb: DialectCaller) -> None:
    dollars = made(billingdb, a_customer(api), 1, date="2024-01-01", due_date="2024-01-01")
    yen = made(billingdb, a_customer(api, currency="JPY"), 2)
    dinars = made(billingdb, a_customer(api, currency="BHD"), "3.001")
    response = billingdb.get("/invoices")
    assert exact(response) == [dollars, yen, dinars]
    assert response.headers["Content-Type"] == "application/json"
    assert "Content-Disposition" not in response.headers


@pytest.mark.slow
def test_a_long_list_is_whole(api: Api, billingdb: DialectCaller) -> None:
    made(billingdb, a_customer(api), 1)
    count = 1
    while count <= render.ROWS_AT_ONCE:
        api.data(api.post("/invoices/batch", {"action": "duplicate", "ids": list(range(1, count + 1))}))
        count *= 2
    api.data(api.post("/invoices/batch", {"action": "mark-sent", "ids": list(range(1, count + 1))}))
    assert [row["id"] for row in exact(billingdb.get("/invoices"))] == list(range(1, count + 1))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?limit=2", [1, 2]),
        ("?limit=2&page=2", [3, 4]),
        ("?limit=2&page=4", []),
        ("?page=1", [1, 2, 3, 4, 5]),
        ("?page=2", []),
        ("?colour=red", [1, 2, 3, 4, 5]),
    ],
)
def test_a_part_of_the_list(api: Api, billingdb: DialectCaller, query: str, expected: list[int]) -> None:
    customer = a_customer(api)
    for _ in range(5):
        made(billingdb, customer)
    assert [row["id"] for row in exact(billingdb.get(f"/invoices{query}"))] == expected


def test_a_put_revises(api: Api, billingdb: DialectCaller) -> None:
    customer, other = a_customer(api), a_customer(api, name="Bob")
    invoice = made(billingdb, customer, 100)
    changed = {**body(other, "50.5"), "date": "2023-04-01", "due_date": "2023-05-01"}
    response = billingdb.put(f"/invoices/{invoice['id']}", changed)
    assert response.status_code == 200
    assert exact(response) == {**changed, "id": invoice["id"], "amount": Decimal("50.50")}
    native = api.data(api.get(f"/invoices/{invoice['id']}"))
    assert (native["invoice_number"], native["customer"]["name"]) == ("INV-2023-0001", "Bob")
    assert native["revised_at"] is not None
    activity = [event["type"] for event in api.data(api.get(f"/invoices/{invoice['id']}/activity"))]
    assert activity == ["invoice.created", "invoice.issued", "invoice.revised"]


def test_a_put_of_what_is_there_changes_nothing(api: Api, billingdb: DialectCaller) -> None:
    invoice = made(billingdb, a_customer(api))
    version = api.data(api.get(f"/invoices/{invoice['id']}"))["version"]
    assert exact(billingdb.put(f"/invoices/{invoice['id']}", {**invoice, "amount": "100.00"})) == invoice
    assert api.data(api.get(f"/invoices/{invoice['id']}"))["version"] == version


def test_a_put_with_the_same_amount_keeps_the_lines(api: Api, billingdb: DialectCaller) -> None:
    customer = a_customer(api)
    invoice = an_invoice(api, 60, 40, customer_id=customer, issue_date="2023-03-01", due_date="2023-03-31")
    billingdb.put(f"/invoices/{invoice['id']}", body(customer, 100, due_date="2023-06-30"))
    kept = exact(billingdb.get(f"/invoices/{invoice['id']}"))
    assert ([line["subtotal"] for line in kept["line_items"]], kept["due_date"]) == ([60, 40], "2023-06-30")
    billingdb.put(f"/invoices/{invoice['id']}", body(customer, 90))
    replaced = exact(billingdb.get(f"/invoices/{invoice['id']}"))
    assert [(line["description"], line["subtotal"]) for line in replaced["line_items"]] == [("Invoice amount", 90)]


def test_another_amount_is_all_that_is_to_be_paid(api: Api, billingdb: DialectCaller) -> None:
    customer = a_customer(api)
    half = {"discount_type": "percentage", "discount_value": 50, "prices_include_tax": False}
    items = [{"description": "Work", "unit_price": 100, "tax_rate": 10}]
    invoice = an_invoice(api, customer_id=customer, items=items, issue_date="2023-03-01", **half)
    assert invoice["total"] == 55
    assert exact(billingdb.put(f"/invoices/{invoice['id']}", body(customer, 90)))["amount"] == 90


def test_another_customer_brings_another_currency(api: Api, billingdb: DialectCaller) -> None:
    invoice = made(billingdb, a_customer(api), 100)
    path = f"/invoices/{invoice['id']}"
    exact(billingdb.put(path, body(a_customer(api, currency="JPY"), 100)))
    assert exact(billingdb.get(path))["currency"] == "JPY"
    exact(billingdb.put(path, body(a_customer(api), 100)))
    assert exact(billingdb.get(path))["currency"] == "USD"


def test_the_currency_of_a_customers_bill_stays(api: Api, billingdb: DialectCaller) -> None:
    customer = a_customer(api)
    invoice = an_invoice(api, 100, customer_id=customer, currency="EUR", issue_date="2023-03-01")
    exact(billingdb.put(f"/invoices/{invoice['id']}", body(customer, 50)))
    assert exact(billingdb.get(f"/invoices/{invoice['id']}"))["currency"] == "EUR"


def test_a_day_that_the_number_is_not_of_is_refused(api: Api, billingdb: DialectCaller) -> None:
    invoice = made(billingdb, a_customer(api))
    changed = {**invoice, "amount": 100, "date": "2024-03-01", "due_date": "2024-03-31"}
    assert refused(billingdb.put(f"/invoices/{invoice['id']}", changed))[0] == 409


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_is_paid_or_credited_stays(api: Api, billingdb: DialectCaller, method: str) -> None:
    customer = a_customer(api)
    paid, credited = made(billingdb, customer), made(billingdb, customer)
    api.data(pay(api, paid, 1))
    api.data(api.post(f"/invoices/{credited['id']}/credit-note", {"reason": "Never delivered"}))
    for invoice, start in ((paid, "Something is paid"), (credited, "This invoice has a credit note.")):
        sent = body(customer, 50) if method == "PUT" else None
        status, sentence = refused(billingdb.request(method, f"/invoices/{invoice['id']}", json=sent))
        assert (status, sentence.startswith(start)) == (409, True)


def test_a_delete_voids_and_the_number_stays_taken(api: Api, billingdb: DialectCaller) -> None:
    customer = a_customer(api)
    invoice = made(billingdb, customer)
    response = billingdb.delete(f"/invoices/{invoice['id']}")
    assert (response.status_code, response.content) == (204, b"")
    native = api.data(api.get(f"/invoices/{invoice['id']}"))
    assert (native["status"], native["invoice_number"]) == ("voided", "INV-2023-0001")
    assert refused(billingdb.delete(f"/invoices/{invoice['id']}")) == GONE
    again = made(billingdb, customer)
    assert api.data(api.get(f"/invoices/{again['id']}"))["invoice_number"] == "INV-2023-0002"


def test_ids_may_be_strings_and_instants_are_days_of_the_account(api: Api, billingdb: DialectCaller) -> None:
    api.put("/settings", {"timezone": "Pacific/Auckland"})
    customer = a_customer(api)
    sent = {**body(customer), "customer_id": str(customer), "date": "2023-03-01T20:00:00Z"}
    shown = exact(billingdb.post("/invoices", sent))
    assert (shown["customer_id"], shown["date"]) == (customer, "2023-03-02")


def test_parallel_requests_take_consecutive_numbers(api: Api, billingdb: DialectCaller) -> None:
    customer = a_customer(api)
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: made(billingdb, customer, n)["id"], range(1, 17)))
    numbers = sorted(api.data(api.get(f"/invoices/{each}"))["invoice_number"] for each in ids)
    assert numbers == [f"INV-2023-{n:04}" for n in range(1, 17)]


def test_of_parallel_deletes_one_voids(api: Api, billingdb: DialectCaller) -> None:
    path = f"/invoices/{made(billingdb, a_customer(api))['id']}"
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _n: billingdb.delete(path).status_code, range(4)))
    assert statuses == [204, 404, 404, 404]
