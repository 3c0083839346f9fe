"""How each dialect tells the golden stories: by the name of its Surface, the stories that it can tell, and its calls.

A dialect issues an invoice as it makes it. So the native telling, which the dialect's is compared with, does the same,
and a story's own ``publish`` says nothing new. A dialect without an entry here fails the tests.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import httpx

from tests.api import Api
from tests.dialects.callers import DialectCaller

Content = dict[str, Any]


class Telling(NamedTuple):
    """``native`` is the native body of what ``body`` asks of the dialect, both given a story's native body.

    Both are also given the total that the story tells. ``without`` are columns that differ by chance, as tokens do.
    """

    stories: tuple[str, ...]
    native: Callable[[Content, Decimal], Content]
    body: Callable[[Content, Decimal], Content]
    create: Callable[[DialectCaller, Content], httpx.Response]
    made_id: Callable[[Any], int]
    revise: Callable[[DialectCaller, int, Content], httpx.Response]
    void: Callable[[DialectCaller, int], httpx.Response]
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


TELLINGS = {
    "billingdb": Telling(
        stories=("refund-by-reversal", "overpaid-and-used", "cheque-bounced", "corrected"),
        native=_one_amount,
        body=_billingdb,
        create=lambda caller, body: caller.post("/invoices", body),
        made_id=lambda reply: int(reply["id"]),
        revise=lambda caller, invoice_id, body: caller.put(f"/invoices/{invoice_id}", body),
        void=lambda caller, invoice_id: caller.delete(f"/invoices/{invoice_id}"),
    ),
}


class Narrator:
    """Does what a story's steps ask of invoices: natively, but as the dialect of ``telling`` could be asked for it."""

    def __init__(self, api: Api, telling: Telling) -> None:
        self.api = api
        self.telling = telling

    def create(self, body: Content, total: Decimal) -> int:
        """Makes an invoice and issues it; answers its id."""
        made = self.api.data(self.api.post("/invoices", self.telling.native(body, total)))
        self.api.data(self.api.post(f"/invoices/{made['id']}/mark-sent"))
        return int(made["id"])

    def revise(self, invoice_id: int, body: Content, total: Decimal) -> httpx.Response:
        """Changes an issued invoice."""
        return self.api.post(f"/invoices/{invoice_id}/revise", self.telling.native(body, total))

    def void(self, invoice_id: int) -> httpx.Response:
        """Voids an invoice."""
        return self.api.post(f"/invoices/{invoice_id}/void")


class DialectNarrator(Narrator):
    """As ``Narrator``, through the dialect."""

    def __init__(self, api: Api, telling: Telling, caller: DialectCaller) -> None:
        super().__init__(api, telling)
        self._caller = caller

    def create(self, body: Content, total: Decimal) -> int:
        response = self.telling.create(self._caller, self.telling.body(body, total))
        assert response.is_success, response.text
        return self.telling.made_id(response.json(parse_float=Decimal))

    def revise(self, invoice_id: int, body: Content, total: Decimal) -> httpx.Response:
        return self.telling.revise(self._caller, invoice_id, self.telling.body(body, total))

    def void(self, invoice_id: int) -> httpx.Response:
        return self.telling.void(self._caller, invoice_id)
