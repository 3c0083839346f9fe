"""What a bill, or a period of a schedule, comes to."""

from decimal import Decimal

import msgspec

from tallystick.core.totals import Totals
from tallystick.wire import render


class Sums(msgspec.Struct, frozen=True):
    """The sums of a bill, in minor units; its row holds them whole."""

    subtotal: int
    """Of the lines (EN 16931, BT-106)."""
    discount: int
    """On the whole bill (BT-107)."""
    tax: int
    """BT-110; inside ``subtotal`` where prices include tax."""
    total: int
    """What is to be paid, tax included (BT-112)."""

    @classmethod
    def of(cls, totals: Totals) -> "Sums":
        """Those of what was computed."""
        return cls(subtotal=totals.subtotal, discount=totals.discount, tax=totals.tax, total=totals.total)

    @property
    def net(self) -> int:
        """The total without its tax (BT-109)."""
        return self.total - self.tax


FIELDS = Sums.__struct_fields__


def shown(sums: Sums, places: int) -> dict[str, Decimal]:
    """The sums in major units, by the names that a reply has for them."""
    return {
        "subtotal": render.amount(sums.subtotal, places),
        "discount_amount": render.amount(sums.discount, places),
        "tax_total": render.amount(sums.tax, places),
        "total": render.amount(sums.total, places),
    }
