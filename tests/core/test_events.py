"""The closed list of events, and their facts as they are shown."""

from decimal import Decimal
from typing import Any

import pytest

from tallystick.core.events import Event, Facts, in_major_units, of_kind

# API.md, section 9, word for word.
LISTED = {
    "customer": "created updated deleted",
    "product": "created updated deleted deactivated reactivated",
    "tax": "created updated deleted",
    "invoice": "created updated deleted restored purged issued revised unpublished sent viewed reminded paid overdue "
    "credited voided",
    "quotation": "created updated deleted issued sent viewed accepted rejected converted",
    "credit_note": "issued sent viewed",
    "payment": "created reversed failed",
    "recurring": "created updated deleted switched_on switched_off failed",
    "mail": "failed",
    "usage": "threshold_reached",
    "webhook": "deactivated",
    "settings": "updated",
    "api_key": "created revoked",
    "user": "invited updated removed signed_in",
}


def test_the_list_is_the_contracts() -> None:
    assert {f"{kind}.{name}" for kind, names in LISTED.items() for name in names.split()} == {*Event}


@pytest.mark.parametrize("kind", LISTED)
def test_the_kind_of_the_subject_is_the_names_first_part(kind: str) -> None:
    assert [event.value.removeprefix(f"{kind}.") for event in of_kind(kind)] == LISTED[kind].split()


@pytest.mark.parametrize(
    ("facts", "expected"),
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
def test_facts_are_shown_in_major_units(facts: Facts, expected: Facts) -> None:
    assert _as_text(in_major_units(facts)) == expected


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_text(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_text(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value
