"""The closed list of events."""

import pytest

from tallystick.core.events import Event, of_kind

# API.md, section 9, word for word, and those that ADR 43 and ADR 48 add: an update of a credit note and of a payment,
# and what happens to meters and rates.
LISTED = {
    "customer": "created updated deleted",
    "product": "created updated deleted deactivated reactivated",
    "tax": "created updated deleted",
    "invoice": "created updated deleted restored purged issued revised unpublished sent viewed reminded paid overdue "
    "credited voided",
    "quotation": "created updated deleted issued sent viewed accepted rejected converted",
    "credit_note": "issued updated sent viewed",
    "payment": "created updated reversed failed",
    "recurring": "created updated deleted switched_on switched_off failed",
    "meter": "created updated deleted",
    "rate": "created updated deleted",
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
