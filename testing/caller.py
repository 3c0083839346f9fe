"""A client of the native API."""

from decimal import Decimal
from typing import Any

import httpx

from tallystick.native.routes import PREFIX


class Methods:
    """A method of HTTP each, for whoever says how a request is sent."""

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Sends a request."""
        raise NotImplementedError

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.request("POST", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.request("PUT", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)


class Caller(Methods):
    """Calls the native API with a key, at paths below ``/api/v1``; ``client`` reaches every other, without one."""

    client: httpx.Client
    key: str

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Sends a request; headers among ``options`` win over the key."""
        headers = {"X-API-Key": self.key, **options.pop("headers", {})}
        return self.client.request(method, PREFIX + path, headers=headers, **options)

    @staticmethod
    def data(response: httpx.Response) -> Any:
        """The ``data`` of a success, its numbers exact."""
        assert response.is_success, f"{response.status_code} {response.text}"
        return response.json(parse_float=Decimal)["data"]
