from datetime import date
from enum import StrEnum

import pytest

from tallystick.core.errors import Conflict
from tallystick.core.payment import PaymentStatus
from tallystick.core.states import (
    Action,
    CreditNoteState,
    InvoiceState,
    InvoiceStatus,
    QuotationState,
    QuotationStatus,
    check_allowed,
    first_state,
    invoice_status,
    next_state,
    quotation_status,
)

DRAFT, ISSUED, VOIDED = InvoiceState.DRAFT, InvoiceState.ISSUED, InvoiceState.VOIDED
OFFER, SENT = QuotationState.DRAFT, QuotationState.SENT
ACCEPTED, REJECTED, CONVERTED = QuotationState.ACCEPTED, QuotationState.REJECTED, QuotationState.CONVERTED
SUCCEEDED, FAILED, REVERSED = PaymentStatus.SUCCEEDED, PaymentStatus.FAILED, PaymentStatus.REVERSED

ALLOWED = [
    (DRAFT, Action.UPDATE, DRAFT),
    (DRAFT, Action.DELETE, DRAFT),
    (DRAFT, Action.ISSUE, ISSUED),
    (ISSUED, Action.ISSUE, ISSUED),
    (ISSUED, Action.REVISE, ISSUED),
    (ISSUED, Action.UNPUBLISH, DRAFT),
    (ISSUED, Action.VOID, VOIDED),
    (ISSUED, Action.PAY, ISSUED),
    (ISSUED, Action.CREDIT, ISSUED),
    (ISSUED, Action.SHARE, ISSUED),
    (VOIDED, Action.SHARE, VOIDED),
    (OFFER, Action.UPDATE, OFFER),
    (OFFER, Action.DELETE, OFFER),
    (OFFER, Action.ISSUE, SENT),
    (OFFER, Action.ACCEPT, ACCEPTED),
    (OFFER, Action.REJECT, REJECTED),
    (OFFER, Action.CONVERT, CONVERTED),
    (SENT, Action.ISSUE, SENT),
    (SENT, Action.ACCEPT, ACCEPTED),
    (SENT, Action.REJECT, REJECTED),
    (SENT, Action.CONVERT, CONVERTED),
    (SENT, Action.SHARE, SENT),
    (ACCEPTED, Action.ISSUE, ACCEPTED),
    (ACCEPTED, Action.ACCEPT, ACCEPTED),
    (ACCEPTED, Action.CONVERT, CONVERTED),
    (ACCEPTED, Action.SHARE, ACCEPTED),
    (REJECTED, Action.REJECT, REJECTED),
    (REJECTED, Action.SHARE, REJECTED),
    (CONVERTED, Action.SHARE, CONVERTED),
    (SUCCEEDED, Action.REVERSE, REVERSED),
]

REFUSED = [
    (DRAFT, Action.REVISE, "change it, then publish it"),
    (DRAFT, Action.UNPUBLISH, "nothing to unpublish"),
    (DRAFT, Action.VOID, "delete it instead"),
    (DRAFT, Action.PAY, "publish it first"),
    (DRAFT, Action.CREDIT, "change it instead"),
    (DRAFT, Action.SHARE, "publish it"),
    (ISSUED, Action.UPDATE, "revise it, or write a credit note"),
    (ISSUED, Action.DELETE, "void it instead"),
    (VOIDED, Action.UPDATE, "duplicate it"),
    (VOIDED, Action.DELETE, "keeps its number"),
    (VOIDED, Action.ISSUE, "duplicate it"),
    (VOIDED, Action.REVISE, "change the copy"),
    (VOIDED, Action.UNPUBLISH, "duplicate it"),
    (VOIDED, Action.VOID, "voided already"),
    (VOIDED, Action.PAY, "nothing is owed"),
    (VOIDED, Action.CREDIT, "nothing left to credit"),
    (SENT, Action.UPDATE, "duplicate it"),
    (SENT, Action.DELETE, "reject it"),
    (ACCEPTED, Action.UPDATE, "duplicate it"),
    (ACCEPTED, Action.DELETE, "cannot be deleted"),
    (ACCEPTED, Action.REJECT, "accepted already"),
    (REJECTED, Action.UPDATE, "duplicate it"),
    (REJECTED, Action.DELETE, "keeps its number"),
    (REJECTED, Action.ISSUE, "duplicate it"),
    (REJECTED, Action.ACCEPT, "duplicate it"),
    (REJECTED, Action.CONVERT, "duplicate it"),
    (OFFER, Action.SHARE, "publish it"),
    (CONVERTED, Action.UPDATE, "change its invoice"),
    (CONVERTED, Action.DELETE, "cannot be deleted"),
    (CONVERTED, Action.ISSUE, "send its invoice"),
    (CONVERTED, Action.ACCEPT, "converted already"),
    (CONVERTED, Action.REJECT, "delete its invoice"),
    (CONVERTED, Action.CONVERT, "converted already"),
    (FAILED, Action.REVERSE, "nothing to reverse"),
    (REVERSED, Action.REVERSE, "reversed already"),
]
OF_INVOICES = {
    *(Action.UPDATE, Action.DELETE, Action.ISSUE, Action.REVISE),
    *(Action.UNPUBLISH, Action.VOID, Action.PAY, Action.CREDIT, Action.SHARE),
}
STAYING = {Action.UPDATE, Action.DELETE, Action.PAY, Action.CREDIT, Action.SHARE}
OF_QUOTATIONS = {
    *(Action.UPDATE, Action.DELETE, Action.ISSUE, Action.SHARE),
    *(Action.ACCEPT, Action.REJECT, Action.CONVERT),
}


