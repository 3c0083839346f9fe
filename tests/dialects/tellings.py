"""How each dialect tells the golden stories: by the name of its Surface, the stories that it can tell, and its calls.

A dialect issues an invoice as it makes it. So the native telling, which the dialect's is compared with, does the same,
and a story's own ``publish`` says nothing new. A dialect without an entry here fails the tests.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import httpx

from tallystick.core.money import digits
from tests.api import Api
from tests.dialects.callers import DialectCaller

Content = dict[str, Any]


class Telling(NamedTuple):
    """``native`` is the native body of what ``body`` asks of the dialect, both given a story's native body.

    Both are also given the total that the story tells. ``issue`` is the native verb by which the dialect issues. What
    it has no call for is told natively. ``without`` are columns that differ by chance, as tokens do.
    """

    stories: tuple[str, ...]
    native: Callable[[Content, Decimal], Content]
    body: Callable[[Content, Decimal], Content]
    create: Callable[[DialectCaller, Content], httpx.Response]
    made_id: Callable[[Any], int]
    revise: Callable[[DialectCaller, int, Content], httpx.Response] | None = None
    void: Callable[[DialectCaller, int], httpx.Response] | None = None
    issue: str = "mark-sent"
    without: frozenset[str] = frozenset()


def _one_amount(body: Content, total: Decimal) -> Content:
    """The native body of an amount that is to be paid."""
    line = {"description": "Invoice amount", "unit_price": str(total)}
    return {
        "customer_id": body["customer_id"],
        "issue_date": body.get("issue_date", "2026-01-01"),
        "due_date": body["due_date"],
        "items": [line],
        "prices_include_tax": True,
    }


def _billingdb(body: Content, total: Decimal) -> Content:
    asked = _one_amount(body, total)
    return {
        "customer_id": asked["customer_id"],
        "amount": str(total),
        "date": asked["issue_date"],
        "due_date": asked["due_date"],
    }


def _numbered(body: Content, total: Decimal) -> Content:
    """The native body of an invoice of one line without tax, under a number of its own."""
    description = body["items"][0]["description"]
    return {
        "customer_id": body["customer_id"],
        "invoice_number": f"{description}-{total}",
        "issue_date": body.get("issue_date", "2026-01-01"),
        "due_date": body["due_date"],
        "items": [{"description": description, "unit_price": str(total), "tax_rate": 0}],
    }


def _invoice_ng(body: Content, total: Decimal) -> Content:
    asked = _numbered(body, total)
    return {
        "client": asked["customer_id"],
        "invoice_no": asked["invoice_number"],
        "payment_status": "Not Paid",
        "issue_date": asked["issue_date"],
        "due_date": asked["due_date"],
        "items": [{"description": line["description"], "quantity": 1, "rate": str(total)} for line in asked["items"]],
    }


def _under_its_number(body: Content, number: str) -> Content:
    """A change of an issued invoice, which keeps its number."""
    return {name: value for name, value in body.items() if name != number}


def _titled(body: Content, total: Decimal) -> Content:
    """The native body of an amount that is to be paid, in iqraa's way: with a title and the account's days to pay."""
    description = body["items"][0]["description"]
    return {
        "customer_id": body["customer_id"],
        "title": description,
        "items": [{"description": description, "unit_price": str(total)}],
        "prices_include_tax": True,
    }


def currency_of(customer: Any) -> str:
    """The currency in which a customer of a story is billed."""
    return str(customer["currency"] or "USD")


def _make_by_iqraa(caller: DialectCaller, asked: Content) -> httpx.Response:
    """Makes the invoice of ``_titled``: iqraa finds the customer by name, and wants the currency."""
    customer = caller.native.data(caller.native.get(f"/customers/{asked['customer_id']}"))
    currency = currency_of(customer)
    (line,) = asked["items"]
    body = {
        "amount": int(Decimal(line["unit_price"]).scaleb(digits(currency))),
        "currency": currency,
        "description": asked["title"],
        "status": "FINALIZED",
        "components": {"customerDetails": {"customerName": customer["name"]}},
    }
    return caller.post("/invoices", body)


TELLINGS = {
    "invoice_ng": Telling(
        stories=("refund-by-reversal", "overpaid-and-used", "cheque-bounced", "corrected"),
        native=_numbered,
        body=_invoice_ng,
        create=lambda caller, body: caller.post("/add", body),
        made_id=lambda reply: int(reply["invoice"][0]["id"]),
        revise=lambda caller, invoice_id, body: caller.put(f"/{invoice_id}", _under_its_number(body, "invoice_no")),
        void=lambda caller, invoice_id: caller.delete(f"/{invoice_id}"),
    ),
    "billingdb": Telling(
        stories=("refund-by-reversal", "overpaid-and-used", "cheque-bounced", "corrected"),
        native=_one_amount,
        body=_billingdb,
        create=lambda caller, body: caller.post("/invoices", body),
        made_id=lambda reply: int(reply["id"]),
        revise=lambda caller, invoice_id, body: caller.put(f"/invoices/{invoice_id}", body),
        void=lambda caller, invoice_id: caller.delete(f"/invoices/{invoice_id}"),
    ),
    "iqraa": Telling(
        stories=("refund-by-reversal", "overpaid-and-used", "cheque-bounced"),
        native=_titled,
        body=_titled,
        create=_make_by_iqraa,
        made_id=lambda reply: int(reply["id"]),
        issue="publish",
        # An invoice's token is made by chance, and its seal holds it.
        without=frozenset({"share_token", "content_hash", "hash"}),
    ),
}


class Narrator:
    """Does what a story's steps ask of invoices: natively, but as the dialect of ``telling`` could be asked for it."""

    def __init__(self, api: Api, telling: Telling) -> None:
        self.api = api
        self.telling = telling

    def in_its_currency(self, body: Content, total: Decimal) -> Decimal:
        """The total with all digits of the currency, as an API that counts in its smallest unit leaves it."""
        customer = self.api.data(self.api.get(f"/customers/{body['customer_id']}"))
        return total.quantize(Decimal(1).scaleb(-digits(currency_of(customer))))

    def create(self, body: Content, total: Decimal) -> int:
        """Makes an invoice and issues it; answers its id."""
        asked = self.telling.native(body, self.in_its_currency(body, total))
        made = self.api.data(self.api.post("/invoices", asked))
        self.api.data(self.api.post(f"/invoices/{made['id']}/{self.telling.issue}"))
        return int(made["id"])

    def revise(self, invoice_id: int, body: Content, total: Decimal) -> httpx.Response:
        """Changes an issued invoice."""
        changes = _under_its_number(self.telling.native(body, total), "invoice_number")
        return self.api.post(f"/invoices/{invoice_id}/revise", changes)

    def void(self, invoice_id: int) -> httpx.Response:
        """Voids an invoice."""
        return self.api.post(f"/invoices/{invoice_id}/void")


class DialectNarrator(Narrator):
    """As ``Narrator``, through the dialect."""

    def __init__(self, api: Api, telling: Telling, caller: DialectCaller) -> None:
        super().__init__(api, telling)
        self._caller = caller

    def create(self, body: Content, total: Decimal) -> int:
        asked = self.telling.body(body, self.in_its_currency(body, total))
        response = self.telling.create(self._caller, asked)
        assert response.is_success, response.text
        return self.telling.made_id(response.json(parse_float=Decimal))

    def revise(self, invoice_id: int, body: Content, total: Decimal) -> httpx.Response:
        if self.telling.revise is None:
            return super().revise(invoice_id, body, total)
        return self.telling.revise(self._caller, invoice_id, self.telling.body(body, total))

    def void(self, invoice_id: int) -> httpx.Response:
        if self.telling.void is None:
            return super().void(invoice_id)
        return self.telling.void(self._caller, invoice_id)
