"""Random verbs under changing patterns, held against a model that knows one rule: take the next number that is free."""

from datetime import date
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallystick.core.numbering import Pattern
from tests.api import Api
from tests.bills import a_customer, a_draft

PATTERNS = [
    "INV-{YYYY}-{SEQ:4}",
    "INV-2026-{SEQ:4}",
    "inv-20{YY}-{SEQ:4}",
    "{SEQ}",
    "INV-{YYYY}-{SEQ}",
    "R{YY}{MM}-{SEQ}",
]
DAYS = ["2025-12-31", "2026-01-01", "2026-03-31", "2026-04-01"]
NUMBERS = [
    "MINE",
    "INV-2026-0001",
    "inv-2026-0002",
    "INV-2026-0003",
    "INV-2025-0001",
    "1",
    "2",
    "INV-2026-2",
    "R2603-1",
]

places = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("use"), st.sampled_from(PATTERNS)),
    st.tuples(st.just("draft"), st.sampled_from(DAYS)),
    st.tuples(st.just("draft_as"), st.sampled_from(DAYS), st.sampled_from(NUMBERS)),
    st.tuples(st.just("issue"), st.sampled_from(DAYS)),
    st.tuples(st.just("publish"), places),
    st.tuples(st.just("unpublish"), places),
    st.tuples(st.just("void"), places),
    st.tuples(st.just("delete"), places),
    st.tuples(st.just("renumber"), places, st.sampled_from([*NUMBERS, None])),
    st.tuples(st.just("redate"), places, st.sampled_from(DAYS)),
)


class Bill(NamedTuple):
    """What the model knows of an invoice; ``series`` is whose number it has, None for one that was given."""

    id: int
    day: str
    state: str = "draft"
    number: str | None = None
    wanted: str | None = None
    series: tuple[Pattern, str] | None = None


class Model:
    """An account as it should be, beside the account as it is."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.customer = a_customer(api)
        self.pattern = Pattern.parse(PATTERNS[0])
        self.counters: dict[str, int] = {}
        self.stepped_over: set[str] = set()
        self.bills: list[Bill] = []

    def use(self, pattern: str) -> None:
        self.api.data(self.api.put("/settings", {"number_patterns": {"invoice": pattern}}))
        self.pattern = Pattern.parse(pattern)

    def draft(self, day: str) -> None:
        made = a_draft(self.api, 1, customer_id=self.customer, issue_date=day)
        self.bills.append(Bill(made["id"], day))

    def draft_as(self, day: str, number: str) -> None:
        body = {"customer_id": self.customer, "items": [{"description": "Work", "unit_price": 1}], "issue_date": day}
        response = self.api.post("/invoices", {**body, "invoice_number": number})
        if self._expect(response, allowed=not (self._is_used(number) or self._is_wanted(number))):
            self.bills.append(Bill(self.api.data(response)["id"], day, wanted=number))

    def issue(self, day: str) -> None:
        self.draft(day)
        self._publish(self.bills[-1])

    def publish(self, place: int) -> None:
        for bill in self._some("draft", place):
            self._publish(bill)

    def _publish(self, bill: Bill) -> None:
        response = self.api.post(f"/invoices/{bill.id}/publish")
        series = bill.series
        if bill.number is None and bill.wanted is None:
            number = self._next(bill.day)
            series = (self.pattern, self.pattern.scope(date.fromisoformat(bill.day)))
        else:
            number = bill.number or bill.wanted or ""
        if self._expect(response, allowed=bill.number is not None or bill.wanted is None or not self._is_used(number)):
            assert self.api.data(response)["invoice_number"] == number
            self._put(bill._replace(state="issued", number=number, wanted=None, series=series))

    def _next(self, day: str) -> str:
        on = date.fromisoformat(day)
        place = self.counters.get(self.pattern.scope(on), 0) + 1
        while self._is_used(number := self.pattern.render(on, place)):
            self.stepped_over.add(number.casefold())
            place += 1
        self.counters[self.pattern.scope(on)] = place
        return number

    def unpublish(self, place: int) -> None:
        for bill in self._some("issued", place):
            self.api.data(self.api.post(f"/invoices/{bill.id}/unpublish"))
            self._put(bill._replace(state="draft"))

    def void(self, place: int) -> None:
        for bill in self._some("issued", place):
            self.api.data(self.api.post(f"/invoices/{bill.id}/void"))
            self._put(bill._replace(state="voided"))

    def delete(self, place: int) -> None:
        for bill in self._some("draft", place):
            if self._expect(self.api.delete(f"/invoices/{bill.id}"), allowed=not self._is_held(bill)):
                self._put(bill._replace(state="trashed"))

    def renumber(self, place: int, number: str | None) -> None:
        for bill in self._some("draft", place):
            response = self.api.put(f"/invoices/{bill.id}", {"invoice_number": number})
            others = [other for other in self.bills if other.id != bill.id]
            is_same = number == (bill.number or bill.wanted)
            is_free = number is None or not (self._is_used(number, others) or self._is_wanted(number, others))
            if self._expect(response, allowed=is_same or (is_free and not self._is_held(bill))) and not is_same:
                self._put(bill._replace(number=None, wanted=number))

    def redate(self, place: int, day: str) -> None:
        for bill in self._some("draft", place):
            response = self.api.put(f"/invoices/{bill.id}", {"issue_date": day})
            is_true = bill.series is None or bill.series[0].scope(date.fromisoformat(day)) == bill.series[1]
            if self._expect(response, allowed=is_true):
                self._put(bill._replace(day=day))

    def check(self) -> None:
        """The account has the numbers that it should have, no two alike, and its sequences no gap."""
        rows = self.api.data(self.api.get("/invoices", params={"limit": 100}))
        expected = {bill.id: bill.number or bill.wanted or f"DRAFT-{bill.id}" for bill in self.bills}
        assert {row["id"]: row["invoice_number"] for row in rows} == {
            bill.id: expected[bill.id] for bill in self.bills if bill.state != "trashed"
        }
        own = [bill.number.casefold() for bill in self.bills if bill.number is not None]
        assert len(own) == len(set(own))
        assert self.api.differences() == []

    def _expect(self, response: httpx.Response, *, allowed: bool) -> bool:
        assert response.status_code in ((200, 201) if allowed else (409,)), response.text
        return allowed

    def _some(self, state: str, place: int) -> list[Bill]:
        return [bill for bill in self.bills if bill.state == state][place : place + 1]

    def _put(self, bill: Bill) -> None:
        self.bills = [bill if other.id == bill.id else other for other in self.bills]

    def _is_used(self, number: str, bills: list[Bill] | None = None) -> bool:
        among = self.bills if bills is None else bills
        return any(bill.number is not None and bill.number.casefold() == number.casefold() for bill in among)

    def _is_wanted(self, number: str, bills: list[Bill] | None = None) -> bool:
        among = self.bills if bills is None else bills
        return any(bill.wanted is not None and bill.wanted.casefold() == number.casefold() for bill in among)

    def _is_held(self, bill: Bill) -> bool:
        return bill.number is not None and (bill.series is not None or bill.number.casefold() in self.stepped_over)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=10, max_size=40))
def test_numbers_are_those_of_the_model(api: Api, steps: list[tuple[Any, ...]]) -> None:
    model = Model(Api(api.database))
    for verb, *arguments in steps:
        getattr(model, verb)(*arguments)
    model.check()
    # Nothing that was ever allowed leaves a gap that a later change of the pattern lays open.
    for pattern in PATTERNS:
        model.use(pattern)
        for day in DAYS:
            model.issue(day)
    model.check()
