"""A party as requests ask for it."""

from tallystick.core.party import Party
from tallystick.wire.asking import asking_for
from tallystick.wire.call import Change
from tallystick.wire.scalars import Country, Email, Language, LongText, Name, ShortText

LIMITS = {
    **dict.fromkeys(Party.__struct_fields__, ShortText | None),
    "name": Name,
    "email": Email | None,
    "address": LongText | None,
    "country": Country | None,
    "language": Language | None,
}


@asking_for(Party, LIMITS)
class PartyChange(Change, kw_only=True):
    """A party, as far as it is to change. ``address`` is free text; the finer fields stand beside it."""
