"""An invoice that one API makes is read by every other: the same total, and the status in each one's words.

The words are those of the table in docs/dialects.md.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallystick.core.states import InvoiceStatus
from tallystick.http.surface import Surface
from tests.api import Api
from tests.bills import a_customer, a_draft, an_invoice, pay
from tests.dialects.callers import DialectCaller, exact
from tests.dialects.readers import DIALECTS, READERS

PAGE = Path(__file__).parents[2] / "docs" / "dialects.md"
NOT_SHOWN = "–"
EACH = pytest.mark.parametrize("surface", DIALECTS, ids=lambda surface: surface.name)
AHEAD = "2999-12-31"


def table() -> dict[str, dict[str, str]]:
    """By native status and column, the word of the page."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if "|" in line]
    (_native, *columns), _ruler, *body = rows
    return {row[0].strip("`"): dict(zip(columns, (word.strip("`") for word in row[1:]), strict=True)) for row in body}


def sent(api: Api) -> Any:
    return an_invoice(api, 100, due_date=AHEAD)


def partially_paid(api: Api) -> Any:
    invoice = sent(api)
    api.data(pay(api, invoice, 40))
    return invoice


def paid(api: Api) -> Any:
    invoice = sent(api)
    api.data(pay(api, invoice, 100))
    return invoice


def overdue(api: Api) -> Any:
    return an_invoice(api, 100, issue_date="2026-01-01", due_date="2026-01-31")


def voided(api: Api) -> Any:
    invoice = sent(api)
    api.data(api.post(f"/invoices/{invoice['id']}/void"))
    return invoice


def draft(api: Api) -> Any:
    return a_draft(api, 100)


MADE: dict[InvoiceStatus, Callable[[Api], Any]] = {
    InvoiceStatus.DRAFT: draft,
    InvoiceStatus.SENT: sent,
    InvoiceStatus.PARTIALLY_PAID: partially_paid,
    InvoiceStatus.PAID: paid,
    InvoiceStatus.OVERDUE: overdue,
    InvoiceStatus.VOIDED: voided,
}


def test_the_page_has_every_status_and_every_api() -> None:
    found = table()
    assert list(found) == list(MADE) == list(InvoiceStatus)
    assert all(list(words) == [reader.column for reader in READERS.values()] for words in found.values())
    assert {surface.name for surface in DIALECTS} <= READERS.keys()


@EACH
@pytest.mark.parametrize("status", InvoiceStatus)
def test_a_status_in_its_words(api: Api, surface: Surface, status: InvoiceStatus) -> None:
    reader, caller = READERS[surface.name], DialectCaller(api, surface)
    invoice = MADE[status](api)
    assert api.data(api.get(f"/invoices/{invoice['id']}"))["status"] == status
    response = caller.get(reader.path.format(id=invoice["id"]))
    word = table()[status][reader.column]
    if word == NOT_SHOWN:
        assert response.status_code == 404
    else:
        assert (reader.status(exact(response)), reader.total(exact(response))) == (word, Decimal(100))


@EACH
@pytest.mark.parametrize(
    ("currency", "price", "fields", "total"),
    [
        # 3 x 33.33 = 99.99, less 10 % = 89.99 (89.991), and 19 % of that = 17.10 (17.0981): 107.09.
        ("USD", "33.33", {"discount_type": "percentage", "discount_value": 10}, "107.09"),
        # 3 x 333 = 999, less 10 % = 899 (899.1), and 19 % = 171 (170.81).
        ("JPY", "333", {"discount_type": "percentage", "discount_value": 10}, "1070"),
        # 3 x 1.111 = 3.333 with the tax inside.
        ("BHD", "1.111", {"prices_include_tax": True}, "3.333"),
    ],
)
def test_a_total_to_the_last_digit(
    api: Api, surface: Surface, currency: str, price: str, fields: dict[str, Any], total: str
) -> None:
    reader = READERS[surface.name]
    items = [{"description": "Work", "quantity": 3, "unit_price": price, "tax_rate": 19}]
    invoice = an_invoice(api, customer_id=a_customer(api), items=items, currency=currency, **fields)
    assert str(invoice["total"]) == total
    found = exact(DialectCaller(api, surface).get(reader.path.format(id=invoice["id"])))
    assert reader.total(found) == Decimal(total)


def test_every_readme_names_tests_that_are_there() -> None:
    """The README of a dialect names the test of each deliberate difference."""
    for surface in DIALECTS:
        readme = PAGE.parents[1] / "src" / "tallystick" / "dialects" / surface.name / "README.md"
        tests = "".join(path.read_text() for path in (Path(__file__).parent / surface.name).glob("test_*.py"))
        named = re.findall(r"`(test_\w+)`", readme.read_text(encoding="utf-8"))
        assert named, readme
        assert [name for name in named if f"def {name}(" not in tests] == [], readme
