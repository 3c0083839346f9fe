"""Whatever the business, its statistics are what its lists add up to."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.api import Api, opened
from tests.bills import a_customer
from tests.clock import Clock

TODAY = date(2026, 3, 15)
DIGITS = {"USD": 2, "JPY": 0, "BHD": 3}
FATES = (
    *("draft", "trashed", "sent", "voided", "half paid", "paid", "overpaid", "half credited", "credited"),
    *("paid and credited", "paid and reversed", "credited and reversed", "paid by credit"),
)
AGES = {"current": 0, "1_30": 30, "31_60": 60, "61_90": 90, "over_90": 10**6}
A_YEAR = {
    "daily": Decimal(365),
    "weekly": Decimal(365) / 7,
    "monthly": Decimal(12),
    "quarterly": Decimal(4),
    "yearly": Decimal(1),
}


class Sale(NamedTuple):
    fate: str
    currency: str
    minor: int
    tax_rate: str
    days_ago: int
    terms_days: int


sales = st.builds(
    Sale,
    fate=st.sampled_from(FATES),
    currency=st.sampled_from(tuple(DIGITS)),
    minor=st.integers(2, 10**9),
    tax_rate=st.sampled_from(("0", "7.5", "19")),
    days_ago=st.integers(-40, 420),
    terms_days=st.integers(0, 100),
)
STARTS = ("2026-03-01", "2026-03-20")
schedules = st.tuples(
    st.sampled_from(tuple(A_YEAR)),
    st.integers(1, 4),
    st.sampled_from(tuple(DIGITS)),
    st.booleans(),
    st.sampled_from(STARTS),
)
queries = st.fixed_dictionaries(
    {},
    optional={
        "from": st.dates(date(2025, 1, 1), date(2026, 4, 1)).map(str),
        "to": st.dates(date(2025, 1, 1), date(2026, 4, 1)).map(str),
        "currency": st.sampled_from(tuple(DIGITS)),
    },
)


def sell(api: Api, customer_id: int, sale: Sale) -> None:
    day = TODAY - timedelta(days=sale.days_ago)
    price = str(Decimal(sale.minor).scaleb(-DIGITS[sale.currency]))
    body = {
        "customer_id": customer_id,
        "items": [{"description": "Work", "unit_price": price, "tax_rate": sale.tax_rate}],
        "currency": sale.currency,
        "issue_date": str(day),
    }
    draft = api.data(api.post("/invoices", {**body, "due_date": str(day + timedelta(days=sale.terms_days))}))
    api.data(api.post("/quotations", {**body, "valid_until": str(day + timedelta(days=sale.terms_days))}))
    do(api, f"/invoices/{draft['id']}", draft, sale.fate)


def do(api: Api, path: str, draft: Any, fate: str) -> None:
    """Lets a draft meet its fate."""
    if fate == "trashed":
        api.data(api.delete(path))
    if fate in ("draft", "trashed"):
        return
    api.data(api.post(f"{path}/mark-sent"))
    half = str(round(Decimal(draft["total"]) / 2, DIGITS[draft["currency"]]))
    line = draft["items"][0]["id"]
    paid = ("/payments", {"amount": str(draft["total"]), "date": "2026-01-31"})
    steps: dict[str, list[tuple[str, Any]]] = {
        "voided": [("/void", {})],
        "half paid": [("/payments", {"amount": half})],
        "paid": [("/mark-paid", {})],
        "overpaid": [("/payments", {"amount": str(draft["total"] + 1), "excess": "credit"})],
        "half credited": [("/credit-note", {"items": [{"item_id": line, "quantity": "0.5"}]})],
        "credited": [("/credit-note", {})],
        "paid and credited": [paid, ("/credit-note", {})],
        "paid and reversed": [paid],
        "credited and reversed": [paid, ("/credit-note", {"items": [{"item_id": line, "quantity": "0.5"}]})],
    }
    for step, body in steps.get(fate, ()):
        api.data(api.post(path + step, body))
    if fate.endswith("and reversed"):
        (payment,) = api.data(api.get(f"{path}/payments"))
        api.data(api.delete(f"/payments/{payment['id']}"))
    if fate == "paid by credit":
        pay_by_credit(api, path, draft)


def pay_by_credit(api: Api, path: str, draft: Any) -> None:
    """Pays as much of an invoice as the customer has to its credit."""
    summary = api.data(api.get(f"/customers/{draft['customer_id']}"))["summary"]
    amount = min(draft["total"], summary[draft["currency"]]["credit_balance"])
    if amount:
        api.data(api.post(f"{path}/payments", {"amount": str(amount), "method": "credit"}))


def listed(api: Api, path: str, query: dict[str, str] | None = None) -> Iterator[Any]:
    """Every row of a list, a few at a time."""
    after: str | None = ""
    while after is not None:
        reply = api.get(path, params={"after": after, "limit": 7, **(query or {})}).json(parse_float=Decimal)
        yield from reply["data"]
        after = reply["pagination"]["next"]


def selected(rows: Iterator[Any], query: dict[str, str], day: str = "issue_date") -> list[Any]:
    """What a query selects of a list that does not know its parameters."""
    first, last = query.get("from", ""), query.get("to", "9999")
    currencies = [query["currency"]] if "currency" in query else list(DIGITS)
    return [row for row in rows if row["currency"] in currencies and first <= row[day] <= last]


def age(invoice: Any) -> str:
    days_late = (TODAY - date.fromisoformat(invoice["due_date"])).days
    return next(name for name, most in AGES.items() if days_late <= most)


def added_up(api: Api, query: dict[str, str]) -> dict[str, Any]:
    """The statistics, but for their zeros, from the lists alone."""
    invoices = list(listed(api, "/invoices", query))
    issued = [row for row in invoices if row["status"] not in ("draft", "voided")]
    amounts: dict[str, Counter[str]] = defaultdict(Counter)
    aging: dict[str, Counter[str]] = defaultdict(Counter)
    revenue: dict[str, Counter[str]] = defaultdict(Counter)
    for row in issued:
        sums = amounts[row["currency"]]
        for name, field in (("invoiced", "total"), ("paid", "amount_paid"), ("credited", "amount_credited")):
            sums[name] += row[field]
        sums["outstanding"] += row["balance_due"]
        sums["overdue"] += row["balance_due"] if row["status"] == "overdue" else 0
        aging[row["currency"]][age(row)] += row["balance_due"]
        revenue[row["currency"]][row["issue_date"][:7]] += row["total"] - row["tax_total"]
    for row in selected(listed(api, "/credit-notes"), query):
        revenue[row["currency"]][row["issue_date"][:7]] -= row["total"] - row["tax_total"]
        amounts[row["currency"]]["credit_notes"] += row["total"]
    for row in selected(listed(api, "/payments", {"status": "succeeded"}), query, "date"):
        amounts[row["currency"]]["received"] += 0 if row["method"] == "credit" else row["amount"]
    for code, balance in summary_of(api).items():
        if code == query.get("currency", code):
            amounts[code]["customer_credit"] += balance["credit_balance"]
    return {
        "invoices": Counter(row["status"] for row in invoices),
        "quotations": Counter(row["status"] for row in selected(listed(api, "/quotations"), query)),
        "amounts": amounts,
        "aging": aging,
        "revenue": revenue,
        "recurring": scheduled(api, query),
    }


def summary_of(api: Api) -> Any:
    """The standing of the only customer, by currency."""
    (customer,) = api.data(api.get("/customers"))
    return api.data(api.get(f"/customers/{customer['id']}"))["summary"]


def scheduled(api: Api, query: dict[str, str]) -> tuple[int, dict[str, Decimal]]:
    active = list(listed(api, "/recurring-billing", {"active_only": "true"}))
    wanted = [row for row in active if row["currency"] == query.get("currency", row["currency"])]
    a_year: dict[str, Decimal] = defaultdict(Decimal)
    for row in wanted:
        if row["start_date"] > str(TODAY):
            continue
        a_year[row["currency"]] += (row["total"] - row["tax_total"]) * A_YEAR[row["frequency"]] / row["interval"]
    digits = {code: Decimal(1).scaleb(-places) for code, places in DIGITS.items()}
    return len(wanted), {code: (sum_ / 12).quantize(digits[code], ROUND_HALF_UP) for code, sum_ in a_year.items()}


def months(query: dict[str, str]) -> tuple[str, str]:
    """The first and the last month of revenue."""
    last = query.get("to", str(TODAY))[:7]
    year, month = map(int, last.split("-"))
    return (f"{year}-01" if month == 12 else f"{year - 1}-{month + 1:02}"), last


def filled(sums: dict[str, Counter[str]]) -> dict[str, dict[str, Any]]:
    return {code: kept for code, each in sums.items() if (kept := {name: sum_ for name, sum_ in each.items() if sum_})}


# Shrinking would make a business again for every try, for minutes; a small one is soon told apart by hand.
@pytest.mark.slow
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    business=st.lists(sales, min_size=1, max_size=12),
    repeated=st.lists(schedules, max_size=4),
    wanted=st.lists(queries, min_size=1, max_size=3),
)
def test_statistics_are_what_the_lists_add_up_to(
    database_url: str,
    business: list[Sale],
    repeated: list[tuple[str, int, str, bool, str]],
    wanted: list[dict[str, str]],
) -> None:
    with opened(database_url, clock=Clock(f"{TODAY}T12:00:00Z")) as api:
        customer_id = a_customer(api)
        for sale in business:
            sell(api, customer_id, sale)
        for frequency, interval, currency, is_active, start in repeated:
            body = {"customer_id": customer_id, "description": "Retainer", "amount": 100 * interval + 7}
            rhythm = {"frequency": frequency, "interval": interval, "start_date": start, "currency": currency}
            schedule = api.data(api.post("/recurring-billing", {**body, **rhythm, "tax_rate": 7}))
            if not is_active:
                api.data(api.post(f"/recurring-billing/{schedule['id']}/toggle"))
        for query in ({}, *wanted):
            check(api, query)
        check_summary(api)
        assert api.differences() == []


def check(api: Api, query: dict[str, str]) -> None:
    shown = api.data(api.get("/stats", params=query))
    expected = added_up(api, query)
    first, last = months(query)
    in_time = {
        code: Counter({month: sum_ for month, sum_ in sums.items() if first <= month <= last})
        for code, sums in expected["revenue"].items()
    }
    by_month = {
        code: Counter({each["month"]: each["amount"] for each in sums}) for code, sums in shown["revenue"].items()
    }
    assert shown["customers"] == 1
    assert +Counter(shown["invoices"]) == expected["invoices"]
    assert +Counter(shown["quotations"]) == expected["quotations"]
    assert filled(shown["amounts"]) == filled(expected["amounts"])
    assert filled(shown["aging"]) == filled(expected["aging"])
    assert filled(by_month) == filled(in_time)
    active, a_month = expected["recurring"]
    assert shown["recurring"]["active"] == active
    assert {code: sum_ for code, sum_ in shown["recurring"]["monthly_revenue"].items() if sum_} == a_month
    assert shown["amounts"].keys() == shown["aging"].keys() == shown["recurring"]["monthly_revenue"].keys()


def check_summary(api: Api) -> None:
    """The only customer's words mean what the account's mean."""
    names = {"total_invoiced": "invoiced", "total_paid": "paid", "total_credited": "credited"}
    same = {"outstanding", "received", "credit_notes"}
    amounts = api.data(api.get("/stats"))["amounts"]
    for code, balance in summary_of(api).items():
        assert balance["total_invoiced"] == (balance["total_paid"] + balance["total_credited"] + balance["outstanding"])
        assert balance["credit_balance"] == amounts[code]["customer_credit"]
        for name, other in (names | {name: name for name in same}).items():
            assert balance[name] == amounts[code][other], name
