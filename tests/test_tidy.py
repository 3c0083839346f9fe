"""Rules of the house that no linter knows."""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import tallystick
from tallystick.core.states import RULES
from tests.core.test_no_float import floats
from tests.core.test_states import STAYING
from tests.sources import nodes, parsed

ROOT = Path(tallystick.__file__).parent
MIGRATIONS = ROOT / "store" / "migrations"
PROGRAM = [path for path in sorted(ROOT.rglob("*.py")) if MIGRATIONS not in path.parents]
HOME = ROOT.parent.parent
TESTS = [path for folder in ("tests", "testing", "bench") for path in sorted((HOME / folder).rglob("*.py"))]

ROOMS_WITH_STATES = {"bills", "quotations", "invoices", "credit_notes", "payments"}
WITH_STATES = [path for path in PROGRAM if path.parent.name in ROOMS_WITH_STATES]
STATES = {kind.__name__ for kind in RULES}

LONGEST_FUNCTION_LINES = 45
LONGEST_FILE_LINES = 600
LISTS = {ROOT / "store" / "tables.py"}  # one entry after the other, which nobody reads as a whole
# Shapes of another product's API have the names of its document.
FOREIGN = {path for path in PROGRAM if path.match("dialects/*/shapes.py")}
# What the catalogue stores, and what the native API shows of it under the same public name.
SHOWN_AS_STORED = {"Customer", "Product", "Tax"}
MARKS = ("TO-DO", "FIX-ME")  # without the hyphens, which keep this line out
UNFINISHED = re.compile("|".join(mark.replace("-", "") for mark in MARKS))

Function = ast.FunctionDef | ast.AsyncFunctionDef


def long_functions(source: str) -> list[str]:
    return [
        node.name
        for node in nodes(source, ast.FunctionDef, ast.AsyncFunctionDef)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION_LINES
    ]


def public_classes(source: str) -> list[str]:
    return [node.name for node in parsed(source).body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]


def undocumented(source: str) -> list[str]:
    """The public functions and classes of a module that do not say what they are for."""
    return [
        node.name
        for node in parsed(source).body
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_") and not explained(node)
    ]


def explained(node: Function | ast.ClassDef) -> bool:
    # An enumeration may explain its members one by one instead, and a name of plain values may need nothing.
    kinds = {base.id for base in getattr(node, "bases", ()) if isinstance(base, ast.Name)}
    return ast.get_docstring(node) is not None or bool(kinds & {"StrEnum", "NamedTuple"})


def durations(source: str) -> set[int]:
    """The lines that speak of a time, by a name that ends in its unit: times may have a fraction."""
    lines: set[int] = set()
    for node in nodes(source, ast.Assign, ast.AnnAssign, ast.keyword):
        if is_duration(assigned(node)):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines.update(node.lineno for node in nodes(source, ast.arg) if is_duration(node.arg))
    lines.update(node.lineno for node in nodes(source, ast.Name) if is_duration(node.id))
    return lines


def assigned(node: ast.Assign | ast.AnnAssign | ast.keyword) -> str:
    if isinstance(node, ast.keyword):
        return node.arg or ""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return target.id if isinstance(target, ast.Name) else ""


def is_duration(name: str) -> bool:
    return name.lower().endswith(("_s", "_ms", "_us", "_ns"))


def paths(source: str) -> set[int]:
    """The lines where ``/`` joins a path, as its operand in quotes shows."""
    return {
        node.lineno
        for node in nodes(source, ast.BinOp)
        if isinstance(node.op, ast.Div)
        and isinstance(node.right, ast.Constant | ast.JoinedStr)
        and isinstance(getattr(node.right, "value", ""), str)
    }


def inexact(source: str) -> list[int]:
    """The lines that could make money inexact."""
    return sorted(set(floats(source)) - durations(source) - paths(source))


def decided_elsewhere(source: str) -> list[int]:
    """The lines that write a state by its name, or ask where an action leads and do not listen."""
    return sorted([*written_states(source), *unheard(source)])


def written_states(source: str) -> Iterator[int]:
    written: list[tuple[object, ast.expr]] = [(each.arg, each.value) for each in nodes(source, ast.keyword)]
    for node in nodes(source, ast.Dict):
        written += [(getattr(key, "value", None), value) for key, value in zip(node.keys, node.values, strict=True)]
    for name, value in written:
        if name in ("state", "status") and ast.unparse(value).partition(".")[0] in STATES:
            yield value.lineno


