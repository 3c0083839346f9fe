"""JSON schemas of what routes take and answer, as the API's JSON really is."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tallystick.wire import scalars
from tallystick.wire.hints import members

Schema = dict[str, Any]
REFERENCE = "#/components/schemas/{name}"
INSTANT = {"type": "string", "format": "date-time"}


class Schemas:
    """The schemas of some types, with the ``words`` for their fields; ``components`` holds those that have a name.

    Only requests refuse unknown fields, and where the API is not ``is_strict`` not even they.
    """

    def __init__(self, hints: Iterable[Any], words: Mapping[str, str], *, is_strict: bool = True) -> None:
        plain = tuple(dict.fromkeys(member for hint in hints for member in members(hint)))
        found, components = msgspec.json.schema_components(plain, schema_hook=scalars.schema, ref_template=REFERENCE)
        self._found = {hint: _as_rendered(schema) for hint, schema in zip(plain, found, strict=True)}
        self.components: dict[str, Schema] = {
            name: _described(name, _component(schema, is_strict=is_strict), words)
            for name, schema in components.items()
        }

    def of(self, hint: Any) -> Schema:
        """The schema of one of the types, or of a union of them."""
        found = [self._found[member] for member in members(hint)]
        return found[0] if len(found) == 1 else {"anyOf": found}


def said(words: Mapping[str, str], kind: str, name: str) -> Schema:
    """What the words say of this field of a ``kind``, as a part of its schema."""
    meaning = words.get(f"{kind}.{name}") or words.get(name)
    return {"description": meaning} if meaning else {}


def _described(kind: str, schema: Schema, words: Mapping[str, str]) -> Schema:
    properties = schema.get("properties")
    if not properties:
        return schema
    return schema | {"properties": {name: said(words, kind, name) | field for name, field in properties.items()}}


def _component(raw: Schema, *, is_strict: bool) -> Schema:
    schema: Schema = _as_rendered(raw)
    properties = schema.get("properties")
    takes_any = schema.get("additionalProperties") is not False
    if not takes_any and not is_strict:
        del schema["additionalProperties"]
    if properties and takes_any:
        # A reply also sends what is at its default, all but UNSET.
        always = set(schema.get("required", ())) | {name for name, field in properties.items() if "default" in field}
        schema["properties"] = {name: _of_reply(name, field) for name, field in properties.items()}
        schema["required"] = [name for name in properties if name in always]
    return schema


def _of_reply(name: str, field: Schema) -> Schema:
    field = {key: value for key, value in field.items() if key != "default"}
    if not name.endswith("_at") or "pattern" in field:
        return field
    # An instant, of which msgspec says no more than that it is a string.
    is_nullable = {"type": "null"} in field.get("anyOf", ())
    return {"anyOf": [INSTANT, {"type": "null"}]} if is_nullable else INSTANT


def _as_rendered(schema: Any) -> Any:
    """msgspec's schema, with Decimals as the numbers that ``wire.render`` writes, and without indented prose."""
    if isinstance(schema, list):
        return [_as_rendered(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        return {"type": "number"}
    rendered = {key: _as_rendered(value) for key, value in schema.items()}
    if isinstance(rendered.get("description"), str):
        rendered["description"] = inspect.cleandoc(rendered["description"])
    return rendered
