"""What a seller and a buyer have in common: a name, an address and how to reach them."""

from msgspec import UNSET, UnsetType

from tallystick.wire.call import Change
from tallystick.wire.scalars import Country, Email, Language, LongText, Name, ShortText


class PartyChange(Change, kw_only=True):
    """A party, as far as it is to change. ``address`` is free text; the finer fields stand beside it."""

    name: Name | UnsetType = UNSET
    email: Email | None | UnsetType = UNSET
    address: LongText | None | UnsetType = UNSET
    address_line1: ShortText | None | UnsetType = UNSET
    address_line2: ShortText | None | UnsetType = UNSET
    city: ShortText | None | UnsetType = UNSET
    state: ShortText | None | UnsetType = UNSET
    postal_code: ShortText | None | UnsetType = UNSET
    country: Country | None | UnsetType = UNSET
    tax_id: ShortText | None | UnsetType = UNSET
    language: Language | None | UnsetType = UNSET
