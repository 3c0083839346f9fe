"""Replays the golden stories; afterwards the books must balance."""

from pathlib import Path

import pytest

from tests.api import Api
from tests.stories.golden import replay, steps

STORIES = sorted(Path(__file__).parent.glob("*.story"))


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_a_story_goes_as_it_is_told(story: Path, api: Api) -> None:
    replay(story, api)


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_a_story_tells_something(story: Path) -> None:
    assert all(step.expected is not None for step in steps(story))
