"""The text that seals are hashed over, and how a seal is linked: worked out here by hand, for they stay for ever."""

import hmac
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from tallystick.core.states import InvoiceState
from tallystick.store import canonical
from tallystick.store.seals import BEFORE_THE_FIRST, Form, Seal, link

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
CONTENT = sha256(b"content").digest()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.50"), '"1.5"'),
        (Decimal("1E+2"), '"100"'),
        (Decimal("2E-7"), '"0.0000002"'),
        (Decimal("-0.00"), '"0"'),
        (Decimal(19), '"19"'),
        (12, "12"),
        (True, "true"),
        ("Ö", '"Ö"'),
        (InvoiceState.ISSUED, '"issued"'),
        (date(2026, 3, 31), '"2026-03-31"'),
        (NOON, '"2026-03-31T12:00:00.000000+00:00"'),
        (NOON.astimezone(timezone(timedelta(hours=13))), '"2026-03-31T12:00:00.000000+00:00"'),
        ({"b": 1, "a": Decimal("2.0"), "c": None}, '{"a":"2","b":1}'),
        ([["19.0", None, Decimal("3.10")]], '[["19.0",null,"3.1"]]'),
    ],
)
def test_a_value_has_one_text(value: Any, text: str) -> None:
    assert canonical.text({"x": value}).decode() == f'{{"x":{text}}}'


def test_a_field_without_a_value_changes_nothing_that_was_sealed_before() -> None:
    assert canonical.digest({"a": 1, "added_later": None}) == canonical.digest({"a": 1}) == sha256(b'{"a":1}').digest()


def seal(form: Form) -> Seal:
    return Seal(7, form, "invoice", 12, CONTENT, NOON)


def test_the_first_form_links_what_it_is_set_on() -> None:
    assert link(BEFORE_THE_FIRST, seal(Form.FIRST), None) == sha256(bytes(32) + b"invoice:12:" + CONTENT).digest()


NAMED = b"7:invoice:12:2026-03-31T12:00:00.000000+00:00:"


def test_the_canonical_form_links_its_place_and_time_too() -> None:
    assert link(BEFORE_THE_FIRST, seal(Form.CANONICAL), None) == sha256(bytes(32) + b"2:" + NAMED + CONTENT).digest()


def test_the_keyed_form_is_an_hmac() -> None:
    due = hmac.new(b"key", bytes(32) + b"3:" + NAMED + CONTENT, sha256).digest()
    assert link(BEFORE_THE_FIRST, seal(Form.KEYED), b"key") == due
    assert link(BEFORE_THE_FIRST, seal(Form.KEYED), b"another") != due


def test_a_withdrawal_is_linked_too() -> None:
    withdrawn = seal(Form.CANONICAL)._replace(content_hash=None)
    assert link(CONTENT, withdrawn, None) == sha256(CONTENT + b"2:" + NAMED).digest()
