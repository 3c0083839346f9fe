"""Texts as a person may see them: they are kept as they came, and pages, lines and tables leave out what deceives."""

import re

# Control characters but tab and line feed, and what embeds, overrides or isolates a direction (Unicode, UAX 9, 2). The
# marks U+200E and U+200F stay: texts from right to left need them, and they turn nothing but a sign beside them.
DECEIVING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def legible(text: str) -> str:
    """The text without what would hide, turn or garble it, or steer a terminal."""
    return DECEIVING.sub("", text)
