"""How to pay: the account, and its code where the standard has one (EPC069-12)."""

from datetime import date

import pytest

from tallystick.core.party import Seller
from tallystick.documents.document import HowToPay
from tallystick.documents.payable import payment
from tallystick.documents.reader import Readership

IBAN = "DE02120300000000202051"


def asked(seller: Seller, reference: str, due: int, currency: str) -> HowToPay | None:
    """How to pay this seller, in English."""
    reader = Readership(seller, None, language="en", currency=currency, today=date(2026, 1, 1))
    return payment(None, seller, reference, due, reader)


def code(iban: str | None, currency: str, due: int) -> bool:
    """Whether there is a code."""
    found = asked(Seller(name="Example Ltd", iban=iban), "INV-1", due, currency)
    return found is not None and found.qr is not None


@pytest.mark.parametrize(
    ("iban", "currency", "due", "expected"),
    [
        (IBAN, "EUR", 1, True),
        ("de02 1203 0000 0000 2020 51", "EUR", 511_800, True),
        (IBAN, "EUR", 99_999_999_999, True),
        (IBAN, "EUR", 100_000_000_000, False),
        (IBAN, "EUR", 0, False),
        (IBAN, "CHF", 100, False),
        ("DE02120300000000202052", "EUR", 100, False),
        ("anything", "EUR", 100, False),
        (None, "EUR", 100, False),
    ],
)
def test_a_code_stands_where_a_transfer_can_be_made(iban: str | None, currency: str, due: int, expected: bool) -> None:
    assert code(iban, currency, due) is expected


@pytest.mark.parametrize(
    ("name", "reference", "expected"),
    [
        ("A" * 200, "R" * 200, True),
        ("日" * 70, "1", True),
        # 70 + 64 characters of 3 bytes each are more than the 331 bytes that a code holds.
        ("日" * 70, "日" * 64, False),
        ("\u200e", "INV-1", False),
        ("Example Ltd", "", False),
    ],
)
def test_what_a_code_cannot_hold_has_none(name: str, reference: str, expected: bool) -> None:
    found = asked(Seller(name=name, iban=IBAN), reference, 100, "EUR")
    assert found
    assert (found.qr is not None) is expected


def test_an_account_that_is_no_iban_is_shown_as_it_is() -> None:
    seller = Seller(name="Example Ltd", iban="12-34 56\u20287", bic="ABCDEF12")
    found = asked(seller, "INV-1", 100, "GBP")
    assert found
    rows = {item.label: item.text for item in found.rows}
    assert rows == {"Account name": "Example Ltd", "IBAN": "12-34 567", "BIC": "ABCDEF12", "Payment reference": "INV-1"}


def test_who_has_no_account_says_nothing_of_how_to_pay() -> None:
    assert asked(Seller(name="Example Ltd"), "42", 100, "EUR") is None