def named(case: tuple[StrEnum, Action, str]) -> str:
    state, action, _ = case
    return f"{type(state).__name__}-{state}-{action}"


@pytest.mark.parametrize(("state", "action", "expected"), ALLOWED, ids=map(named, ALLOWED))
def test_an_allowed_action(state: StrEnum, action: Action, expected: StrEnum) -> None:
    assert next_state(state, action) is expected


@pytest.mark.parametrize(("state", "action", "sentence"), REFUSED, ids=map(named, REFUSED))
def test_a_refused_action_says_what_to_do(state: StrEnum, action: Action, sentence: str) -> None:
    with pytest.raises(Conflict, match=sentence):
        next_state(state, action)


def test_every_action_on_every_state_is_decided() -> None:
    decided = [(state, action) for state, action, _ in [*ALLOWED, *REFUSED]]
    wanted: list[tuple[StrEnum, Action]] = [(state, action) for state in InvoiceState for action in OF_INVOICES]
    wanted += [(state, action) for state in QuotationState for action in OF_QUOTATIONS]
    wanted += [(status, Action.REVERSE) for status in PaymentStatus]
    # A list, because the draft of an invoice and the draft of a quotation are equal as text.
    assert sorted(decided) == sorted(wanted)
    assert set(Action) == OF_INVOICES | OF_QUOTATIONS | {Action.REVERSE}


def test_a_new_one_is_what_can_be_acted_on() -> None:
    assert first_state(InvoiceState) is DRAFT
    assert first_state(QuotationState) is OFFER
    assert first_state(CreditNoteState) is CreditNoteState.ISSUED
    assert first_state(PaymentStatus) is SUCCEEDED


def test_what_is_only_checked_leaves_the_state_as_it_is() -> None:
    for state, action, expected in ALLOWED:
        if action in STAYING:
            check_allowed(state, action)
            assert expected is state


DUE = date(2026, 3, 31)
BEFORE, AFTER = date(2026, 3, 30), date(2026, 4, 1)


@pytest.mark.parametrize(
    ("state", "total", "paid", "credited", "today", "expected"),
    [
        (DRAFT, 10000, 0, 0, BEFORE, InvoiceStatus.DRAFT),
        (DRAFT, 10000, 0, 0, AFTER, InvoiceStatus.DRAFT),
        (DRAFT, 0, 0, 0, BEFORE, InvoiceStatus.DRAFT),
        (ISSUED, 10000, 0, 0, BEFORE, InvoiceStatus.SENT),
        (ISSUED, 10000, 0, 0, DUE, InvoiceStatus.SENT),
        (ISSUED, 10000, 0, 0, AFTER, InvoiceStatus.OVERDUE),
        (ISSUED, 24995, 1000, 0, BEFORE, InvoiceStatus.PARTIALLY_PAID),
        (ISSUED, 10000, 0, 1, BEFORE, InvoiceStatus.PARTIALLY_PAID),
        (ISSUED, 10000, 9999, 0, DUE, InvoiceStatus.PARTIALLY_PAID),
        (ISSUED, 10000, 9999, 0, AFTER, InvoiceStatus.OVERDUE),
        (ISSUED, 24995, 24995, 0, AFTER, InvoiceStatus.PAID),
        (ISSUED, 10000, 6000, 4000, AFTER, InvoiceStatus.PAID),
        (ISSUED, 10000, 0, 10000, BEFORE, InvoiceStatus.PAID),
        (ISSUED, 0, 0, 0, AFTER, InvoiceStatus.PAID),
        (VOIDED, 10000, 0, 0, AFTER, InvoiceStatus.VOIDED),
        (VOIDED, 0, 0, 0, BEFORE, InvoiceStatus.VOIDED),
    ],
)
def test_status(
    *, state: InvoiceState, total: int, paid: int, credited: int, today: date, expected: InvoiceStatus
) -> None:
    assert invoice_status(state, total, paid, credited, DUE, today) is expected


@pytest.mark.parametrize(
    ("state", "today", "expected"),
    [
        (OFFER, DUE, QuotationStatus.DRAFT),
        (OFFER, AFTER, QuotationStatus.DRAFT),  # a draft never expires
        (SENT, BEFORE, QuotationStatus.SENT),
        (SENT, DUE, QuotationStatus.SENT),
        (SENT, AFTER, QuotationStatus.EXPIRED),  # a sent one does the day after it was valid until
        (ACCEPTED, AFTER, QuotationStatus.ACCEPTED),
        (REJECTED, AFTER, QuotationStatus.REJECTED),
        (CONVERTED, AFTER, QuotationStatus.CONVERTED),
    ],
)
def test_quotation_status(state: QuotationState, today: date, expected: QuotationStatus) -> None:
    assert quotation_status(state, DUE, today) is expected
