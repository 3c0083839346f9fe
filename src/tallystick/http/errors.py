"""How a refusal becomes a reply: one table of statuses, one function that makes every error body."""

import logging
from typing import Any

import falcon

from tallystick.core import errors
from tallystick.core.errors import DomainError, ValidationFailed
from tallystick.store import secrets
from tallystick.wire import render

STATUSES: dict[str, int] = {
    errors.Malformed.code: 400,
    errors.Unauthorized.code: 401,
    errors.Forbidden.code: 403,
    errors.NotFound.code: 404,
    errors.Conflict.code: 409,
    errors.Overpayment.code: 409,
    errors.EmailNotConfigured.code: 409,
    errors.ValidationFailed.code: 422,
    errors.IdempotencyMismatch.code: 422,
    errors.DomainError.code: 500,
}
HTTP_CODES: dict[int, str] = {
    400: errors.Malformed.code,
    404: errors.NotFound.code,
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
}
SENTENCES: dict[int, str] = {
    400: "The request is malformed.",
    404: "There is nothing at this path. See /docs for what there is.",
    405: "This path does not answer to this method.",
}
INTERNAL = "Something went wrong on our side. Give the X-Request-Id of this reply to whoever runs this server."

log = logging.getLogger("tallystick")


def body(code: str, sentence: str, fields: dict[str, list[str]] | None = None) -> bytes:
    """Every native error body."""
    content: dict[str, Any] = {"success": False, "error": sentence, "code": code}
    if fields:
        content["errors"] = fields
    return render.encode(content)


def refusal(error: DomainError) -> tuple[int, bytes]:
    """The status and the body for a domain error."""
    fields = error.errors if isinstance(error, ValidationFailed) else None
    return STATUSES[error.code], body(error.code, error.message, fields)


def on_domain_error(_req: falcon.Request, resp: falcon.Response, error: DomainError, _params: object) -> None:
    """Answers a refusal of the domain."""
    status, content = refusal(error)
    _answer(resp, status, content)
    if status == 401:
        resp.set_header("WWW-Authenticate", "Bearer")


def on_http_error(_req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, _params: object) -> None:
    """Answers what the framework refuses: an unknown path, a wrong method, a body too large."""
    status = error.status_code
    code = HTTP_CODES.get(status, errors.Malformed.code)
    _answer(resp, status, body(code, SENTENCES.get(status) or error.description or error.title or code))
    for name, value in dict(error.headers or {}).items():
        resp.set_header(name, value)


def on_bug(req: falcon.Request, resp: falcon.Response, error: Exception, _params: object) -> None:
    """Answers what should not have happened, and keeps the trace to the log."""
    log.error("request %s failed: %s %s", req.context.id, req.method, secrets.redacted(req.path), exc_info=error)
    _answer(resp, 500, body(DomainError.code, INTERNAL))


def _answer(resp: falcon.Response, status: int, content: bytes) -> None:
    resp.status = status
    resp.content_type = falcon.MEDIA_JSON
    resp.data = content
