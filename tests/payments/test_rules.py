"""The rules of payments, a case a line, the outcome last."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import InvoiceState
from tallystick.invoices.types import InvoiceRow
from tallystick.payments import rules
from tallystick.payments.types import Excess, NewPayment, Payment, WantedShare
from tallystick.store.journal import LedgerAccount
from tests.credit_notes.test_rules import bill, invoice_of, line
from tests.refusals import is_refused, outcome

NOW = datetime(2026, 3, 31, tzinfo=UTC)
TODAY = date(2026, 3, 31)
FAILED, REVERSED, SUCCEEDED = PaymentStatus.FAILED, PaymentStatus.REVERSED, PaymentStatus.SUCCEEDED


def invoice(id: int, total: int, paid: int = 0, due: int = 31, **fields: Any) -> InvoiceRow:
    """An invoice of customer 1 in EUR, due on this day of March; minor units."""
    row = invoice_of(bill(line("1.00"))).row
    sums = structs.replace(row.sums, total=total)
    changed = {"id": id, "sums": sums, "paid": paid, "due_date": date(2026, 3, due), "currency": "EUR", **fields}
    return structs.replace(row, **changed)


def payment(status: PaymentStatus) -> Payment:
    method, reversed_at = PaymentMethod.CARD, NOW if status is REVERSED else None
    return Payment(
        1,
        1,
        "EUR",
        100,
        0,
        method,
        None,
        TODAY,
        None,
        status,
        NOW,
        reversed_at,
        external_id=None,
        metadata={},
        version=1,
    )


@pytest.mark.parametrize(
    ("day", "refused"),
    [
        (date(1969, 12, 31), True),
        (date(1970, 1, 1), False),
        (TODAY, False),
        (date(2026, 4, 1), False),
        (date(2026, 4, 2), True),
    ],
)
def test_a_payers_calendar_may_be_a_day_ahead(day: date, refused: bool) -> None:
    assert is_refused(rules.check_day, "date", day, TODAY) is refused


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("10.00", "EUR", 1000),
        ("10", "JPY", 10),
        ("0.001", "BHD", 1),
        ("0.001", "EUR", ["amount"]),
        ("0.5", "JPY", ["amount"]),
    ],
)
def test_an_amount_has_no_more_digits_than_its_currency(amount: str, currency: str, expected: int | list[str]) -> None:
    assert outcome(rules.minor_amount, Decimal(amount), currency) == expected


EARLY, LATE, PAID_UP = invoice(2, 500, due=1), invoice(1, 800, paid=300, due=20), invoice(3, 100, paid=100, due=1)
VOIDED = invoice(4, 900, due=1, state=InvoiceState.VOIDED)


@pytest.mark.parametrize(
    ("found", "amount", "expected"),
    [
        ([LATE, EARLY], 400, [(2, 400)]),
        ([LATE, EARLY], 500, [(2, 500)]),
        ([LATE, EARLY], 501, [(2, 500), (1, 1)]),
        ([LATE, EARLY], 2000, [(2, 500), (1, 500)]),
        ([PAID_UP, VOIDED, LATE], 10, [(1, 10)]),
        ([], 10, []),
        ([invoice(9, 10, due=1), invoice(8, 10, due=1)], 15, [(8, 10), (9, 5)]),
    ],
)
def test_money_settles_what_is_due_first(found: list[InvoiceRow], amount: int, expected: list[tuple[int, int]]) -> None:
    assert [(row.id, share) for row, share in rules.oldest_due_first(found, amount)] == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([(1, "2.00")], [(1, 200)]),
        ([(2, "1"), (1, "2.50")], [(2, 100), (1, 250)]),
        ([(1, "1"), (1, "1")], ["allocations.1.invoice_id"]),
        ([(7, "1"), (8, "1")], ["allocations.0.invoice_id", "allocations.1.invoice_id"]),
        ([(1, "0.001")], ["allocations.0.amount"]),
    ],
)
def test_each_share_is_of_one_invoice(wanted: list[tuple[int, str]], expected: list[Any]) -> None:
    shares = [WantedShare(id, Decimal(amount)) for id, amount in wanted]
    found = outcome(rules.shares_as_wanted, shares, [EARLY, LATE], 1, "EUR")
    assert [each if isinstance(each, str) else (each[0].id, each[1]) for each in found] == expected


@pytest.mark.parametrize(("share", "refused"), [(499, False), (500, False), (501, True)])
def test_a_share_is_at_most_the_balance(share: int, refused: bool) -> None:
    assert is_refused(rules.check_shares, [(LATE, share)]) is refused


@pytest.mark.parametrize(
    ("excess", "wish", "method", "refused"),
    [
        (0, Excess.REFUSE, PaymentMethod.CARD, False),
        (1, Excess.REFUSE, PaymentMethod.CARD, True),
        (1, Excess.CREDIT, PaymentMethod.CARD, False),
        (1, Excess.CREDIT, PaymentMethod.CREDIT, True),
        (0, Excess.CREDIT, PaymentMethod.CREDIT, False),
    ],
)
def test_what_is_left_over_becomes_credit_only_where_it_is_wanted(
    excess: int, wish: Excess, method: PaymentMethod, refused: bool
) -> None:
    assert is_refused(rules.check_excess, excess, NewPayment(excess=wish, method=method)) is refused


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (PaymentMethod.CARD, LedgerAccount.CASH),
        (PaymentMethod.CASH, LedgerAccount.CASH),
        (PaymentMethod.CREDIT, LedgerAccount.CUSTOMER_CREDIT),
    ],
)
def test_credit_is_the_one_method_that_brings_no_money(method: PaymentMethod, expected: LedgerAccount) -> None:
    assert rules.source_account(method) is expected
