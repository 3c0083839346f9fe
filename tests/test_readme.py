"""What the README tells a newcomer to paste works, in its order, on an empty database; and no page's link is dead."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from testing.server import KEY, serving

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXPECTED = "# → "
ANYTHING = "…"


class Example(NamedTuple):
    """A command of the README, and the parts of its answer that the README shows."""

    command: str
    parts: list[str]


def examples() -> Iterator[Example]:
    """The README's curl commands, in order."""
    for block in SHELL_BLOCK.findall(README.read_text()):
        for command in re.split(r"^(?=curl )", block, flags=re.MULTILINE):
            lines = command.splitlines()
            if command.startswith("curl "):
                parts = [line.removeprefix(EXPECTED) for line in lines if line.startswith(EXPECTED)]
                yield Example("\n".join(line for line in lines if not line.startswith(EXPECTED)), parts)


def is_in(answer: str, part: str) -> bool:
    """Whether the answer has this part, in which ``…`` stands for any text."""
    return re.search(".*?".join(map(re.escape, part.split(ANYTHING))), answer) is not None


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_tour(tmp_path: Path) -> None:
    tour = list(examples())
    assert len(tour) == 13
    with serving(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path) as server:
        (printed,) = (line for line in server.log.splitlines() if line.startswith("curl "))
        assert '"success":true' in pasted(printed)
        for command, parts in tour:
            told = pasted(command.replace("localhost:8000", server.origin.removeprefix("http://")))
            assert parts, f"the README shows no part of the answer to: {command}"
            assert [part for part in parts if not is_in(told, part)] == [], f"{command}\n{told}"


def pasted(command: str) -> str:
    """What a command answers in a shell that has the key."""
    done = subprocess.run(
        ["bash", "-c", command], env=os.environ | {"API_KEY": KEY}, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page: Path) -> None:
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    ("answer", "part", "found"),
    [
        ('{"number":"INV-2026-0001"}', '"number":"INV-…-0001"', True),
        ('{"number":"INV-2026-0002"}', '"number":"INV-…-0001"', False),
        ('{"total":454.50}', '"total":454.50', True),
        ('{"total":454x50}', '"total":454.50', False),
    ],
)
def test_a_part_is_literal_but_for_its_ellipsis(answer: str, part: str, found: bool) -> None:
    assert is_in(answer, part) is found
