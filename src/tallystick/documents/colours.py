"""What may be drawn with a seller's colour, and how far it must be darkened or lightened for words (WCAG 2)."""

from decimal import Context, Decimal
from functools import cache, lru_cache

from tallystick.documents.document import Palette

WHITE, DARK, INK = "#ffffff", "#1d2125", "#14171a"
LEAST_ON_WHITE, LEAST_ON_DARK, LEAST_ON_ACCENT = 55, 60, 45
"""Contrasts, in tenths."""
STEPS = 100
"""How finely a colour is mixed with black or white."""
PALETTES_KEPT = 100

LUMINANCE = 10**9
"""That of white; luminances are whole parts of it."""


@cache
def _linear(value: int) -> int:
    """The luminance of a channel's value (WCAG 2, relative luminance)."""
    context = Context(prec=12)
    if value <= 10:
        part = context.divide(Decimal(value), Decimal("3294.6"))
    else:
        part = context.power(context.divide(value + Decimal("14.025"), Decimal("269.025")), Decimal("2.4"))
    return int(part * LUMINANCE)


WEIGHTS = (2126, 7152, 722)
"""Of red, green and blue, in parts of 10,000."""


@lru_cache(PALETTES_KEPT)
def palette(accent: str) -> Palette:
    """The colours that go with an accent, all as ``#rrggbb``."""
    return Palette(
        accent=accent,
        ink=_mixed(accent, "#000000", ground=WHITE, least=LEAST_ON_WHITE),
        ink_dark=_mixed(accent, WHITE, ground=DARK, least=LEAST_ON_DARK),
        on=WHITE if _contrast(accent, WHITE) >= LEAST_ON_ACCENT else INK,
    )


def _mixed(colour: str, towards: str, *, ground: str, least: int) -> str:
    """The colour nearest to one, on the way to another, that stands out from the ground."""
    mixes = (_mix(colour, towards, step) for step in range(STEPS + 1))
    return next(mixed for mixed in mixes if _contrast(mixed, ground) >= least)


def _mix(colour: str, towards: str, step: int) -> str:
    pairs = zip(_channels(colour), _channels(towards), strict=True)
    return "#" + "".join(f"{(one * (STEPS - step) + other * step) // STEPS:02x}" for one, other in pairs)


def _contrast(colour: str, ground: str) -> int:
    """In whole tenths, cut off."""
    low, high = sorted((_luminance(colour), _luminance(ground)))
    return 10 * (20 * high + LUMINANCE) // (20 * low + LUMINANCE)


def _luminance(colour: str) -> int:
    return sum(weight * _linear(value) for weight, value in zip(WEIGHTS, _channels(colour), strict=True)) // 10_000


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
