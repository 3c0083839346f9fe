"""Addresses as each country's post wants them."""

import pytest

from tallystick.core.party import PostalAddress
from tallystick.documents.addresses import lines


@pytest.mark.parametrize(
    ("address", "country", "expected"),
    [
        (
            PostalAddress(
                address_line1="48 Canal Road",
                address_line2="Suite 4",
                city="Minneapolis",
                state="MN",
                postal_code="55401",
                country="US",
            ),
            None,
            ["48 Canal Road", "Suite 4", "Minneapolis, MN 55401"],
        ),
        (PostalAddress(city="Minneapolis", postal_code="55401", country="US"), None, ["Minneapolis 55401"]),
        (PostalAddress(state="MN", country="US"), "Vereinigte Staaten", ["MN", "Vereinigte Staaten"]),
        (
            PostalAddress(address="Hafen 1\nHinterhaus", city="Bremen", postal_code="28777", country="DE"),
            None,
            ["Hafen 1", "Hinterhaus", "28777 Bremen"],
        ),
        (
            PostalAddress(address_line1="22 Harrow Lane", city="Leeds", postal_code="LS6 2AB", country="GB"),
            None,
            ["22 Harrow Lane", "Leeds", "LS6 2AB"],
        ),
        (
            PostalAddress(address_line1="Via x 4", city="Bologna", state="BO", postal_code="40100", country="IT"),
            None,
            ["Via x 4", "40100 Bologna BO"],
        ),
        (
            PostalAddress(
                address_line1="見本町12番地", city="京都市中京区", state="京都府", postal_code="604-0000", country="JP"
            ),
            None,
            ["〒604-0000", "京都府", "京都市中京区見本町12番地"],
        ),
        (
            PostalAddress(address_line1="12 Mihoncho", city="Kyoto", postal_code="604-0000", country="JP"),
            "Japan",
            ["12 Mihoncho", "Kyoto", "604-0000", "Japan"],
        ),
        (PostalAddress(city="Zürich", postal_code="8001", country="CH"), None, ["CH-8001 Zürich"]),
        (PostalAddress(city="Zürich", country="CH"), None, ["Zürich"]),
        (PostalAddress(address="Somewhere\nelse", city="Town"), None, ["Somewhere\nelse", "Town"]),
        (PostalAddress(country="FR"), None, []),
    ],
)
def test_lines(address: PostalAddress, country: str | None, expected: list[str]) -> None:
    assert lines(address, country) == expected
