"""Secrets that find their row: API keys and share tokens (ADR 15).

A secret carries the id of its account before the first dot, so that a lookup stays within one account.
"""

import re
import secrets
from hashlib import sha256

FIRST_ACCOUNT_ID = 1
RANDOM_BYTES = 32
MAX_LENGTH = 512
MIN_CHOSEN_LENGTH = 20
SHAPE = "[1-9][0-9]{0,17}[.][A-Za-z0-9_-]{43}"
"""What ``new_secret`` makes, as a regular expression."""

_VISIBLE = re.compile("[!-~]*")
_SECRET = re.compile(SHAPE)


def new_secret(account_id: int) -> str:
    """A secret of 256 random bits that belongs to the account."""
    return f"{account_id}.{secrets.token_urlsafe(RANDOM_BYTES)}"


def account_of(secret: str) -> int:
    """The account that the secret names; the first account where it names none, as a key chosen by hand does."""
    prefix, dot, _rest = secret.partition(".")
    if dot and prefix.isascii() and prefix.isdigit() and len(prefix) <= 18:
        return int(prefix)
    return FIRST_ACCOUNT_ID


def wrong_with_chosen(secret: str) -> str | None:
    """Why a key that somebody chose is not taken, in a sentence that does not hold it; None for a good one.

    It must come whole through a header, and name no account but the first.
    """
    if not MIN_CHOSEN_LENGTH <= len(secret) <= MAX_LENGTH:
        return f"Must have {MIN_CHOSEN_LENGTH} to {MAX_LENGTH} characters, as `openssl rand -base64 32` makes them."
    if not _VISIBLE.fullmatch(secret):
        return "Must consist of visible ASCII characters, without spaces."
    if account_of(secret) != FIRST_ACCOUNT_ID:
        return "Must not begin with digits and a dot: a key that does so is another account's."
    return None


def is_secret(text: str) -> bool:
    """Whether ``new_secret`` could have made this."""
    return _SECRET.fullmatch(text) is not None


def redacted(text: str) -> str:
    """The text with each secret in it cut down to its account, for the log."""
    return _SECRET.sub(lambda secret: f"{account_of(secret[0])}.(secret)", text)


def digest(secret: str) -> bytes:
    """What is stored in place of a key. Plain SHA-256 is enough: a secret is random, not out of a dictionary."""
    return sha256(secret.encode()).digest()
