"""The refusals of EN 16931's tax categories, each named after its rule."""

from decimal import Decimal

import pytest

from tallystick.core.bill import LineTax
from tallystick.core.tax_categories import (
    default_category,
    issue_refusal,
    lacks_reason,
    out_of_place,
    rate_refusal,
    reason_refusal,
)


def tax(category: str, rate: str = "0", reason: str | None = None) -> LineTax:
    return LineTax(Decimal(rate), category, reason)


def rule(refusal: str | None) -> str | None:
    return refusal and refusal.partition(":")[0]


@pytest.mark.parametrize(
    ("of", "rate", "reason", "issue"),
    [
        (tax("S", "20"), None, None, None),
        (tax("S", "0.000000000001"), None, None, None),
        (tax("S"), "BR-S-5", None, "BR-S-5"),
        (tax("S", "20", "Because"), None, "BR-S-10", "BR-S-10"),
        (tax("S", "0", "Because"), "BR-S-5", "BR-S-10", "BR-S-5"),
        (tax("Z"), None, None, None),
        (tax("Z", "0", " "), None, None, None),
        (tax("Z", "20"), "BR-Z-5", None, "BR-Z-5"),
        (tax("Z", "0", "Because"), None, "BR-Z-10", "BR-Z-10"),
        (tax("E", "1"), "BR-E-5", None, "BR-E-5"),
        (tax("AE", "1"), "BR-AE-5", None, "BR-AE-5"),
        (tax("K", "1"), "BR-IC-5", None, "BR-IC-5"),
        (tax("G", "1"), "BR-G-5", None, "BR-G-5"),
        (tax("O", "1"), "BR-O-5", None, "BR-O-5"),
        (tax("E"), None, None, "BR-E-10"),
        (tax("AE"), None, None, "BR-AE-10"),
        (tax("K"), None, None, "BR-IC-10"),
        (tax("G", "0", " \n"), None, None, "BR-G-10"),
        (tax("O", "0", ""), None, None, "BR-O-10"),
        *((tax(category, "0", "Because"), None, None, None) for category in ("E", "AE", "K", "G", "O")),
    ],
)
def test_a_refusal_names_its_rule(of: LineTax, rate: str | None, reason: str | None, issue: str | None) -> None:
    assert (rule(rate_refusal(of)), rule(reason_refusal(of)), rule(issue_refusal(of))) == (rate, reason, issue)


@pytest.mark.parametrize(("rate", "category"), [("0", "Z"), ("0.00", "Z"), ("0.01", "S"), ("20", "S")])
def test_a_rate_without_a_category_has_one(rate: str, category: str) -> None:
    assert default_category(Decimal(rate)) == category


@pytest.mark.parametrize(("of", "lacks"), [(tax("E"), True), (tax("E", "0", "Because"), False), (tax("Z"), False)])
def test_exempt_taxes_lack_a_reason_until_they_have_one(of: LineTax, lacks: bool) -> None:
    assert lacks_reason(of) is lacks


@pytest.mark.parametrize(
    ("categories", "expected"),
    [("", []), ("S", []), ("O", []), ("OO", []), ("OS", [0]), ("ZOEO", [1, 3])],
)
def test_what_is_outside_the_scope_of_tax_stands_alone(categories: str, expected: list[int]) -> None:
    assert out_of_place([tax(category) for category in categories]) == expected
