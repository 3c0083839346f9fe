"""The OpenAPI documents of all APIs: what programs that read such documents want of them."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tallystick.http import openapi
from tallystick.http.surface import Surface
from tallystick.serve import SURFACES

ANY_SURFACE = pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
COMPONENTS = ("schemas", "responses", "parameters", "headers")


def document(surface: Surface) -> Any:
    return json.loads(openapi.document(surface))


def operations(content: Any) -> list[Any]:
    return [operation for path in content["paths"].values() for operation in path.values()]


@ANY_SURFACE
def test_the_name_of_a_schema_is_one_plain_word(surface: Surface) -> None:
    names = document(surface)["components"]["schemas"]
    assert [name for name in names if not re.fullmatch("[A-Z][A-Za-z]*", name)] == []
    # Some generators make a file of each, on file systems that know no case.
    assert [name for name, times in Counter(map(str.lower, names)).items() if times > 1] == []


@ANY_SURFACE
def test_no_schema_of_a_surface_replaces_one_of_its_routes(surface: Surface) -> None:
    written_by_hand = surface.description.schemas
    schemas = document(surface)["components"]["schemas"]
    assert {name: schemas[name] for name in written_by_hand} == written_by_hand
    assert [kind for kind in named_kinds(surface) if kind in written_by_hand] == []


def named_kinds(surface: Surface) -> set[str]:
    """The names of the structs that the routes take and answer."""
    kinds = {
        kind for route in surface.routes for kind in (route.body, route.query, surface.description.data(route.reply))
    }
    return {getattr(kind, "__name__", "") for kind in kinds}


@ANY_SURFACE
def test_each_component_is_used_and_each_reference_leads_to_one(surface: Surface) -> None:
    content = document(surface)
    used = set(re.findall(r'"\$ref": "#/components/(\w+/\w+)"', json.dumps(content)))
    assert used == {f"{kind}/{name}" for kind in COMPONENTS for name in content["components"][kind]}


@ANY_SURFACE
def test_each_resource_is_a_tag_that_says_what_it_is(surface: Surface) -> None:
    content = document(surface)
    used = {tag for operation in operations(content) for tag in operation["tags"]}
    assert used == {tag["name"] for tag in content["tags"] if tag["description"]}
    assert all(len(operation["tags"]) == 1 for operation in operations(content))


def fields(part: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Each field of the schemas in a part of a document, by the path to it."""
    for name, inner in enumerate(part) if isinstance(part, list) else part.items() if isinstance(part, dict) else ():
        yield from fields(inner, f"{where}/{name}")
        # A field may be called properties too.
        if name == "properties" and not where.endswith("/properties"):
            yield from ((f"{where}/{field}", schema) for field, schema in inner.items())


def parameters(content: Any) -> Iterator[tuple[str, Any]]:
    """Each parameter, by the name of its operation and its own."""
    for operation in operations(content):
        for parameter in operation.get("parameters", ()):
            if "$ref" not in parameter:
                yield f"{operation['operationId']}.{parameter['name']}", parameter
    yield from content["components"]["parameters"].items()


@ANY_SURFACE
def test_each_field_and_parameter_says_what_it_is(surface: Surface) -> None:
    content = document(surface)
    # A refusal's schema is narrowed to the codes of its status, which says nothing new of the field.
    content["components"]["responses"] = {}
    told = {**dict(fields(content)), **dict(parameters(content))}
    assert len(told) > 30
    assert [name for name, part in told.items() if not part.get("description", "").endswith(".")] == []


@ANY_SURFACE
def test_no_word_is_said_of_nothing(surface: Surface) -> None:
    content = document(surface)
    said = {part["description"] for _name, part in [*fields(content), *parameters(content)] if "description" in part}
    assert [name for name, meaning in surface.description.words.items() if meaning not in said] == []


@ANY_SURFACE
def test_each_body_has_an_example_and_nothing_else_has(surface: Surface) -> None:
    taking = {(route.method, route.path) for route in surface.routes if route.takes_body and not route.takes_file}
    assert surface.description.examples.keys() == taking
    taken = [
        operation["requestBody"]["content"] for operation in operations(document(surface)) if "requestBody" in operation
    ]
    described = [content["application/json"] for content in taken if "application/json" in content]
    assert len([body for body in described if body["example"]]) == len(taking)


GENERATED = {
    "post_hooks": [],
    "package_name_override": "client",
    "content_type_overrides": dict.fromkeys(
        ("application/pdf", "application/zip", "image/*", "image/png", "image/jpeg", "image/svg+xml"),
        "application/octet-stream",
    ),
}


@pytest.mark.slow
@ANY_SURFACE
def test_a_client_is_generated_of_the_whole(surface: Surface, tmp_path: Path) -> None:
    (tmp_path / "api.json").write_bytes(openapi.document(surface))
    (tmp_path / "settings.json").write_text(json.dumps(GENERATED))
    generator = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta", "none"]
    where = ["--path", "api.json", "--config", "settings.json", "--output-path", "client"]
    subprocess.run([*generator, *where], cwd=tmp_path, check=True)
    calls = {file.stem for file in tmp_path.glob("client/api/*/*.py")} - {"__init__"}
    assert calls == {operation["operationId"] for operation in operations(document(surface))}
    imported = "\n".join(
        f"import client.api.{file.parent.name}.{file.stem}" for file in tmp_path.glob("client/api/*/*.py")
    )
    subprocess.run([sys.executable, "-c", imported], cwd=tmp_path, check=True)
