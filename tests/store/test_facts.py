"""The shape of what events keep; every event that the suite records is held against it (``tests/api.py``)."""

import msgspec
import pytest

from tallystick.core.events import Event, Facts
from tallystick.store.facts import Created, Fact, Issued, Paid, facts_of

PAID: Facts = {"currency": "EUR", "amount_paid": 100, "amount_credited": 0}


@pytest.mark.parametrize(
    ("event", "data", "expected"),
    [
        (Event.TAX_CREATED, None, Fact()),
        (Event.INVOICE_CREATED, None, Created()),
        (Event.INVOICE_CREATED, {"duplicate_of": 7}, Created(duplicate_of=7)),
        # The first versions told no more.
        (Event.INVOICE_ISSUED, {"auto_send": True}, Issued(auto_send=True)),
        (Event.INVOICE_PAID, PAID, Paid("EUR", 100, 0)),
    ],
)
def test_facts_are_typed(event: Event, data: Facts | None, expected: Fact) -> None:
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
def test_what_does_not_fit_is_refused(event: Event, data: Facts | None) -> None:
    with pytest.raises(msgspec.ValidationError):
        facts_of(event, data)


def test_facts_are_written_as_they_are_kept() -> None:
    """To the byte: what is sealed must not change by a way through the struct."""
    for event, data in [(Event.INVOICE_PAID, PAID), (Event.INVOICE_CREATED, {"recurring_id": 3})]:
        assert msgspec.json.encode(facts_of(event, data)) == msgspec.json.encode(data)
