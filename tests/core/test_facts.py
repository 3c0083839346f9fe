"""The shape of what events keep; every event that the suite records is held against it (``tests/api.py``)."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import structs

from tallystick.core.events import Event
from tallystick.core.facts import (
    BillCreated,
    BillUpdated,
    CreditNoteIssued,
    CreditPutBack,
    Facts,
    FactsJson,
    InvoiceCredited,
    InvoiceIssued,
    InvoicePaid,
    InvoiceRevised,
    PaymentFacts,
    QuotationConverted,
    ScheduleChanged,
    ScheduleFailed,
    SettledShare,
    facts_of,
    in_major_units,
)
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.store.engines import to_json

PAID: FactsJson = {"currency": "EUR", "amount_paid": 100, "amount_credited": 0}


@pytest.mark.parametrize(
    ("event", "data", "expected"),
    [
        (Event.TAX_CREATED, None, Facts()),
        (Event.INVOICE_CREATED, None, BillCreated()),
        (Event.INVOICE_CREATED, {"duplicate_of": 7}, BillCreated(duplicate_of=7)),
        # The first versions told no more.
        (Event.INVOICE_ISSUED, {"auto_send": True}, InvoiceIssued(auto_send=True)),
        (Event.INVOICE_PAID, PAID, InvoicePaid(currency="EUR", amount_paid=100, amount_credited=0)),
    ],
)
def test_facts_are_typed(event: Event, data: FactsJson | None, expected: Facts) -> None:
    assert facts_of(event, data) == expected


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (Event.TAX_CREATED, {"rate": "19"}),
        (Event.INVOICE_PAID, None),
        (Event.INVOICE_PAID, {**PAID, "amount_paid": "1.00"}),
        (Event.INVOICE_PAID, {**PAID, "vip": True}),
        (Event.INVOICE_ISSUED, {"action": "guess"}),
    ],
)
def test_what_does_not_fit_is_refused(event: Event, data: FactsJson | None) -> None:
    with pytest.raises(msgspec.ValidationError):
        facts_of(event, data)


BACK = CreditPutBack(credit_note_id=5, invoice_id=3, amount=400)
PAYMENT = PaymentFacts(
    customer_id=7,
    currency="EUR",
    amount=900,
    to_credit=0,
    method=PaymentMethod.CARD,
    reference=None,
    date=date(2026, 3, 1),
    notes="Thanks",
    status=PaymentStatus.REVERSED,
    allocations=[SettledShare(invoice_id=3, amount=900)],
)
PAYMENT_TEXT = (
    '{"customer_id":7,"currency":"EUR","amount":900,"to_credit":0,"method":"card","reference":null,'
    '"date":"2026-03-01","notes":"Thanks","status":"reversed","allocations":[{"invoice_id":3,"amount":900}]}'
)
BACK_TEXT = '"payment_id":9,"put_back":[{"credit_note_id":5,"invoice_id":3,"amount":400}]}'


@pytest.mark.parametrize(
    ("event", "facts", "text"),
    [
        (Event.INVOICE_CREATED, BillCreated(recurring_id=3), '{"recurring_id":3}'),
        (Event.QUOTATION_UPDATED, BillUpdated(shared=True), '{"shared":true}'),
        (Event.INVOICE_UPDATED, BillUpdated(shared=True, revoked=True), '{"shared":true,"revoked":true}'),
        (
            Event.INVOICE_ISSUED,
            InvoiceIssued(action="recurring", currency="EUR", total=5, auto_send=False),
            '{"action":"recurring","currency":"EUR","total":5,"auto_send":false}',
        ),
        (
            Event.INVOICE_REVISED,
            InvoiceRevised(before={"notes": None, "currency": "EUR"}),
            '{"before":{"notes":null,"currency":"EUR"}}',
        ),
        (
            Event.INVOICE_PAID,
            InvoicePaid(currency="EUR", amount_paid=100, amount_credited=0),
            '{"currency":"EUR","amount_paid":100,"amount_credited":0}',
        ),
        (
            Event.INVOICE_CREDITED,
            InvoiceCredited(credit_note_id=5, currency="EUR", total=10, to_credit=0),
            '{"credit_note_id":5,"currency":"EUR","total":10,"to_credit":0}',
        ),
        (
            Event.INVOICE_CREDITED,
            InvoiceCredited(currency="EUR", payment_id=9, put_back=[BACK]),
            f'{{"currency":"EUR",{BACK_TEXT}',
        ),
        (
            Event.CREDIT_NOTE_ISSUED,
            CreditNoteIssued(invoice_id=3, currency="EUR", total=10, to_credit=0),
            '{"invoice_id":3,"currency":"EUR","total":10,"to_credit":0}',
        ),
        (Event.QUOTATION_CONVERTED, QuotationConverted(invoice_id=3), '{"invoice_id":3}'),
        (Event.PAYMENT_CREATED, PAYMENT, PAYMENT_TEXT),
        (
            Event.PAYMENT_REVERSED,
            structs.replace(PAYMENT, payment_id=9, put_back=[BACK]),
            f"{PAYMENT_TEXT.removesuffix('}')},{BACK_TEXT}",
        ),
        (
            Event.RECURRING_SWITCHED_ON,
            ScheduleChanged(unbilled_from=date(2026, 1, 1), unbilled_to=date(2026, 2, 28)),
            '{"unbilled_from":"2026-01-01","unbilled_to":"2026-02-28"}',
        ),
        (
            Event.RECURRING_FAILED,
            ScheduleFailed(code="conflict", reason="It has ended."),
            '{"code":"conflict","reason":"It has ended."}',
        ),
    ],
)
def test_facts_are_kept_to_the_byte(event: Event, facts: Facts, text: str) -> None:
    """What was sealed stays what it is: neither the names nor the order of what is written may change."""
    assert to_json(facts) == text
    assert facts_of(event, msgspec.json.decode(text)) == facts


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"currency": "EUR", "amount": 1000}, {"currency": "EUR", "amount": "10.00"}),
        ({"currency": "JPY", "total": 433, "to_credit": 0}, {"currency": "JPY", "total": "433", "to_credit": "0"}),
        ({"currency": "BHD", "amount": 1}, {"currency": "BHD", "amount": "0.001"}),
        ({"auto_send": True, "customer_id": 7, "notes": None}, {"auto_send": True, "customer_id": 7, "notes": None}),
        # The currency holds for all that is inside, but for what has its own.
        (
            {"currency": "EUR", "allocations": [{"invoice_id": 3, "amount": 250}]},
            {"currency": "EUR", "allocations": [{"invoice_id": 3, "amount": "2.50"}]},
        ),
        (
            {"before": {"currency": "JPY", "total": 5, "items": [{"quantity": "2.5", "line_total": 5}]}},
            {"before": {"currency": "JPY", "total": "5", "items": [{"quantity": "2.5", "line_total": "5"}]}},
        ),
        (
            {"currency": "EUR", "discount_value": None, "taxes": [{"rate": "19", "base": 100, "amount": 19}]},
            {"currency": "EUR", "discount_value": None, "taxes": [{"rate": "19", "base": "1.00", "amount": "0.19"}]},
        ),
    ],
)
def test_facts_are_shown_in_major_units(kept: FactsJson, expected: FactsJson) -> None:
    assert _as_text(in_major_units(kept)) == expected


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_text(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_text(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value
