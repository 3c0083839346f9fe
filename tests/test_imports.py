"""Who may import whom, read from every import statement of the program, those inside functions included."""

import ast
import importlib
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

import tallystick
from tests.sources import nodes

ROOT = Path(tallystick.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))
HOME = ROOT.parent.parent

# Low to high: a room imports only rooms of the lines before its own.
LEVELS = (
    {"core"},
    {"store"},
    {"wire"},
    {"customers", "products", "taxes", "accounts"},
    {"bills"},
    {"quotations", "invoices"},
    {"credit_notes"},
    {"payments"},
    {"usage"},
    {"recurring"},
    {"documents", "delivery", "verify", "transfer", "stats"},
    {"bulk"},
    {"http"},
    {"native", "dialects", "web"},
    {
        "__main__",
        "cli",
        "config",
        "console",
        "demo",
        "listener",
        "misuse",
        "opening",
        "serve",
        "commands",
        "worker",
    },
)
LEVEL = {room: height for height, level in enumerate(LEVELS) for room in level}
# Single files that start the program are the pieces of one room.
ENTRANCE = LEVELS[-1]
# Files that import a room which theirs must not; each is written down as an ADR.
EXCEPTIONS = {("quotations/convert.py", "invoices")}

# The lower of the two floors of wire.
CODEC = {"hints", "wanted", "scalars", "form", "parse", "render"}

FRAMEWORK_USERS = {"http", "web"}
DRIVERS = {"sqlite3", "psycopg"}
PURE = sys.stdlib_module_names - {
    *("asyncio", "glob", "io", "locale", "logging", "os", "pathlib", "platform", "random", "secrets", "shutil"),
    *("socket", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"),
    *DRIVERS,
} | {"iso4217", "msgspec", "tallystick"}


class Import(NamedTuple):
    """``from module import name``, or ``import module`` with no name."""

    module: str
    name: str | None
    line: int

    @property
    def package(self) -> str:
        return self.module.partition(".")[0]

    @property
    def room(self) -> str | None:
        """The room of Tallystick that is imported, if one is."""
        package, *inner = f"{self.module}.{self.name or ''}".strip(".").split(".")
        return inner[0] if package == "tallystick" and inner and inner[0] in LEVEL else None


def imports(source: str) -> Iterator[Import]:
    for whole in nodes(source, ast.Import):
        yield from (Import(alias.name, None, whole.lineno) for alias in whole.names)
    for node in nodes(source, ast.ImportFrom):
        yield from (Import(node.module or "", alias.name, node.lineno) for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def upward(source: str, room: str) -> list[str]:
    """The rooms that ``source``, of this room, imports and must not."""
    imported = {found.room for found in imports(source)} - {None, room}
    return sorted(target for target in imported if target and not may_import(room, target))


def may_import(room: str, target: str) -> bool:
    return {room, target} <= ENTRANCE or LEVEL[target] < LEVEL[room]


def impurities(source: str) -> list[str]:
    """What makes the result of a module depend on more than its arguments."""
    foreign = {found.package for found in imports(source)} - PURE
    attributes = {
        f"{node.value.id}.{node.attr}" for node in nodes(source, ast.Attribute) if isinstance(node.value, ast.Name)
    }
    clocks = {f"{kind}.{verb}" for kind in ("date", "datetime", "dt") for verb in ("now", "utcnow", "today")}
    names = {node.id for node in nodes(source, ast.Name)}
    return sorted(foreign | attributes & clocks | names & {"open", "input", "print"})


def opens_or_commits(source: str) -> list[str]:
    """The names by which a module would reach around ``store``."""
    names = {found.name for found in imports(source)} | {node.attr for node in nodes(source, ast.Attribute)}
    drivers = {found.package for found in imports(source)} & DRIVERS
    return sorted(drivers | {name for name in names if name in ("create_engine", "commit", "rollback")})


def is_there(found: Import) -> bool:
    module = importlib.import_module(found.module)
    if found.name is None or hasattr(module, found.name):
        return True
    return hasattr(module, "__path__") and find_spec(f"{found.module}.{found.name}") is not None


@pytest.mark.parametrize(
    ("room", "source", "expected"),
    [
        ("store", "from tallystick.core.money import allocate", []),
        ("store", "from tallystick.store import db", []),
        ("store", "from tallystick import wire", ["wire"]),
        ("core", "def f():\n  import tallystick.store.db", ["store"]),
        ("customers", "from tallystick.products.types import Product", ["products"]),
        ("invoices", "from tallystick.payments import ops", ["payments"]),
        ("quotations", "from tallystick.invoices import ops", ["invoices"]),
        ("credit_notes", "from tallystick.payments import ops", ["payments"]),
        ("payments", "from tallystick.credit_notes import ops", []),
        ("http", "from tallystick.cli import main", ["cli"]),
        ("cli", "from tallystick import config, serve, __version__", []),
    ],
)
def test_an_import_upward_is_seen(room: str, source: str, expected: list[str]) -> None:
    assert upward(source, room) == expected


def test_every_room_has_its_place() -> None:
    assert {room_of(path) for path in SOURCES} - LEVEL.keys() == {"__init__"}


def test_a_room_imports_only_rooms_below_it() -> None:
    found = {
        (str(path.relative_to(ROOT)), target)
        for path in SOURCES
        if room_of(path) in LEVEL
        for target in upward(path.read_text(), room_of(path))
    }
    assert found == EXCEPTIONS


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from datetime import datetime\ndatetime(2026, 1, 1)", []),
        ("from datetime import datetime\nx = datetime.now()", ["datetime.now"]),
        ("def f(clock=date.today): ...", ["date.today"]),
        ("from os import environ", ["os"]),
        ("import os.path", ["os"]),
        ("def f():\n  import time", ["time"]),
        ("import sqlalchemy", ["sqlalchemy"]),
        ("import iso4217, decimal, msgspec", []),
        ("x = open('x')", ["open"]),
        ("x = account.today(now)", []),
    ],
)
def test_an_impurity_is_seen(source: str, expected: list[str]) -> None:
    assert impurities(source) == expected


