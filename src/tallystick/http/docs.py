"""The API's reference for people: a page that loads nothing from outside."""

from collections.abc import Callable
from functools import cached_property
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import falcon
import msgspec

from tallystick.http.assets import Asset
from tallystick.http.queues import Queue, always

OURS = Path(__file__).parent
# By path, because importing offapi reads each of its three viewers: 40 MB that a server would hold for ever.
SWAGGER = Path(str(distribution("offapi").locate_file("offapi")))
PAGE = OURS / "reference.html"
ASSETS = (OURS / "reference.js", SWAGGER / "swagger_bundle.js", SWAGGER / "swagger_style.css")
YAML = "application/yaml"
# The viewer could fetch from elsewhere, as a validator's badge; the browser refuses it.
ONLY_FROM_HERE = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class ApiDocument:
    """An OpenAPI document, which is written when it is first asked for: that takes longer than a start may."""

    def __init__(self, media: str, write: Callable[[], bytes]) -> None:
        self._media = media
        self._write = write

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answers the document, to whoever asks."""
        resp.content_type = self._media
        resp.data = self._written

    on_head = on_get

    def queue_of(self, _req: falcon.Request) -> Queue:
        """Nobody else waits while it is written."""
        return Queue.READS if "_written" in vars(self) else Queue.LONG

    @cached_property
    def _written(self) -> bytes:
        return self._write()


def in_yaml(document: bytes) -> bytes:
    """A document of JSON as YAML."""
    return msgspec.yaml.encode(msgspec.json.decode(document))


class ReferencePage:
    """The reference page."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Answers the page."""
        resp.set_header("Content-Security-Policy", ONLY_FROM_HERE)
        resp.content_type = falcon.MEDIA_HTML
        resp.data = PAGE.read_bytes()

    on_head = on_get
    queue_of = always(Queue.READS)


def add_routes(app: falcon.App[Any, Any]) -> None:
    """Adds ``/docs``."""
    app.add_route("/docs", ReferencePage())
    for path in ASSETS:
        app.add_route(f"/docs/{path.name}", Asset(path))
