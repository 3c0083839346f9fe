"""The short code of an invoice: a label for people, fixed for its life (ADR 37)."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LENGTH = 10
CODES = len(ALPHABET) ** LENGTH
SPREAD = 2_259_630_184_213_715
"""Neither even nor divisible by 3, so that no two ids below ``CODES`` have the same product modulo ``CODES``; and
``CODES`` times the golden ratio's fraction, so that ids beside each other look nothing alike."""


def short_code(invoice_id: int) -> str:
    """Ten digits of base 36, another for every id below ``CODES``, which no database reaches."""
    rest, digits = invoice_id * SPREAD % CODES, ""
    for _ in range(LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