def test_core_is_pure() -> None:
    found = {path.name: impurities(path.read_text()) for path in SOURCES if room_of(path) == "core"}
    assert found.keys() >= {"money.py", "totals.py"}
    assert {name: reasons for name, reasons in found.items() if reasons} == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from sqlalchemy import create_engine", ["create_engine"]),
        ("import sqlalchemy\nsqlalchemy.create_engine(url)", ["create_engine"]),
        ("tx.connection.commit()", ["commit"]),
        ("import sqlite3", ["sqlite3"]),
        ("from psycopg.rows import dict_row", ["psycopg"]),
        ("from sqlalchemy import select", []),
    ],
)
def test_a_way_around_the_store_is_seen(source: str, expected: list[str]) -> None:
    assert opens_or_commits(source) == expected


def test_only_the_store_opens_a_database_or_commits() -> None:
    found = {str(path): opens_or_commits(path.read_text()) for path in SOURCES if room_of(path) != "store"}
    assert {path: names for path, names in found.items() if names} == {}


def test_only_the_surfaces_know_the_web_framework() -> None:
    users = {room_of(path) for path in SOURCES for found in imports(path.read_text()) if found.package == "falcon"}
    assert users <= FRAMEWORK_USERS


def test_the_codec_knows_no_api_function() -> None:
    found = {
        (path.name, each.module)
        for path in SOURCES
        if room_of(path) == "wire" and path.stem in CODEC
        for each in imports(path.read_text())
        if each.room == "wire" and {each.module.rpartition(".")[2], each.name} & CODEC == set()
    }
    assert found == set()


def names_an_api(source: str) -> list[str]:
    """What a module of ``http`` knows of one API: where it is, or how a slice speaks to it."""
    modules = {f"{each.module}.{each.name}" for each in imports(source)} | {each.module for each in imports(source)}
    slices = {module for module in modules if module.endswith((".api", ".public"))}
    texts = {node.value for node in nodes(source, ast.Constant)}
    return sorted(slices | {text for text in texts if isinstance(text, str) and text.startswith(("/api/", "/v1/"))})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from tallystick.invoices.api import index", ["tallystick.invoices.api"]),
        ("from tallystick.invoices import api", ["tallystick.invoices.api"]),
        ("path = '/api/v1'", ["/api/v1"]),
        ("from tallystick.accounts import ops", []),
    ],
)
def test_an_api_that_is_known_is_seen(source: str, expected: list[str]) -> None:
    assert names_an_api(source) == expected


def test_http_knows_no_api() -> None:
    found = {path.name: names_an_api(path.read_text()) for path in SOURCES if room_of(path) == "http"}
    assert {name: reasons for name, reasons in found.items() if reasons} == {}


@pytest.mark.parametrize("folder", ["testing", "bench"])
def test_what_tests_and_measurements_share_knows_no_test(folder: str) -> None:
    files = sorted((HOME / folder).rglob("*.py"))
    assert files
    users = [path.name for path in files for found in imports(path.read_text()) if found.package == "tests"]
    assert users == []


def test_every_imported_name_exists() -> None:
    found = [(path, wanted) for path in SOURCES for wanted in imports(path.read_text())]
    assert len(found) > 300, "the walk reached too few files"
    assert [f"{path}:{wanted.line} {wanted.name}" for path, wanted in found if not is_there(wanted)] == []


def test_a_name_that_is_gone_is_seen() -> None:
    gone, there = imports("from tallystick.core.money import allocated, allocate")
    assert (is_there(gone), is_there(there)) == (False, True)
