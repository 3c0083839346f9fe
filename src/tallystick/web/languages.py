"""The language of whoever opens a page that belongs to no bill."""

import re
from decimal import Decimal
from operator import itemgetter

from tallystick.documents.languages import DEFAULT_LANGUAGE, LANGUAGES

RANGE = re.compile(r"\s*([a-z]{1,8})(?:-[a-z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*", re.IGNORECASE)


def preferred(header: str | None) -> str:
    """The language of ours that an Accept-Language asks for before others, else English (RFC 9110, 12.5.4)."""
    found = (RANGE.fullmatch(part) for part in (header or "").split(","))
    asked = [(match[1].lower(), Decimal(match[2] or 1)) for match in found if match]
    ours = [each for each in asked if each[0] in LANGUAGES and each[1]]
    return max(ours, key=itemgetter(1), default=(DEFAULT_LANGUAGE, 0))[0]
