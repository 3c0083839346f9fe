"""Where a party is, as it stands on a letter."""

from typing import Any

import pytest

from tallystick.core.party import Buyer, PostalAddress


@pytest.mark.parametrize(
    ("fields", "country", "expected"),
    [
        ({}, None, []),
        ({"address": "1 High St\nLeeds"}, None, ["1 High St\nLeeds"]),
        ({"address_line1": "Flat 2", "address_line2": "1 High St"}, None, ["Flat 2", "1 High St"]),
        ({"postal_code": "20457", "city": "Hamburg"}, None, ["20457 Hamburg"]),
        ({"city": "Hamburg"}, None, ["Hamburg"]),
        ({"postal_code": "20457"}, None, ["20457"]),
        ({"city": "Boston", "state": "MA", "country": "US"}, "United States", ["Boston", "MA", "United States"]),
        ({"city": "", "state": ""}, "", []),
    ],
)
def test_the_lines_of_an_address(fields: dict[str, Any], country: str | None, expected: list[str]) -> None:
    assert PostalAddress(**fields).lines(country) == expected


def test_parties_that_say_the_same_are_equal() -> None:
    assert Buyer("Ann", id=1, city="Leeds") == Buyer("Ann", id=1, city="Leeds") != Buyer("Ann", id=2, city="Leeds")
