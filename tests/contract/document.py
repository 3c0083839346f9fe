"""The OpenAPI document as the application serves it, and replies held against it."""

from datetime import datetime
from fnmatch import fnmatch
from functools import cached_property
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

from tallystick.http.routes import Route
from tallystick.native.routes import PREFIX
from tests.api import Api


def check_is_openapi(content: Any) -> None:
    """Raises where a document is none."""
    # Not at the top: to load it takes longer than most tests.
    import schemathesis  # noqa: PLC0415

    schemathesis.openapi.from_dict(content).validate()


def is_utc_instant(value: object) -> bool:
    return not isinstance(value, str) or (value.endswith("Z") and bool(datetime.fromisoformat(value)))


FORMATS = FormatChecker()
FORMATS.checks("date-time", raises=ValueError)(is_utc_instant)


class Document:
    """The document, and what it says of a route."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    @classmethod
    def of(cls, api: Api) -> "Document":
        """The document that this application serves to whoever asks."""
        response = api.client.get("/docs/openapi.json")
        assert response.headers["Content-Type"] == "application/json"
        return cls(response.json())

    def operation(self, route: Route) -> dict[str, Any]:
        """What the document says of a route; KeyError where it says nothing."""
        described: dict[str, Any] = self.content["paths"][PREFIX + route.path][route.method.lower()]
        return described

    def reply(self, route: Route, status: int) -> tuple[str, dict[str, Any]]:
        """The media type of a route's reply, and its schema."""
        response = self.resolve(self.operation(route)["responses"][str(status)])
        ((media, content),) = response["content"].items()
        return media, content["schema"]

    def resolve(self, part: dict[str, Any]) -> dict[str, Any]:
        """The part, or what it refers to."""
        found: Any = self.content
        if "$ref" not in part:
            return part
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        resolved: dict[str, Any] = found
        return resolved

    def faults(self, route: Route, response: httpx.Response) -> list[str]:
        """What a reply has against its schema; a field of a success that the schema does not name is one too."""
        media, schema = self.reply(route, response.status_code)
        if not fnmatch(response.headers["Content-Type"].partition(";")[0], media):
            return [f"Is {response.headers['Content-Type']}, and should be {media}."]
        if media != "application/json":
            return []
        whole = {**schema, "components": self.content["components"]}
        if response.is_success:
            whole = {**closed(schema), "components": self._closed_components}
        validator = Draft202012Validator(whole, format_checker=FORMATS)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(response.json())]

    @cached_property
    def _closed_components(self) -> Any:
        return {"schemas": closed(self.content["components"]["schemas"])}


def closed(schema: Any) -> Any:
    """The schema, refusing every field that it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: closed(part) for name, part in schema.items()}
    return {"additionalProperties": False, **strict} if isinstance(schema.get("properties"), dict) else strict
