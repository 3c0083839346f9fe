"""The shape of a tax."""

from datetime import datetime
from decimal import Decimal

import msgspec

from tallystick.core.bill import LineTax


class Tax(msgspec.Struct, frozen=True):
    """A rate in percent, with its category code of EN 16931 (BT-151)."""

    id: int
    name: str
    rate: Decimal
    category: str
    exemption_reason: str | None
    is_default: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def content(self) -> LineTax:
        """What a bill copies of it."""
        return LineTax(self.rate, self.category, self.exemption_reason)
