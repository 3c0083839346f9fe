"""How old what is open is, as replies show it."""

from decimal import Decimal

import msgspec


class AgingJson(msgspec.Struct, frozen=True):
    """What is outstanding in one currency, by the days since it was due; ``current`` is not overdue."""

    current: Decimal
    days_1_30: Decimal = msgspec.field(name="1_30")
    days_31_60: Decimal = msgspec.field(name="31_60")
    days_61_90: Decimal = msgspec.field(name="61_90")
    over_90: Decimal
