"""The closed list of domain errors.

Each has a stable ``code``; its docstring explains it. The status of HTTP that fits a code is in ``http/refusals.py``,
and its words on the wire are those of the API that answers.
"""

from collections.abc import Mapping, Sequence

FieldErrors = dict[str, list[str]]
"""What is wrong with a request: sentences, by the path of the field, as ``items.0.quantity``."""


class DomainError(Exception):
    """A refusal that a caller can understand and act upon."""

    code = "INTERNAL_ERROR"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def reason(self) -> str:
        """The whole refusal in words, for where no other field tells the rest."""
        return self.message


class Malformed(DomainError):
    """The request is not what it claims to be: not JSON, not an object, not decodable."""

    code = "MALFORMED"


class Unauthorized(DomainError):
    """No key was given, or the key is unknown or revoked."""

    code = "UNAUTHORIZED"


class Forbidden(DomainError):
    """The key is good, but its scope does not allow this."""

    code = "FORBIDDEN"


class NotFound(DomainError):
    """There is no such row in this account; another account's row counts as none."""

    code = "NOT_FOUND"


class Conflict(DomainError):
    """The state does not allow it: a number or row in use, a stale version, a transition the table does not hold."""

    code = "CONFLICT"


class Stale(DomainError):
    """What `If-Match` names is not what would be read now."""

    code = "STALE"


class Overpayment(Conflict):
    """A payment above the balance, without the wish to keep the excess as the customer's credit."""

    code = "OVERPAYMENT"


class EmailNotConfigured(Conflict):
    """An e-mail was asked for, and the server has no SMTP settings."""

    code = "EMAIL_NOT_CONFIGURED"


class IdempotencyMismatch(DomainError):
    """An idempotency key came back with another method, path or body."""

    code = "IDEMPOTENCY_MISMATCH"


class ValidationFailed(DomainError):
    """Well-formed but wrong. ``errors`` maps each field's path, such as ``items.0.quantity``, to its sentences."""

    code = "VALIDATION_FAILED"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        self.errors: FieldErrors = {field: list(sentences) for field, sentences in errors.items()}
        fields = ", ".join(self.errors)
        super().__init__(f"Some fields are not valid: {fields}.")

    @property
    def reason(self) -> str:
        """Every field that is wrong, and what is wrong with it."""
        return " ".join(f"{field}: {sentence}" for field, all in self.errors.items() for sentence in all)


class Unavailable(DomainError):
    """The database cannot take it now: it is locked, full, failing, gone or out of connections. Nothing was done."""

    code = "UNAVAILABLE"
    retry_after_s = 5
    sentence = "The database cannot take this now, and nothing was done. Try again in a moment."

    def __init__(self) -> None:
        super().__init__(self.sentence)


class OutcomeUnknown(Unavailable):
    """The database failed at the very end, so that nobody knows whether it was done. The same key tells."""

    code = "OUTCOME_UNKNOWN"
    sentence = (
        "The database failed at the last moment: this may be done or not. Send it again with the same Idempotency-Key, "
        "and it is done once; without such a key, look first."
    )


class Hindrance(Exception):
    """What keeps the program itself from its work, as a setting or the database, in a line that says what to do."""
