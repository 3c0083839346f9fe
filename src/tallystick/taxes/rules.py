"""The rules of taxes."""

from decimal import Decimal

from tallystick.core.errors import ValidationFailed

STANDARD_RATE = "S"


def check_rate(rate: Decimal, category: str) -> None:
    """Only the category S charges tax (EN 16931, BR-Z-5, BR-E-5, BR-AE-5, BR-IC-5, BR-G-5, BR-O-5).

    Raises ValidationFailed for ``rate``.
    """
    if category != STANDARD_RATE and rate != 0:
        raise ValidationFailed({"rate": [f"Must be 0 with the category {category}; only {STANDARD_RATE} charges tax."]})
