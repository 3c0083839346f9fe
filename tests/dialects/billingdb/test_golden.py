"""Each example of seeds/billingdb.txt, sent as it is printed; its customers are replaced by some that exist."""

from typing import Any

import pytest

from tests.api import Api
from tests.bills import a_customer
from tests.dialects import seeds
from tests.dialects.callers import DialectCaller, exact

SEED = "billingdb"
LIST = seeds.example(SEED, "Get all invoices", "Example response")
REQUEST = seeds.example(SEED, "Create a new invoice", "Example request body")
CREATED = seeds.example(SEED, "Create a new invoice", "Example response")
SAMPLE = seeds.example(SEED, "sample JSON response for a billing API invoice")


def test_the_document_is_where_the_seed_says(api: Api) -> None:
    assert "https://billingdb.com/billingAPI.yaml" in seeds.text(SEED)
    assert api.client.get("/billingAPI.yaml").status_code == 200


def test_a_new_invoice(api: Api, billingdb: DialectCaller) -> None:
    customer = a_customer(api)
    response = billingdb.post("/invoices", {**REQUEST, "amount": 100.0, "customer_id": customer})
    assert response.status_code == 201
    made = exact(response)
    assert seeds.shape(made) == seeds.shape(CREATED)
    assert made == {**CREATED, "id": made["id"], "customer_id": customer}


def test_all_invoices(api: Api, billingdb: DialectCaller) -> None:
    shown = []
    for each in LIST:
        request = {**each, "amount": str(each["amount"]), "customer_id": a_customer(api)}
        made = exact(billingdb.post("/invoices", request))
        shown.append({**each, "id": made["id"], "customer_id": request["customer_id"]})
    response = billingdb.get("/invoices")
    assert response.status_code == 200
    assert seeds.shape(exact(response)) == seeds.shape(LIST)
    assert exact(response) == shown


def test_one_invoice(api: Api, billingdb: DialectCaller) -> None:
    """The reply that the seed cuts off, and the large sample in one: see the README for what it is told of."""
    customer = the_sample_customer(api)
    invoice = the_sample_invoice(api, customer)
    found = exact(billingdb.get(f"/invoices/{invoice}"))
    assert list(found)[:5] == list(CREATED)
    expected = in_our_types(invoice, customer, found)
    own = {"customer_id": customer, "amount": SAMPLE["total"]}
    assert seeds.shape(found) == seeds.shape({**{name: {**expected, **own}[name] for name in found}})
    assert [name for name in found if name not in own] == list(SAMPLE)
    assert found == {**expected, **own}


def the_sample_customer(api: Api) -> int:
    sample = SAMPLE["customer"]
    address = sample["address"]
    return a_customer(
        api,
        name=sample["name"],
        email=sample["email"],
        address_line1=address["street"],
        city=address["city"],
        state=address["state"],
        postal_code=address["zip"],
        country=address["country"],
    )


def the_sample_invoice(api: Api, customer: int) -> int:
    """The sample's invoice, made and paid natively; its tax is 10 of 100."""
    (line,) = SAMPLE["line_items"]
    item = {
        "description": line["description"],
        "quantity": line["quantity"],
        "unit_price": str(line["price"]),
        "tax_rate": 10,
    }
    body = {
        "customer_id": customer,
        "issue_date": SAMPLE["date"],
        "due_date": SAMPLE["due_date"],
        "currency": SAMPLE["currency"],
        "items": [item],
    }
    invoice: int = api.data(api.post("/invoices", body))["id"]
    payment = {"method": "card", "date": SAMPLE["payment"]["date"]}
    api.data(api.post(f"/invoices/{invoice}/mark-paid", payment))
    return invoice


def in_our_types(invoice: int, customer: int, found: Any) -> dict[str, Any]:
    """The sample with ids of this database, days for instants, and without a card, of which nothing is known here."""
    line, payment = SAMPLE["line_items"][0], dict(SAMPLE["payment"])
    del payment["card"]
    return {
        **SAMPLE,
        "id": invoice,
        "date": SAMPLE["date"][:10],
        "due_date": SAMPLE["due_date"][:10],
        "line_items": [{**line, "id": found["line_items"][0]["id"]}],
        "customer": {**SAMPLE["customer"], "id": str(customer)},
        "payment": {**payment, "id": found["payment"]["id"], "date": payment["date"][:10] + "T00:00:00Z"},
    }


@pytest.mark.parametrize("header", ["Authorization", "authorization"])
def test_the_key_goes_where_the_seed_says(api: Api, header: str) -> None:
    assert "Authorization: Bearer" in seeds.text(SEED)
    response = api.client.get("/v1/invoices", headers={header: f"Bearer {api.key}"})
    assert (response.status_code, response.content) == (200, b"[]")