def unheard(source: str) -> Iterator[int]:
    for node in nodes(source, ast.Expr):
        if isinstance(node.value, ast.Call) and called(node.value) == "next_state":
            yield node.lineno


def checked(source: str) -> set[str]:
    """The actions of which a verb checks only whether they are allowed."""
    return {ast.unparse(call.args[1]) for call in nodes(source, ast.Call) if called(call) == "check_allowed"}


def called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def unfinished(source: str) -> list[int]:
    return [number for number, line in enumerate(source.splitlines(), 1) if UNFINISHED.search(line)]


def relative(path: Path) -> str:
    return str(path.relative_to(HOME))


def found_by(rule: Callable[[str], list[Any]], files: list[Path]) -> dict[str, list[Any]]:
    """What a rule finds, file by file; no entry for a file in order."""
    return {relative(path): found for path in files if (found := rule(path.read_text()))}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("BUSY_TIMEOUT_S = 30.0", []),
        ("timeout_s: float = 0.5", []),
        ("rate: float = 5", [1]),
        ("retry(wait_s=0.5)", []),
        ("retry(amount=0.5)", [1]),
        ("BUCKETS_S = (\n  0.1,\n)", []),
        ("def count(elapsed_s: float): ...", []),
        ("def count(amount: float): ...", [1]),
        ("count(elapsed_us / 1e6)", []),
        ("path = folder / 'x'", []),
        ("path = folder / f'{x}'", []),
        ("half = whole / 2", [1]),
        ("half = whole / other", [1]),
        ("rows = float(x)", [1]),
    ],
)
def test_an_inexact_number_is_seen(source: str, expected: list[int]) -> None:
    assert inexact(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(): ...", ["f"]),
        ("def f():\n  '''Does.'''", []),
        ("def _f(): ...", []),
        ("class C: ...", ["C"]),
        ("class C(StrEnum): ...", []),
    ],
)
def test_a_missing_docstring_is_seen(source: str, expected: list[str]) -> None:
    assert undocumented(source) == expected


def test_a_long_function_is_seen() -> None:
    def source(lines: int) -> str:
        return "def f():\n" + "  x = 1\n" * (lines - 1)

    assert long_functions(source(LONGEST_FUNCTION_LINES)) == []
    assert long_functions(source(LONGEST_FUNCTION_LINES + 1)) == ["f"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("change({'state': InvoiceState.VOIDED})", [1]),
        ("update(status=PaymentStatus.REVERSED)", [1]),
        ("state = next_state(row.state, Action.VOID)\nchange({'state': state})", []),
        ("next_state(row.state, Action.VOID)", [1]),
        ("where(row.state == InvoiceState.DRAFT)", []),
    ],
)
def test_a_state_that_is_decided_elsewhere_is_seen(source: str, expected: list[int]) -> None:
    assert decided_elsewhere(source) == expected


def test_an_unfinished_line_is_seen() -> None:
    assert unfinished(f"x = 1\n# {UNFINISHED.pattern[:4]}: more") == [2]


def test_no_name_means_two_things() -> None:
    """A class is known by its name wherever it is read, without its import."""
    files = defaultdict(list)
    for path in PROGRAM:
        for name in public_classes(path.read_text()):
            if path not in FOREIGN:
                files[name].append(relative(path))
    twice = {name: found for name, found in files.items() if len(found) > 1}
    assert len(files) > 300, "the walk reached too few files"
    assert {name: found for name, found in twice.items() if name not in SHOWN_AS_STORED} == {}
    assert twice.keys() >= SHOWN_AS_STORED, "these are exceptions no more"


def test_every_public_name_is_explained() -> None:
    assert found_by(undocumented, PROGRAM) == {}


def test_no_money_is_inexact() -> None:
    assert found_by(inexact, PROGRAM) == {}


def test_what_the_table_of_states_answers_is_what_is_written() -> None:
    assert found_by(decided_elsewhere, WITH_STATES) == {}
    staying = {f"Action.{action.name}" for action in STAYING}
    assert set().union(*map(checked, (path.read_text() for path in WITH_STATES))) == staying


def test_functions_are_short() -> None:
    assert found_by(long_functions, PROGRAM + TESTS) == {}


def test_files_are_short() -> None:
    files = [path for path in PROGRAM + TESTS if path not in LISTS]
    lengths = {relative(path): len(path.read_text().splitlines()) for path in files}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE_LINES} == {}


def test_nothing_is_left_unfinished() -> None:
    assert found_by(unfinished, PROGRAM + TESTS) == {}
