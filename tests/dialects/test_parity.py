"""A golden story that is told through a dialect leaves the very rows that it leaves when it is told natively.

Both tellings happen at one standing instant, so that ids, times and even the seals' hashes must be equal.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tallystick.http.surface import Surface
from tallystick.store.tables import metadata
from tests.api import Api, opened
from tests.clock import Clock
from tests.databases import Databases, Kind
from tests.dialects.callers import DialectCaller
from tests.dialects.readers import DIALECTS
from tests.dialects.tellings import TELLINGS, DialectNarrator, Narrator
from tests.stories.golden import Names, Step, filled, filled_path, steps

FOLDERS = (Path(__file__).parent, Path(__file__).parents[1] / "stories")
SECRETS = {"api_keys"}
NOW = "2026-06-15T12:00:00Z"
OF_INVOICE = re.compile(r"/invoices/(\d+)/(publish|revise|void)")
TOLD = [(surface, story) for surface in DIALECTS for story in TELLINGS[surface.name].stories]


def story_path(name: str) -> Path:
    (found,) = [path for folder in FOLDERS if (path := folder / f"{name}.story").exists()]
    return found


def tell(path: Path, narrator: Narrator) -> int:
    """Tells a story; what it says of other things than making, changing and voiding invoices is told natively.

    Answers how many steps were the narrator's own.
    """
    names: Names = {}
    own = 0
    for step in steps(path):
        body, request_path = filled(step.body, names), filled_path(step.path, names)
        action = OF_INVOICE.fullmatch(request_path)
        if (step.method, request_path) == ("POST", "/invoices"):
            names[step.expected["id"]] = narrator.create(body, total_of(step))
            own += 1
        elif action and action[2] == "revise":
            check(narrator.revise(int(action[1]), body, total_of(step)), step)
            own += 1
        elif action and action[2] == "void":
            check(narrator.void(int(action[1])), step)
            own += 1
        elif not action and not is_batch_publish(step):
            told_natively(narrator.api, step, request_path, body, names)
    return own


def is_batch_publish(step: Step) -> bool:
    return step.path == "/invoices/batch" and step.body["action"] == "publish"


def total_of(step: Step) -> Decimal:
    """What a story's invoice comes to: as it says, else quantity times price."""
    if "total" in step.expected:
        return Decimal(step.expected["total"])
    (item,) = step.body["items"]
    return Decimal(item.get("quantity", 1)) * Decimal(item["unit_price"])


def check(response: httpx.Response, step: Step) -> None:
    """An action succeeds in every API or is refused in each of them, for the same reason."""
    assert response.is_success == (step.status < 300), f"{step.line}: {response.status_code} {response.text}"
    assert response.is_success or response.status_code == step.status


def told_natively(api: Api, step: Step, path: str, body: Any, names: Names) -> None:
    content = None if body is None else json.dumps(body, default=str)
    response = api.request(step.method, path, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == step.status, f"{step.line}: {response.text}"
    if response.is_success:
        learn(step.expected, api.data(response), names)


def learn(expected: Any, found: Any, names: Names) -> None:
    """Takes the values that the story names from a reply."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            learn(value, found[key], names)
    elif isinstance(expected, list):
        for value, member in zip(expected, found, strict=True):
            learn(value, member, names)
    elif isinstance(expected, str) and expected.startswith("$"):
        names.setdefault(expected, found)


def left(api: Api, without: frozenset[str]) -> dict[str, list[Any]]:
    """The rows of every table but the keys'."""
    tables = [table for table in metadata.sorted_tables if table.name not in SECRETS]
    with api.database.read() as tx:
        return {
            table.name: sorted(
                map(repr, tx.connection.execute(select(*(each for each in table.c if each.name not in without))).all())
            )
            for table in tables
        }


@contextmanager
def fresh(databases: Databases, kind: Kind) -> Iterator[Api]:
    with databases.migrated(kind) as url, opened(url, clock=Clock(NOW)) as api:
        yield api
        assert api.differences() == []


def test_every_dialect_tells_stories() -> None:
    assert {surface.name for surface in DIALECTS} <= TELLINGS.keys()
    assert all(len(telling.stories) >= 2 for telling in TELLINGS.values())


@pytest.mark.parametrize(("surface", "story"), TOLD, ids=lambda value: getattr(value, "name", value))
def test_a_story_leaves_the_same_rows(surface: Surface, story: str, databases: Databases, database_kind: Kind) -> None:
    telling, path = TELLINGS[surface.name], story_path(story)
    with fresh(databases, database_kind) as api:
        assert tell(path, Narrator(api, telling)) >= 2
        native = left(api, telling.without)
    with fresh(databases, database_kind) as api:
        tell(path, DialectNarrator(api, telling, DialectCaller(api, surface)))
        own = left(api, telling.without)
    assert native["invoices"]
    assert native["seals"]
    assert own == native
