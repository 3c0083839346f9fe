"""On SQLite, which plans without knowing how many rows there are, statistics and long lists go by their indexes."""

import re
from typing import Any

import pytest

from tests.api import Api
from tests.bills import an_invoice, pay
from tests.listening import listening

OPEN, NOT_DUE, SETTLED, UNISSUED, TRASH = (
    f"ix_invoices_{rows}" for rows in ("open", "not_due", "settled", "unissued", "trash")
)
BY_ID = "the unique ids"
BY_ISSUE_DATE, BY_DUE_DATE, BY_TOTAL, OF_CURRENCY_BY_TOTAL, BY_CUSTOMER = (
    f"ix_invoices_account_id_{columns}_id"
    for columns in ("issue_date", "due_date", "total", "currency_total", "customer_id")
)


def plans(api: Api, method: str, path: str, body: Any = None) -> list[str]:
    """How SQLite goes about the queries of a request, step by step."""
    with listening() as statements:
        assert api.request(method, path, json=body).is_success
    with api.database.read() as tx:
        return [
            row.detail
            for sql, parameters in statements
            if sql.startswith(("SELECT", "WITH"))
            for row in tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
        ]


def indexes_of_invoices(api: Api, path: str) -> set[str]:
    """The indexes by which a request goes through the invoices."""
    steps = plans(api, "GET", path)
    found = {index for step in steps for index in re.findall(r"invoices USING (?:COVERING )?INDEX (\w+)", step)}
    return {BY_ID if index.startswith("sqlite_autoindex_") else index for index in found}


@pytest.mark.database("sqlite")
@pytest.mark.parametrize(
    ("path", "indexes"),
    [
        ("/stats", set()),
        ("/stats?from=2026-01-01&to=2026-12-31&currency=USD", set()),
        ("/invoices?after=", {BY_ID}),
        ("/invoices?after=&sort=issue_date", {BY_ISSUE_DATE}),
        ("/invoices?after=&sort=due_date&order=asc", {BY_DUE_DATE}),
        # Counted by an index that knows of the trash.
        ("/invoices?sort=total", {OF_CURRENCY_BY_TOTAL, BY_TOTAL}),
        ("/invoices?status=draft", {UNISSUED}),
        ("/invoices?status=voided&after=", {UNISSUED}),
        # Few as they are here, they are found by their status, and sorted.
        ("/invoices?status=paid&sort=issue_date", {SETTLED}),
        ("/invoices?status=overdue", {OPEN}),
        ("/invoices?status=overdue,partially_paid,sent", {OPEN}),
        ("/invoices?status=sent", {NOT_DUE}),
        ("/invoices?status=partially_paid&after=", {NOT_DUE}),
        ("/invoices?status=sent,partially_paid&currency=EUR&sort=total", {NOT_DUE}),
        ("/invoices?status=sent&customer_id=1", {BY_CUSTOMER}),
        ("/invoices?status=overdue&sort=due_date&after=", {OPEN}),
        ("/invoices?currency=EUR&sort=total", {OF_CURRENCY_BY_TOTAL}),
        ("/invoices?customer_id=1&sort=number", {BY_CUSTOMER}),
        ("/invoices?from_date=2026-01-01", {BY_ISSUE_DATE}),
        ("/invoices?to_date=2020-01-01&after=", {BY_ISSUE_DATE}),
        ("/invoices/trash/list", {TRASH}),
    ],
)
def test_a_request_goes_by_the_index_that_holds_all_it_takes(api: Api, path: str, indexes: set[str]) -> None:
    an_invoice(api, 1)
    assert indexes_of_invoices(api, path) == indexes


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("query", ["", "?currency=USD&from=2026-01-01&to=2026-12-31"])
def test_statistics_look_at_no_bill_and_no_payment(api: Api, query: str) -> None:
    pay(api, an_invoice(api, 1), 1)
    steps = plans(api, "GET", f"/stats{query}")
    seen = {step.split()[1] for step in steps if re.match(r"(SCAN|SEARCH) ", step)}
    assert seen >= {"figures", "figure_changes", "customer_credits"}
    assert not seen & {"invoices", "payments", "credit_notes"}
    assert any("ix_customer_credits_amounts" in step for step in steps)


@pytest.mark.database("sqlite")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/invoices/1", None),
        ("GET", "/invoices/1/activity", None),
        ("GET", "/invoices/1/payments", None),
        ("GET", "/payments/1", None),
        ("POST", "/invoices/1/payments", {"amount": 1}),
        ("POST", "/invoices/1/mark-paid", {}),
        ("POST", "/invoices/1/credit-note", {}),
        ("POST", "/invoices/1/duplicate", {}),
        ("DELETE", "/payments/1", None),
    ],
)
def test_what_is_about_one_invoice_looks_at_no_others(api: Api, method: str, path: str, body: Any) -> None:
    pay(api, an_invoice(api, 10), 1)
    check_narrow(plans(api, method, path, body))


@pytest.mark.database("sqlite")
def test_the_reversal_of_a_payment_by_credit_looks_at_its_customers_bills_alone(api: Api) -> None:
    first = an_invoice(api, 10)
    pay(api, first, 15, excess="credit")
    credited = pay(api, an_invoice(api, 10, customer_id=first["customer_id"]), 5, method="credit")
    api.data(api.post(f"/invoices/{first['id']}/credit-note"))
    check_narrow(plans(api, "DELETE", f"/payments/{api.data(credited)['id']}"))


def check_narrow(steps: list[str]) -> None:
    """No step goes through a table, or through all that an account has in it."""
    assert len(steps) > 1
    # The free places of a sequence are counted up row by row, as they are asked for.
    assert [step for step in steps if re.match(r"SCAN (?!json_each|CONSTANT|counted)|.*\(account_id=\?\)$", step)] == []
