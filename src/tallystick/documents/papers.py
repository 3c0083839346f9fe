"""Paper and envelope, as the seller's country has them."""

from tallystick.documents.document import Paper

# CLDR, paperSize: where a letter is not on A4.
US_LETTER = frozenset(["BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"])
# DIN 5008 and what others call form B; the same height at the right of the sheet.
LEFT_WINDOWS = frozenset(["AT", "DE", "DK", "FI", "GB", "IE", "LU", "NL", "NO", "PL", "SE"])
RIGHT_WINDOWS = frozenset(["BE", "CH", "ES", "FR", "IT", "PT"])


def paper(country: str | None) -> Paper:
    """The paper of a seller in this country: with no window where we know of none."""
    if country in US_LETTER:
        return Paper("us-letter", "us10" if country in {"US", "CA"} else "none")
    if country in RIGHT_WINDOWS:
        return Paper("a4", "right")
    return Paper("a4", "left" if country in LEFT_WINDOWS else "none")
