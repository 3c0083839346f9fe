"""The rules of invoices, a case a line, the outcome last."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import UNSET, structs

from tallystick.bills.types import DraftChange
from tallystick.core.errors import Conflict
from tallystick.core.states import InvoiceState
from tallystick.invoices import rules
from tallystick.invoices.types import Invoice
from tallystick.store.journal import LedgerAccount
from tests.credit_notes.test_rules import bill, invoice_of, line
from tests.refusals import is_refused

DRAFT, ISSUED, VOIDED = InvoiceState
LATER = datetime(2026, 4, 1, tzinfo=UTC)


def invoice(**fields: Any) -> Invoice:
    """An issued invoice over 100.00 and 20 % tax, with these fields of its row."""
    made = invoice_of(bill(line("100.00")))
    return structs.replace(made, row=structs.replace(made.row, **fields))


def test_an_issue_is_revenue_and_tax_and_taking_it_back_the_reverse() -> None:
    due = [
        (LedgerAccount.RECEIVABLE, LedgerAccount.REVENUE, 10000),
        (LedgerAccount.RECEIVABLE, LedgerAccount.TAX, 2000),
    ]
    assert [tuple(each) for each in rules.revenue(invoice())] == due
    assert [tuple(each) for each in rules.reversed_revenue(invoice())] == [(*rest, -minor) for *rest, minor in due]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"recurring_id": 3, "state": ISSUED}, None),
        ({"recurring_id": 3, "state": DRAFT}, None),
        ({"recurring_id": 3, "state": VOIDED}, {"recurring_id": 3, "period_start": None, "period_end": None}),
    ],
)
def test_only_a_voided_period_is_billed_again(fields: dict[str, Any], expected: dict[str, Any] | None) -> None:
    assert rules.billed_again(invoice(**fields).row) == expected


@pytest.mark.parametrize(
    ("fields", "remedy"),
    [
        ({"state": ISSUED}, "Void it first."),
        ({"state": DRAFT}, "Change that draft, or delete it permanently first."),
        ({"state": DRAFT, "deleted_at": LATER}, "It is in the trash: restore it, or delete it permanently first."),
    ],
)
def test_what_bills_a_period_already_is_named_with_a_remedy(fields: dict[str, Any], remedy: str) -> None:
    with pytest.raises(Conflict) as refused:
        rules.check_unbilled(invoice(**fields).row)
    assert str(refused.value).endswith(remedy)
    rules.check_unbilled(None)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, False),
        ({"issued_at": LATER, "revised_at": LATER, "terms_days": 14, "issue_date_given": False}, False),
        ({"header": invoice().row.header}, False),
        ({"header": structs.replace(invoice().row.header, notes="New")}, True),
        ({"issued_at": LATER, "sums": structs.replace(invoice().row.sums, total=1)}, True),
    ],
)
def test_a_revision_that_says_nothing_new_is_none(columns: dict[str, Any], expected: bool) -> None:
    assert rules.is_changed(invoice().row, columns) is expected


@pytest.mark.parametrize(("number", "refused"), [(UNSET, False), ("INV-1", False), ("INV-2", True), (None, True)])
def test_a_revised_invoice_keeps_its_number(number: Any, refused: bool) -> None:
    assert is_refused(rules.check_keeps_number, invoice().row, DraftChange(number=number)) is refused


@pytest.mark.parametrize(("paid", "refused"), [(0, False), (1, True)])
def test_what_is_paid_on_is_not_taken_back(paid: int, refused: bool) -> None:
    assert is_refused(rules.check_untouched, invoice(paid=paid)) is refused
