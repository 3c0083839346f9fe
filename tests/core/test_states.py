from datetime import date

import pytest

from tallystick.core.errors import Conflict
from tallystick.core.states import Action, InvoiceState, Status, after, status

DRAFT, ISSUED, VOIDED = InvoiceState.DRAFT, InvoiceState.ISSUED, InvoiceState.VOIDED

ALLOWED = [
    (DRAFT, Action.UPDATE, DRAFT),
    (DRAFT, Action.DELETE, DRAFT),
    (DRAFT, Action.ISSUE, ISSUED),
    (ISSUED, Action.ISSUE, ISSUED),
    (ISSUED, Action.UNPUBLISH, DRAFT),
    (ISSUED, Action.VOID, VOIDED),
    (ISSUED, Action.PAY, ISSUED),
    (ISSUED, Action.CREDIT, ISSUED),
]

REFUSED = [
    (DRAFT, Action.UNPUBLISH, "nothing to unpublish"),
    (DRAFT, Action.VOID, "delete it instead"),
    (DRAFT, Action.PAY, "publish it first"),
    (DRAFT, Action.CREDIT, "change it instead"),
    (ISSUED, Action.UPDATE, "credit note"),
    (ISSUED, Action.DELETE, "void it instead"),
    (VOIDED, Action.UPDATE, "duplicate it"),
    (VOIDED, Action.DELETE, "keeps its number"),
    (VOIDED, Action.ISSUE, "duplicate it"),
    (VOIDED, Action.UNPUBLISH, "duplicate it"),
    (VOIDED, Action.VOID, "voided already"),
    (VOIDED, Action.PAY, "nothing is owed"),
    (VOIDED, Action.CREDIT, "nothing left to credit"),
]


@pytest.mark.parametrize(("state", "action", "expected"), ALLOWED)
def test_an_allowed_action(state: InvoiceState, action: Action, expected: InvoiceState) -> None:
    assert after(state, action) is expected


@pytest.mark.parametrize(("state", "action", "sentence"), REFUSED)
def test_a_refused_action_says_what_to_do(state: InvoiceState, action: Action, sentence: str) -> None:
    with pytest.raises(Conflict, match=sentence):
        after(state, action)


def test_every_action_on_every_state_is_decided() -> None:
    decided = {(state, action) for state, action, _ in [*ALLOWED, *REFUSED]}
    assert decided == {(state, action) for state in InvoiceState for action in Action}


DUE = date(2026, 3, 31)
BEFORE, AFTER = date(2026, 3, 30), date(2026, 4, 1)


@pytest.mark.parametrize(
    ("state", "total", "paid", "credited", "today", "expected"),
    [
        (DRAFT, 10000, 0, 0, BEFORE, Status.DRAFT),
        (DRAFT, 10000, 0, 0, AFTER, Status.DRAFT),
        (DRAFT, 0, 0, 0, BEFORE, Status.DRAFT),
        (ISSUED, 10000, 0, 0, BEFORE, Status.SENT),
        (ISSUED, 10000, 0, 0, DUE, Status.SENT),
        (ISSUED, 10000, 0, 0, AFTER, Status.OVERDUE),
        (ISSUED, 24995, 1000, 0, BEFORE, Status.PARTIALLY_PAID),
        (ISSUED, 10000, 0, 1, BEFORE, Status.PARTIALLY_PAID),
        (ISSUED, 10000, 9999, 0, DUE, Status.PARTIALLY_PAID),
        (ISSUED, 10000, 9999, 0, AFTER, Status.OVERDUE),
        (ISSUED, 24995, 24995, 0, AFTER, Status.PAID),
        (ISSUED, 10000, 6000, 4000, AFTER, Status.PAID),
        (ISSUED, 10000, 0, 10000, BEFORE, Status.PAID),
        (ISSUED, 0, 0, 0, AFTER, Status.PAID),
        (VOIDED, 10000, 0, 0, AFTER, Status.VOIDED),
        (VOIDED, 0, 0, 0, BEFORE, Status.VOIDED),
    ],
)
def test_status(*, state: InvoiceState, total: int, paid: int, credited: int, today: date, expected: Status) -> None:
    assert status(state, total, paid, credited, DUE, today) is expected
