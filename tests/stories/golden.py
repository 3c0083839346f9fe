"""Golden stories: what a business does, and what it must see, in files that a person can read and check by hand.

A step is a block of lines: the request, its body as JSON if it has one, and at the end the status and what the reply's
``data`` (or the refusal) must hold. An object must hold what the story names and may hold more; a list must have just
the members that the story names; numbers must be equal to the last digit. ``$name`` stands for a value: where it is
first met it takes the value, afterwards it must be equal. Lines that begin with ``#`` are the story's own words.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from tests.api import Api

Names = dict[str, Any]


class Step(NamedTuple):
    """One request and what is expected of its reply."""

    line: int
    method: str
    path: str
    body: Any
    status: int
    expected: Any


def steps(path: Path) -> Iterator[Step]:
    """The steps of a story."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*path.read_text().splitlines(), ""], start=1):
        if line.strip() and not line.startswith("#"):
            block.append((number, line))
        elif block and not line.strip():
            yield _step(block)
            block = []


def _step(block: list[tuple[int, str]]) -> Step:
    (number, request), *middle, (_last, reply) = block
    method, path = request.split()
    status, _, expected = reply.partition(" ")
    body = " ".join(line for _number, line in middle)
    return Step(number, method, path, _json(body), int(status), _json(expected))


def _json(text: str) -> Any:
    return json.loads(text, parse_float=Decimal) if text.strip() else None


def replay(path: Path, api: Api) -> None:
    """Plays a story through the native API; fails at the first step that goes otherwise."""
    names: Names = {}
    for step in steps(path):
        where = f"{path.name}:{step.line} {step.method} {step.path}"
        body = None if step.body is None else json.dumps(filled(step.body, names), default=str)
        response = api.request(
            step.method, filled_path(step.path, names), content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == step.status, f"{where}: {response.status_code} {response.text}"
        reply = response.json(parse_float=Decimal)
        _match(step.expected, reply["data"] if response.is_success else reply, names, where)


def filled(value: Any, names: Names) -> Any:
    """A body, with the values of the names in it."""
    if isinstance(value, dict):
        return {key: filled(member, names) for key, member in value.items()}
    if isinstance(value, list):
        return [filled(member, names) for member in value]
    return names[value] if isinstance(value, str) and value.startswith("$") else value


def filled_path(path: str, names: Names) -> str:
    """A path, with the values of the names in it."""
    for name, value in names.items():
        path = path.replace(name, str(value))
    return path


def _match(expected: Any, found: Any, names: Names, where: str) -> None:
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert key in found, f"{where}: no {key} in {found}"
            _match(value, found[key], names, f"{where} {key}")
    elif isinstance(expected, list):
        assert len(expected) == len(found), f"{where}: {found}"
        for index, (value, member) in enumerate(zip(expected, found, strict=True)):
            _match(value, member, names, f"{where} [{index}]")
    elif isinstance(expected, str) and expected.startswith("$"):
        assert names.setdefault(expected, found) == found, f"{where}: {expected}"
    elif expected is not None or found is not None:
        assert str(found) == str(expected), f"{where}: {found} instead of {expected}"
