"""The API's own description (OpenAPI 3.1), made from the list of routes."""

from collections.abc import Sequence
from typing import Any

import falcon

from tallystick.http.routes import Route


def add_routes(app: falcon.App[Any, Any], prefix: str, routes: Sequence[Route]) -> None:
    """Adds the documents."""
