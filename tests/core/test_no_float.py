"""Money is never a float: nothing in core/ may write one, make one or divide into one."""

import ast
from pathlib import Path

import pytest

import tallystick.core
from tests.sources import nodes

SOURCES = sorted(Path(tallystick.core.__file__).parent.glob("*.py"))


def floats(source: str) -> list[int]:
    """The lines that hold a float or complex literal, the name ``float`` or a true division."""
    literals = [node.lineno for node in nodes(source, ast.Constant) if isinstance(node.value, float | complex)]
    names = [node.lineno for node in nodes(source, ast.Name) if node.id == "float"]
    divisions = [node.lineno for node in nodes(source, ast.BinOp, ast.AugAssign) if isinstance(node.op, ast.Div)]
    return [*literals, *names, *divisions]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1.0", [1]),
        ("x = 1e2", [1]),
        ("y = 1\nx = float(y)", [2]),
        ("x = list(map(float, y))", [1]),
        ("x = 1 / 2", [1]),
        ("x /= 2", [1]),
        ("x = 1 // 2", []),
        ("x = '1.0 / 2'", []),
    ],
)
def test_floats_are_seen(source: str, expected: list[int]) -> None:
    assert floats(source) == expected


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_core_holds_no_float(path: Path) -> None:
    assert floats(path.read_text()) == []


def test_the_walk_reaches_the_calculation() -> None:
    assert {"money.py", "totals.py"} <= {path.name for path in SOURCES}
