"""The documents against the program: decisions that are named exist, and each dependency has its line."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DECISIONS = {int(path.name[:4]): path for path in sorted((ROOT / "docs" / "adr").glob("*.md"))}
NAMING = [
    *(path for folder in ("src", "tests", "testing", "bench") for path in sorted((ROOT / folder).rglob("*.py"))),
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
NAMED = re.compile(r"\bADR (\d+)\b")
TITLE = re.compile(r"# (\d+)\. .+")
ROW = re.compile(r"^\| ([a-z0-9-]+) \|", re.MULTILINE)
PARTS = ["## Context", "## Decision", "## Consequences", "## Alternatives"]
PAGE_WORDS = 520


def decisions_in(text: str) -> set[int]:
    """The numbers of the decisions that a text names."""
    return set(map(int, NAMED.findall(text)))


def test_named_decisions_are_seen() -> None:
    assert decisions_in("as ADR 7 has it (ADR 12)") == {7, 12}


def test_a_decision_that_is_named_exists() -> None:
    named = {path.relative_to(ROOT).as_posix(): decisions_in(path.read_text()) for path in NAMING}
    assert len(named) > 300, "the walk reached too few files"
    assert {path: gone for path, found in named.items() if (gone := found - DECISIONS.keys())} == {}


@pytest.mark.parametrize("number", DECISIONS)
def test_a_decision_is_a_page_of_four_parts(number: int) -> None:
    text = DECISIONS[number].read_text()
    title = TITLE.match(text)
    assert title is not None
    assert int(title[1]) == number
    assert [line for line in text.splitlines() if line.startswith("## ")] == PARTS
    assert len(text.split()) <= PAGE_WORDS, "move what a user should know to a page in docs/"


def test_the_index_lists_the_decisions_by_their_titles() -> None:
    titles = [(path.read_text().partition("\n")[0].removeprefix("# "), path.name) for path in DECISIONS.values()]
    index = re.findall(r"^- \[(\d+\. .+)\]\(adr/(.+)\)$", (ROOT / "docs" / "README.md").read_text(), re.MULTILINE)
    assert index == titles


def test_each_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=~ ]", each)[0] for each in wanted}
    explained = set(ROW.findall((ROOT / "docs" / "dependencies.md").read_text())) - {"package"}
    assert explained == names
