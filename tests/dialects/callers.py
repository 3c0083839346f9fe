"""Calls a dialect with a key, over the application that a native caller reaches too."""

from decimal import Decimal
from typing import Any

import httpx

from tallystick.http.surface import Surface
from testing.caller import Caller, Methods


class DialectCaller(Methods):
    """Calls one dialect, at paths below its prefix, as its clients do: with a bearer token."""

    def __init__(self, native: Caller, surface: Surface) -> None:
        self.native = native
        self._prefix = surface.prefix

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Sends a request; headers among ``options`` win over the key."""
        headers = {"Authorization": f"Bearer {self.native.key}", **options.pop("headers", {})}
        return self.native.client.request(method, self._prefix + path, headers=headers, **options)


def exact(response: httpx.Response) -> Any:
    """What a success says, its numbers exact."""
    assert response.is_success, f"{response.status_code} {response.text}"
    return response.json(parse_float=Decimal)
