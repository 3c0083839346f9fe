"""The account: the business that sends bills. Every row belongs to one."""

from dataclasses import dataclass
from datetime import date, datetime

from tallystick.core.money import Rounding, RoundingMode
from tallystick.core.periods import today


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account and its settings, as every verb receives them.

    ``payment_terms_days`` is in days; ``timezone`` is an IANA name; ``number_patterns`` maps each kind of bill to its
    pattern (see ``core.numbering``).
    """

    id: int
    name: str
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
    address: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    tax_id: str | None = None
    email: str | None = None
    iban: str | None = None
    bic: str | None = None
    language: str | None = None
    default_notes: str | None = None

    def today(self, now: datetime) -> date:
        """The date of the instant ``now`` on this account's own calendar."""
        return today(now, self.timezone)
