"""The rules of quotations, a case a line, the outcome last."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tallystick.bills.dates import days_until
from tallystick.bills.rules import NEW_ROW_DEFAULTS, copied_columns
from tallystick.core.account import Account
from tallystick.core.money import Rounding, RoundingMode
from tallystick.core.party import Seller
from tallystick.core.states import QuotationState
from tallystick.quotations import rules
from tallystick.quotations.types import Quotation, QuotationRow
from tests.credit_notes.test_rules import BUYER, bill, invoice_of, line
from tests.refusals import is_refused

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DRAFT, SENT = QuotationState.DRAFT, QuotationState.SENT
ACCEPTED, REJECTED, CONVERTED = QuotationState.ACCEPTED, QuotationState.REJECTED, QuotationState.CONVERTED


def account(timezone: str = "UTC") -> Account:
    return Account(
        id=1,
        seller=Seller("Example Ltd"),
        currency="EUR",
        timezone=timezone,
        payment_terms_days=30,
        number_patterns={},
        rounding=Rounding.DOCUMENT,
        rounding_mode=RoundingMode.HALF_UP,
        prices_include_tax=False,
        version=1,
        created_at=NOON,
        updated_at=NOON,
    )


def quotation(state: QuotationState, day: int) -> Quotation:
    """A quotation issued on March 1 and valid until this day of March."""
    row = invoice_of(bill(line("1"))).row
    common: dict[str, Any] = {name: getattr(row, name) for name in row.__struct_fields__}
    dates = {"issue_date": date(2026, 3, 1), "valid_until": date(2026, 3, day)}
    values = {**common, **NEW_ROW_DEFAULTS, **dates, "state": state}
    known = values.keys() & {*QuotationRow.__struct_fields__}
    return Quotation(row=QuotationRow(**{name: values[name] for name in known}), lines=[], customer=BUYER)


@pytest.mark.parametrize(
    ("state", "valid_until", "refused"),
    [
        (DRAFT, 9, False),
        (SENT, 9, True),
        (SENT, 10, False),
        (ACCEPTED, 9, False),
        (REJECTED, 31, True),
        (CONVERTED, 31, True),
    ],
)
def test_what_is_not_refused_or_expired_is_converted_once(
    state: QuotationState, valid_until: int, refused: bool
) -> None:
    assert is_refused(rules.converted, quotation(state, valid_until), account(), NOON) is refused


@pytest.mark.parametrize(
    ("state", "valid_until", "refused"),
    [(DRAFT, 9, True), (DRAFT, 10, False), (SENT, 9, False)],
)
def test_a_draft_is_not_sent_when_it_is_too_late_to_accept_it(
    state: QuotationState, valid_until: int, refused: bool
) -> None:
    assert is_refused(rules.check_sendable, quotation(state, valid_until), account(), NOON) is refused


@pytest.mark.parametrize(
    ("timezone", "refused"), [("UTC", False), ("Pacific/Honolulu", False), ("Pacific/Kiritimati", True)]
)
def test_it_expires_by_the_accounts_calendar(timezone: str, refused: bool) -> None:
    assert is_refused(rules.check_unexpired, quotation(SENT, 10), account(timezone), NOON) is refused


@pytest.mark.parametrize(("day", "expected"), [(1, date(2026, 3, 10)), (31, date(2026, 4, 9))])
def test_a_copy_is_valid_for_as_many_days(day: int, expected: date) -> None:
    row = quotation(SENT, day).row
    columns = copied_columns(row, account(), NOON, days_until(row, "valid_until"), "valid_until")
    assert columns["valid_until"] == expected
