"""The native API in short, which it answers at its root."""

from collections.abc import Sequence

import msgspec

from tallystick import __version__
from tallystick.http.routes import Route
from tallystick.native.description import TITLE


class EndpointJson(msgspec.Struct, frozen=True):
    """One endpoint, in a line."""

    method: str
    path: str
    description: str


class ApiJson(msgspec.Struct, frozen=True):
    """The API, in short; the whole of it is at ``/docs/openapi.json``."""

    name: str
    version: str
    endpoints: list[EndpointJson]


def outline(prefix: str, routes: Sequence[Route]) -> ApiJson:
    """The API in short."""
    endpoints = [EndpointJson(route.method, prefix + route.path, route.summary) for route in routes]
    return ApiJson(TITLE, __version__, endpoints)
