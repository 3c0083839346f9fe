"""What answers a request that fails: in the words of the API, or of the pages, whose path it is."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import falcon

from tallystick.core.errors import DomainError, NotFound, Unavailable
from tallystick.http import refusals
from tallystick.http.log import path_of
from tallystick.http.refusals import Refusal
from tallystick.http.strangers import PARAMETER
from tallystick.http.surface import Speaker, responsible
from tallystick.store import unavailable

log = logging.getLogger("tallystick")

TURNED_AWAY = frozenset({401, 403, 429})
"""The statuses of whoever may not do it, or not now: the access log says why, since somebody may be trying keys."""

NOTHING_AT_LINK = "There is nothing at this link."
"""The same of every link that opens nothing, so that none tells which accounts there are."""


class Handlers:
    """The error handlers of the application."""

    def __init__(self, speakers: Sequence[Speaker]) -> None:
        self._speakers = speakers

    def add_to(self, app: falcon.App[Any, Any]) -> None:
        """Sees to it that every failure comes here."""
        app.add_error_handler(Exception, self.on_bug)
        app.add_error_handler(falcon.HTTPError, self.on_http_error)
        app.add_error_handler(DomainError, self.on_domain_error)

    def on_domain_error(
        self, req: falcon.Request, resp: falcon.Response, error: DomainError, params: Mapping[str, str]
    ) -> None:
        """Answers a refusal of the domain."""
        if isinstance(error, NotFound) and PARAMETER in params:
            error = NotFound(NOTHING_AT_LINK)
        refusal = refusals.of_domain(error)
        self._answer(req, resp, refusal)
        if refusal.status == 401:
            resp.set_header("WWW-Authenticate", "Bearer")
        if isinstance(error, Unavailable):
            log.error("request %s: the database failed: %s", req.context.id, unavailable.reason(error))
            resp.set_header("Retry-After", str(error.retry_after_s))

    def on_http_error(
        self, req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, _params: object
    ) -> None:
        """Answers what the framework refuses."""
        self._answer(req, resp, refusals.of_http(error))
        for name, value in dict(error.headers or {}).items():
            resp.set_header(name, value)

    def on_bug(self, req: falcon.Request, resp: falcon.Response, error: Exception, _params: object) -> None:
        """Answers what should not have happened, and keeps the trace to the log."""
        log.error("request %s failed: %s %s", req.context.id, req.method, path_of(req), exc_info=error)
        self._answer(req, resp, refusals.BUG)

    def _answer(self, req: falcon.Request, resp: falcon.Response, refusal: Refusal) -> None:
        if refusal.status in TURNED_AWAY:
            req.context.refused = refusal.sentence
        responsible(self._speakers, req.path).refuse(req, resp, refusal)
