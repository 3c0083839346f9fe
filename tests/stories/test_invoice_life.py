"""Any life of an invoice, held against a model of a few numbers; at the end of each the books balance."""

from typing import Any, ClassVar, NamedTuple

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tallystick.store.db import Database
from tests.api import Api
from tests.bills import a_customer, credit_of, standing

QUANTITY = 3
A_LIFE_TAKES = 5
"""Times as long as an example of another property, so that there are fewer."""
REFUSALS = {404, 409, 422}
prices = st.integers(1, 5_000)
amounts = st.integers(1, 20_000)


class Paid(NamedTuple):
    """A payment that is in force; minor units."""

    id: int
    share: int
    to_credit: int
    is_of_credit: bool


def major(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


class InvoiceLife(RuleBasedStateMachine):
    """One invoice of one customer, in an account of its own; a voided one is followed by its duplicate.

    ``noted`` is what all credit notes come to, ``to_credit`` what of it did not settle the invoice.
    """

    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        self.api = Api(self.database)
        self.customer = a_customer(self.api)
        self.credit = 0
        self.price = 1_000
        self._begin(self.data(self.api.post("/invoices", self._content() | {"customer_id": self.customer})))

    def _begin(self, made: Any) -> None:
        self.invoice = made
        self.path = f"/invoices/{made['id']}"
        self.state = "draft"
        self.is_numbered = False
        self.paid = self.credited = self.noted = self.to_credit = 0
        self.payments: list[Paid] = []

    data = staticmethod(Api.data)

    @property
    def total(self) -> int:
        return QUANTITY * self.price

    @property
    def balance(self) -> int:
        return self.total - self.paid - self.credited

    @property
    def is_untouched(self) -> bool:
        return self.state == "issued" and self.paid == 0 and self.noted == 0

    def _content(self) -> dict[str, Any]:
        item = {"description": "Work", "quantity": QUANTITY, "unit_price": major(self.price), "tax_rate": 0}
        return {"items": [item]}

    def _post(self, verb: str, body: Any = None) -> httpx.Response:
        return self.api.post(f"{self.path}/{verb}", body)

    @staticmethod
    def _is_done(response: httpx.Response, *, allowed: bool) -> bool:
        assert response.is_success is allowed, response.text
        assert allowed or response.status_code in REFUSALS, response.text
        return allowed

    @rule(price=prices)
    def change(self, price: int) -> None:
        before, self.price = self.price, price
        if not self._is_done(self.api.put(self.path, self._content()), allowed=self.state == "draft"):
            self.price = before

    @rule(price=prices)
    def revise(self, price: int) -> None:
        before, self.price = self.price, price
        if not self._is_done(self._post("revise", self._content()), allowed=self.is_untouched):
            self.price = before

    @rule()
    def publish(self) -> None:
        if self._is_done(self._post("publish"), allowed=self.state in ("draft", "issued")):
            self.state, self.is_numbered = "issued", True

    @rule()
    def unpublish(self) -> None:
        if self._is_done(self._post("unpublish"), allowed=self.is_untouched):
            self.state = "draft"

    @rule()
    def void(self) -> None:
        if self._is_done(self._post("void"), allowed=self.is_untouched):
            self.state = "voided"

    @rule(amount=amounts, keeps=st.booleans())
    def pay(self, amount: int, keeps: bool) -> None:
        body = {"amount": major(amount)} | ({"excess": "credit"} if keeps else {})
        response = self._post("payments", body)
        share = min(amount, self.balance)
        allowed = self.state == "issued" and (keeps or amount <= self.balance)
        if self._is_done(response, allowed=allowed):
            self._received(response, share, amount - share)

    @rule(amount=amounts)
    def pay_from_credit(self, amount: int) -> None:
        response = self._post("payments", {"amount": major(amount), "method": "credit"})
        allowed = self.state == "issued" and amount <= min(self.balance, self.credit)
        if self._is_done(response, allowed=allowed):
            self.credit -= amount
            self._received(response, amount, 0, is_of_credit=True)

    def _received(self, response: httpx.Response, share: int, to_credit: int, *, is_of_credit: bool = False) -> None:
        self.paid += share
        self.credit += to_credit
        self.payments.append(Paid(self.data(response)["id"], share, to_credit, is_of_credit))

    @rule()
    def mark_paid(self) -> None:
        response = self._post("mark-paid")
        if self._is_done(response, allowed=self.state in ("draft", "issued")):
            self.state, self.is_numbered = "issued", True
            if self.balance:
                paid = max(each["id"] for each in self.data(self.api.get(f"{self.path}/payments")))
                self.payments.append(Paid(paid, self.balance, 0, is_of_credit=False))
                self.paid += self.balance

    @precondition(lambda self: self.payments)
    @rule(place=st.integers(0, 9))
    def reverse(self, place: int) -> None:
        payment = self.payments[place % len(self.payments)]
        credit = self.credit + (payment.share if payment.is_of_credit else 0)
        response = self.api.delete(f"/payments/{payment.id}")
        if self._is_done(response, allowed=payment.to_credit <= credit):
            self.payments.remove(payment)
            self.paid -= payment.share
            self.credit = credit - payment.to_credit
            # Its own credit notes settle the invoice in place of the payment, as far as their credit is unspent.
            back = min(self.balance, self.to_credit, self.credit) if self.state == "issued" else 0
            self.credited += back
            self.to_credit -= back
            self.credit -= back

    @rule()
    def credit_all(self) -> None:
        left = self.total - self.noted
        if self._is_done(self._post("credit-note"), allowed=self.state == "issued" and left > 0):
            self._noted(left)

    @rule(amount=amounts)
    def credit_amount(self, amount: int) -> None:
        item = {"item_id": self._item(), "amount": major(amount)}
        allowed = self.state == "issued" and amount <= self.total - self.noted
        if self._is_done(self._post("credit-note", {"items": [item]}), allowed=allowed):
            self._noted(amount)

    @precondition(lambda self: self.noted == 0)
    @rule(quantity=st.integers(1, QUANTITY + 1))
    def credit_quantity(self, quantity: int) -> None:
        item = {"item_id": self._item(), "quantity": quantity}
        allowed = self.state == "issued" and quantity <= QUANTITY
        if self._is_done(self._post("credit-note", {"items": [item]}), allowed=allowed):
            self._noted(quantity * self.price)

    def _item(self) -> int:
        found = self.api.get(self.path)
        return self.data(found)["items"][0]["id"] if found.is_success else 1

    def _noted(self, amount: int) -> None:
        applied = min(amount, self.balance)
        self.noted += amount
        self.credited += applied
        self.to_credit += amount - applied
        self.credit += amount - applied

    @precondition(lambda self: self.state == "voided")
    @rule()
    def go_on_with_a_duplicate(self) -> None:
        self._begin(self.data(self._post("duplicate")))

    @precondition(lambda self: self.state != "trashed")
    @rule()
    def trash(self) -> None:
        response = self.api.delete(self.path)
        if self._is_done(response, allowed=self.state == "draft" and not self.is_numbered):
            self.state = "trashed"

    @precondition(lambda self: self.state == "trashed")
    @rule()
    def restore(self) -> None:
        self.data(self._post("restore"))
        self.state = "draft"

    @invariant()
    def it_stands_as_in_the_model(self) -> None:
        if self.credit or self.payments:
            assert credit_of(self.api, self.customer) == major(self.credit)
        if self.state != "trashed":
            expected = (self._status(), major(self.paid), major(self.credited), major(self._due()))
            assert standing(self.api, self.invoice) == expected

    def _due(self) -> int:
        return 0 if self.state == "voided" else self.balance

    def _status(self) -> str:
        if self.state != "issued":
            return self.state
        if self.balance == 0:
            return "paid"
        return "partially_paid" if self.paid or self.credited else "sent"

    def teardown(self) -> None:
        assert self.api.differences() == []


def living(database: Database) -> type[InvoiceLife]:
    return type("InvoiceLifeHere", (InvoiceLife,), {"database": database})


@pytest.mark.slow
@pytest.mark.alters  # The end of each life is held against the books, in its own account.
def test_any_life_of_an_invoice(api: Api) -> None:
    lives = settings(
        max_examples=settings().max_examples // A_LIFE_TAKES,
        stateful_step_count=25,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(living(api.database), settings=lives)
