"""Why a request is refused, before an API puts it into its own words: the domain's refusals and the framework's."""

from collections.abc import Mapping
from typing import NamedTuple

import falcon

from tallystick.core import errors
from tallystick.core.errors import DomainError, ValidationFailed

STATUSES: dict[str, int] = {
    errors.Malformed.code: 400,
    errors.Unauthorized.code: 401,
    errors.Forbidden.code: 403,
    errors.NotFound.code: 404,
    errors.Conflict.code: 409,
    errors.Overpayment.code: 409,
    errors.EmailNotConfigured.code: 409,
    errors.Stale.code: 412,
    errors.ValidationFailed.code: 422,
    errors.IdempotencyMismatch.code: 422,
    errors.DomainError.code: 500,
    errors.Unavailable.code: 503,
    errors.OutcomeUnknown.code: 503,
}
"""The status of HTTP that fits an error of the domain (RFC 9110, 15)."""

HTTP_CODES: dict[int, str] = {
    400: errors.Malformed.code,
    404: errors.NotFound.code,
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    411: "LENGTH_REQUIRED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
    503: errors.Unavailable.code,
}
SENTENCES: dict[int, str] = {
    400: "The request is malformed.",
    404: "There is nothing at this path. See /docs for what there is.",
    405: "This path does not answer to this method.",
}
INTERNAL = "Something went wrong on our side. Give the X-Request-Id of this reply to whoever runs this server."


class Refusal(NamedTuple):
    """Why: the fitting status, a stable code, a sentence for a person, and by its path what is wrong with a field."""

    status: int
    code: str
    sentence: str
    fields: Mapping[str, list[str]]


BUG = Refusal(500, DomainError.code, INTERNAL, {})


def of_domain(error: DomainError) -> Refusal:
    """The refusal that an error of the domain is."""
    fields = error.errors if isinstance(error, ValidationFailed) else {}
    return Refusal(STATUSES[error.code], error.code, error.message, fields)


def of_http(error: falcon.HTTPError) -> Refusal:
    """The refusal that the framework's is: an unknown path, a wrong method, a body too large."""
    status = error.status_code
    code = HTTP_CODES.get(status, errors.Malformed.code)
    return Refusal(status, code, SENTENCES.get(status) or error.description or error.title or code, {})


def unavailable(why: str) -> falcon.HTTPServiceUnavailable:
    """The framework's refusal of what there is no room for at the moment."""
    return falcon.HTTPServiceUnavailable(description=why, retry_after=errors.Unavailable.retry_after_s)
