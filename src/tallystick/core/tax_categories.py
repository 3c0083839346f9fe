"""What EN 16931 asks of tax categories, as refusals that name the rule and say what to do."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from tallystick.core.bill import LineTax

STANDARD_RATE = "S"
ZERO_RATE = "Z"
OUTSIDE_THE_SCOPE = "O"

RULES: Mapping[str, str] = MappingProxyType(
    {
        STANDARD_RATE: "BR-S",
        ZERO_RATE: "BR-Z",
        "E": "BR-E",
        "AE": "BR-AE",
        "K": "BR-IC",
        "G": "BR-G",
        OUTSIDE_THE_SCOPE: "BR-O",
    }
)
"""EN 16931, BT-151 (codes of UNCL5305): standard rate, zero rate, exempt, reverse charge, intra-community supply,
export, outside the scope of tax; each with the name that its rules begin with."""
TAXED = frozenset({STANDARD_RATE, ZERO_RATE})
"""The categories that need no reason why no tax is charged, and take none."""

ALONE = (
    "BR-O-11 to BR-O-14: what is outside the scope of tax (O) stands on a bill without any other tax category. "
    "Bill it by itself, or choose another tax for this line."
)


def default_category(rate: Decimal) -> str:
    """The category of a rate (percent) for which none is given."""
    return STANDARD_RATE if rate else ZERO_RATE


def rate_refusal(tax: LineTax) -> str | None:
    """Why this rate does not go with this category (BR-S-5, BR-Z-5, BR-E-5, ...), if it does not."""
    if (tax.rate > 0) == (tax.category == STANDARD_RATE):
        return None
    rule = f"{RULES[tax.category]}-5"
    if tax.category == STANDARD_RATE:
        return f"{rule}: must be above 0 with the category S. Without tax the category is Z, or E, AE, K, G or O."
    return f"{rule}: must be 0 with the category {tax.category}; only S charges tax."


def reason_refusal(tax: LineTax) -> str | None:
    """Why a tax of this category can have no exemption reason (BR-S-10, BR-Z-10), if it has one."""
    if tax.category not in TAXED or not _has_reason(tax):
        return None
    return f"{RULES[tax.category]}-10: must be null with the category {tax.category}, which is not exempt."


def issue_refusal(tax: LineTax) -> str | None:
    """Why no bill can be issued with this tax, if none can: see the refusals above, and BR-E-10, BR-AE-10, ...

    For a field that names the tax.
    """
    refusal = rate_refusal(tax) or reason_refusal(tax)
    if refusal is not None:
        return f"{refusal} This is about the tax of this line: choose another, or change it and choose it again."
    return MISSING_REASON.format(RULES[tax.category], tax.category) if lacks_reason(tax) else None


MISSING_REASON = "{}-10: a tax of the category {} needs an exemption_reason when a bill is issued. Give it to the tax."


def lacks_reason(tax: LineTax) -> bool:
    """Whether a bill cannot be issued before this tax has an exemption reason (BT-120)."""
    return tax.category not in TAXED and not _has_reason(tax)


def out_of_place(taxes: Sequence[LineTax]) -> list[int]:
    """Which of a bill's lines, by index, are outside the scope of tax while others are not (BR-O-11 to BR-O-14)."""
    outside = [index for index, tax in enumerate(taxes) if tax.category == OUTSIDE_THE_SCOPE]
    return outside if len(outside) < len(taxes) else []


def _has_reason(tax: LineTax) -> bool:
    return bool(tax.exemption_reason and tax.exemption_reason.strip())
