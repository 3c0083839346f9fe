"""Calls of invoice.ng's API, and what its document shows of them."""

import re
from decimal import Decimal
from typing import Any

import httpx

from tallystick.core.short_code import short_code
from tests.api import Api
from tests.bills import a_customer
from tests.dialects import seeds

SEED = "invoice-ng"
PREFIX = "/v1/invoice"
BASE = "https://api.invoice.ng"
REQUEST = re.compile(rf"^(GET|POST|PUT|DELETE)\n{re.escape(BASE)}(\S+)$", re.MULTILINE)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

BUYER = {
    "name": "Dana K. Adrian",
    "phone": "+145677312965",
    "address": "Plot 64A, Ajaguna Street, Lekki Phase 1, Lagos.",
}
ITEMS = [
    {"description": "Web Development Fee", "quantity": 1, "rate": "150000"},
    {"description": "Domain Registration", "quantity": 4, "rate": "2500"},
]
INVOICE = {
    "invoice_no": "INV-01",
    "payment_status": "Not Paid",
    "description": "GSVBS Website Project",
    "currency": "NGN",
    "tax_rate": 5,
    "issue_date": "2017-06-06",
    "due_date": "2017-06-20",
    "items": ITEMS,
}
"""The invoice that the document shows; its buyer is to be made first."""

IN_LIST = "GET", f"{PREFIX}/all"
OF_ONE = "GET", f"{PREFIX}/{{id}}"
ADD = "POST", f"{PREFIX}/add"
EDIT = "PUT", f"{PREFIX}/{{id}}"


def requests() -> list[tuple[str, str]]:
    """Every request that the document prints: its method and its path, in order."""
    return [(found[1], found[2]) for found in REQUEST.finditer(seeds.text(SEED))]


def shown(method: str, path: str) -> Any:
    """The reply that the document shows to a request."""
    return seeds.example(SEED, f"{method}\n{BASE}{path}\n")


class Calls:
    """Calls the API with an admin key; what is called is a path below its prefix."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"X-API-Key": self.api.key, **options.pop("headers", {})}
        return self.api.client.request(method, PREFIX + path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.request("POST", path, json=json, **options)

    def put(self, invoice_id: object, **changes: Any) -> httpx.Response:
        return self.request("PUT", f"/{invoice_id}", json=changes)

    def delete(self, invoice_id: object) -> httpx.Response:
        return self.request("DELETE", f"/{invoice_id}")

    def add(self, *, client: object = None, **fields: Any) -> httpx.Response:
        """The reply to the making of the document's invoice, with other fields."""
        wanted = {**INVOICE, "client": client or a_customer(self.api, **BUYER), **fields}
        return self.post("/add", {name: value for name, value in wanted.items() if value is not None})

    def an_id(self, **fields: Any) -> str:
        """The id of the document's invoice, made with other fields."""
        invoice_id: str = whole(self.add(**fields))["invoice"][0]["id"]
        return invoice_id

    def invoice(self, invoice_id: object) -> Any:
        """An invoice, as its GET shows it, without what stands beside it."""
        return whole(self.get(f"/{invoice_id}"))["invoice"][0]

    def native(self, invoice_id: object) -> Any:
        """The same invoice through the native API."""
        return self.api.data(self.api.get(f"/invoices/{invoice_id}"))


def whole(response: httpx.Response) -> Any:
    """A success, its numbers exact."""
    assert response.status_code == 200, response.text
    content = response.json(parse_float=Decimal)
    assert content["status"] == "success"
    return content


def refused(response: httpx.Response) -> tuple[int, str]:
    """The status and the message of a refusal, which says nothing else."""
    content = response.json()
    assert list(content) == ["status", "message"], response.text
    assert content["status"] == "error"
    assert response.headers["Content-Type"] == "application/json"
    return response.status_code, content["message"]


def as_here(example: Any, invoice: Any) -> Any:
    """A row of the document's examples with the ids, the code and the instants that it has here."""
    own = {name: invoice[name] for name in ("id", "customer_id", "created_at", "updated_at") if name in invoice}
    return {**example, **own, "short_code": short_code(int(invoice["id"]))}
