"""The account: the business that sends bills. Every row belongs to one."""

from datetime import date, datetime

from msgspec import Struct

from tallystick.core.money import Rounding, RoundingMode
from tallystick.core.party import Seller
from tallystick.core.periods import today


class Account(Struct, frozen=True):
    """An account and its settings, as every verb receives them.

    ``payment_terms_days`` is in days; ``timezone`` is an IANA name; ``number_patterns`` maps each kind of bill to its
    pattern (see ``core.numbering``). ``brand_color``, as #0b5f8a, and ``footer`` are how its documents look,
    ``default_template`` names what sets them, ``logo`` the picture on them. ``usage_keep_rejected``: usage events of an
    unknown customer or meter are kept, until they can be taken.
    """

    id: int
    seller: Seller
    currency: str
    timezone: str
    payment_terms_days: int
    number_patterns: dict[str, str]
    rounding: Rounding
    rounding_mode: RoundingMode
    prices_include_tax: bool
    version: int
    created_at: datetime
    updated_at: datetime
    default_notes: str | None = None
    brand_color: str | None = None
    footer: str | None = None
    default_template: str | None = None
    logo: str | None = None
    usage_keep_rejected: bool = False

    def today(self, now: datetime) -> date:
        """The date of the instant ``now`` on this account's own calendar."""
        return today(now, self.timezone)
