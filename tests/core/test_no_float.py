"""Money is never a float: nothing in core/ may write one, make one or divide into one."""

import ast
from pathlib import Path

import pytest

import tallystick.core

SOURCES = sorted(Path(tallystick.core.__file__).parent.glob("*.py"))


def floats(source: str) -> list[int]:
    """The lines that hold a float or complex literal, the name ``float`` or a true division."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float | complex))
        or (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
    ]


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
