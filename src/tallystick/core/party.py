"""The parties of a bill: who sells and who buys (EN 16931, BG-4 and BG-7). Each of their fields is written once, here.

A customer holds its ``Buyer`` and an account its ``Seller``, which an issue copies into the bill as they are. A new
field is a line here, a column in ``store.tables`` and its migration; copies that were made before it do not have it.
"""

from msgspec import Struct


class PostalAddress(Struct, frozen=True, kw_only=True):
    """Where a party is (EN 16931, BG-5 and BG-8).

    ``address`` is free text, and the finer fields stand beside it; ``country`` is a code of ISO 3166-1.
    """

    address: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None

    def lines(self, country: str | None) -> list[str]:
        """The address as it stands on a letter, with its country called so."""
        place = " ".join(part for part in (self.postal_code, self.city) if part)
        lines = (self.address, self.address_line1, self.address_line2, place, self.state, country)
        return [line for line in lines if line]


class Party(PostalAddress, frozen=True):
    """What a seller and a buyer have in common; ``language`` is a tag of BCP 47."""

    name: str
    email: str | None = None
    tax_id: str | None = None
    language: str | None = None


class Buyer(Party, frozen=True, kw_only=True):
    """Whom a bill is for (EN 16931, BG-7); ``id`` is the customer's."""

    id: int
    phone: str | None = None


class Seller(Party, frozen=True, kw_only=True):
    """Who sends a bill (EN 16931, BG-4; its entry in a register is BT-30), and where to pay it (BG-17)."""

    iban: str | None = None
    bic: str | None = None
    registration_number: str | None = None
    website: str | None = None


POSTAL = PostalAddress.__struct_fields__
