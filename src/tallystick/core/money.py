"""Money as whole minor units: the digits of each currency, exact rounding, and splitting without loss (ADR 6).

An amount is an ``int`` of the currency's minor unit; a ``Decimal`` appears only where one is read or written.
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from types import MappingProxyType

from iso4217 import Currency

MAX_MINOR = 2**53 - 1
"""The largest amount, in minor units, of either sign: exact in every JSON client, and 1,024 of them sum in 64 bits."""

MAX_STORED_MINOR = 2**63 - 1
"""The largest amount that a row can hold, and that an older version took."""

DIGITS: Mapping[str, int] = MappingProxyType(
    {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}
)
"""ISO 4217 code -> digits of the minor unit. Codes without a minor unit (XAU, XXX, XTS, ...) are left out."""

MAX_PRECISION = 27
"""Digits of the longest number that is read."""

# Trapping Inexact makes every operation exact or an error, whatever the thread's own context is.
_EXACT = Context(prec=MAX_PRECISION, traps=[InvalidOperation, Inexact])
_ONE = Decimal(1)


class RoundingMode(StrEnum):
    """What happens to exactly half a minor unit."""

    HALF_UP = "half_up"
    """Away from zero: 0.5 -> 1, -0.5 -> -1."""
    HALF_EVEN = "half_even"
    """To the even neighbour: 0.5 -> 0, 1.5 -> 2."""


class Rounding(StrEnum):
    """Where tax is rounded."""

    DOCUMENT = "document"
    """Once for each rate, on the sum of its lines (EN 16931, BR-CO-17)."""
    LINE = "line"
    """On each line; the tax of a rate is the sum of its lines' taxes."""


def digits(currency: str) -> int:
    """Digits of the currency's minor unit (ISO 4217). Raises KeyError where the code is not in ``DIGITS``."""
    return DIGITS[currency]


def to_decimal(minor: int, digits: int) -> Decimal:
    """The amount in major units, with exactly ``digits`` digits after the point."""
    return _EXACT.scaleb(minor, -digits)


def to_minor(amount: Decimal, digits: int) -> int:
    """The amount in minor units. Zeros at the end count for nothing: 1.000 is 100 cents.

    Raises ValueError, with a sentence for a person, where the amount is not finite, is beyond ``MAX_MINOR``
    or has more digits than the currency.
    """
    if not amount.is_finite():
        raise ValueError("Must be a finite number.")
    if amount.copy_abs() > to_decimal(MAX_MINOR, digits):
        raise ValueError("Is larger than an amount can be.")
    try:
        return to_units(amount, digits)
    except ValueError:
        raise ValueError(too_fine(digits)) from None


def to_units(value: Decimal, digits: int) -> int:
    """``value`` counted in units of ``10**-digits``.

    Raises ValueError where it is not a whole number of them, not finite, or longer than ``MAX_PRECISION``
    digits. The cost does not grow with the exponent: 1e999999 is refused as fast as any other number.
    """
    try:
        return int(value.scaleb(digits, _EXACT).quantize(_ONE, None, _EXACT))
    except ArithmeticError:
        raise ValueError(f"not a whole number of units of 1e-{digits}, or too long") from None


def too_fine(digits: int) -> str:
    """The sentence that refuses an amount with more digits than its currency."""
    return f"Must have at most {digits} digits after the point."


def round_ratio(numerator: int, denominator: int, mode: RoundingMode) -> int:
    """``numerator / denominator`` rounded to a whole number, exactly; ``denominator`` is above 0."""
    whole, rest = divmod(abs(numerator), denominator)
    above_half = 2 * rest - denominator
    if above_half > 0 or (above_half == 0 and (mode == RoundingMode.HALF_UP or whole % 2)):
        whole += 1
    return whole if numerator >= 0 else -whole


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` in proportion to ``weights`` by largest remainder: the parts always sum to ``total``.

    Weights may be zero or negative; ties go to the earlier one. Where no weight is negative and ``total``
    lies between 0 and their sum, no part exceeds its weight. Raises ValueError where the weights sum to 0 and
    ``total`` is not 0.
    """
    if total == 0:
        return [0] * len(weights)
    whole = sum(weights)
    if whole == 0:
        raise ValueError(f"cannot split {total} over weights that sum to 0")
    factor = total if whole > 0 else -total
    return apportion(total, [factor * weight for weight in weights], abs(whole))


def apportion(total: int, numerators: Sequence[int], denominator: int) -> list[int]:
    """Round the exact shares ``numerators[i] / denominator`` to whole parts that sum to ``total``.

    Largest remainder: each share goes down to a whole number, and the units still missing go to the shares
    that lost most, of equals the earlier. ``total`` must be the sum of the shares, rounded either way.
    A negative total is split as the mirror image of the positive one: a correction undoes what it corrects.
    """
    sign = -1 if total < 0 else 1
    parts: list[int] = []
    remainders: list[int] = []
    for numerator in numerators:
        part, remainder = divmod(sign * numerator, denominator)
        parts.append(part)
        remainders.append(remainder)
    missing = sign * total - sum(parts)
    if missing:
        by_loss = sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)
        for index in by_loss[:missing]:
            parts[index] += 1
    return parts if sign > 0 else [-part for part in parts]
