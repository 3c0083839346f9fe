"""The example of seeds/iqraa.txt, sent as it is printed; its hidden e-mail address is one of example.com."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tallystick.dialects.iqraa.routes import IQRAA
from tests.api import Api
from tests.dialects import seeds
from tests.dialects.callers import DialectCaller, exact

SEED = "iqraa"
REQUEST = seeds.example(SEED, "--data")
REPLY = seeds.example(SEED, "--data", "paymentTerms")
HIDDEN, EMAIL = "[email\N{NO-BREAK SPACE}protected]", "john.doe@example.com"
STATUSES = ["DRAFT", "FINALIZED", "PAYMENT_FAILED", "PAID", "VOID"]


def printed() -> str:
    """The request's body, byte for byte but for the e-mail address."""
    _, _, rest = seeds.text(SEED).partition("--data '")
    return rest.partition("'")[0].replace(HIDDEN, EMAIL).replace(HIDDEN.replace("\N{NO-BREAK SPACE}", " "), EMAIL)


def test_the_seed_has_the_path_the_key_and_the_words() -> None:
    text = seeds.text(SEED)
    assert f"https://dev-billing-api.iqraa.ai{IQRAA.prefix}/invoices" in text
    assert "Authorization: Bearer <token>" in text
    assert ",\n".join(STATUSES) in text
    assert EMAIL in printed()


def test_the_request_as_it_is_printed(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "application/json"}
    response = api.client.post("/api/v1/api/v1/invoices", content=printed().encode(), headers=headers)
    assert response.status_code == 201, response.text
    made = exact(response)
    assert seeds.shape(made) == seeds.shape(REPLY)
    native = api.data(api.get(f"/invoices/{made['id']}"))
    assert made == {
        "id": str(native["id"]),
        "invoiceNumber": native["invoice_number"],
        "date": native["issue_date"],
        "status": "DRAFT",
        "amount": 9999,
        "currency": "USD",
        "description": "Monthly Premium Plan Subscription - January 2024",
        "customerName": "John Doe",
        "customerEmail": EMAIL,
        "downloadLink": f"http://tallystick.test/public/invoices/{native['share_token']}/pdf",
        "planType": "Premium Monthly Plan",
    }
    assert (native["total"], native["status"]) == (Decimal("99.99"), "draft")
    assert (native["service_start"], native["service_end"]) == ("2024-01-01", "2024-01-31")
    assert native["metadata"] == {"plan_code": "PREMIUM_MONTHLY", "plan_name": "Premium Monthly Plan"}
    address = ("123 Business Street, Suite 100", "San Francisco", "US")
    assert tuple(native["customer"][name] for name in ("address", "city", "country")) == address


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_of_the_seed_is_answered_and_found_again(iqraa: DialectCaller, status: str) -> None:
    sent: Any = {**json.loads(printed()), "status": status}
    made = exact(iqraa.post("/invoices", sent))
    assert (seeds.shape(made), made["status"]) == (seeds.shape(REPLY), status)
    assert exact(iqraa.get("/invoices")) == [made]
    assert exact(iqraa.get(f"/invoices/{made['id']}")) == made
