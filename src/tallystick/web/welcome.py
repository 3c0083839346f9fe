"""The page at ``/``, until there is a dashboard."""

import html
from pathlib import Path
from typing import Any

import falcon

from tallystick.http.queues import Queue, always

PAGE = Path(__file__).with_name("welcome.html")
ONLY_ITSELF = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


class Welcome:
    """What this is and where to go on. ``origin`` is where the world reaches this server."""

    def __init__(self, origin: str) -> None:
        self._page = PAGE.read_text(encoding="utf-8").replace("{origin}", html.escape(origin))

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answers the page, to whoever asks."""
        resp.set_header("Content-Security-Policy", ONLY_ITSELF)
        resp.content_type = falcon.MEDIA_HTML
        resp.text = self._page

    on_head = on_get
    queue_of = always(Queue.READS)


def add_routes(app: falcon.App[Any, Any], origin: str) -> None:
    """Adds ``/``."""
    app.add_route("/", Welcome(origin))
