"""Secrets that find their row: API keys and share tokens.

A secret carries the id of its account before the first dot, so that a lookup stays within one account.
"""

import secrets
from hashlib import sha256

FIRST_ACCOUNT_ID = 1
RANDOM_BYTES = 32


def new_secret(account_id: int) -> str:
    """A secret of 256 random bits that belongs to the account."""
    return f"{account_id}.{secrets.token_urlsafe(RANDOM_BYTES)}"


def account_of(secret: str) -> int:
    """The account that the secret names; the first account where it names none, as a key chosen by hand does."""
    prefix, dot, _rest = secret.partition(".")
    if dot and prefix.isascii() and prefix.isdigit() and len(prefix) <= 18:
        return int(prefix)
    return FIRST_ACCOUNT_ID


def digest(secret: str) -> bytes:
    """What is stored in place of a key. Plain SHA-256 is enough: a secret is random, not out of a dictionary."""
    return sha256(secret.encode()).digest()
