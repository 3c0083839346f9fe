"""What becomes of a thing's metadata when some of it changes."""

import pytest

from tallystick.core.errors import ValidationFailed
from tallystick.core.labels import merged

CHANGES: list[tuple[dict[str, str], dict[str, str | None] | None, dict[str, str]]] = [
    ({}, {}, {}),
    ({}, {"a": "1"}, {"a": "1"}),
    ({"a": "1"}, {}, {"a": "1"}),
    ({"a": "1"}, {"b": "2"}, {"a": "1", "b": "2"}),
    ({"a": "1"}, {"a": "2"}, {"a": "2"}),
    ({"a": "1"}, {"a": ""}, {"a": ""}),
    ({"a": "1", "b": "2"}, {"a": None}, {"b": "2"}),
    ({"a": "1"}, {"b": None}, {"a": "1"}),
    ({"a": "1"}, None, {}),
]


@pytest.mark.parametrize(("kept", "change", "expected"), CHANGES)
def test_a_change_adds_replaces_and_removes(
    kept: dict[str, str], change: dict[str, str | None] | None, expected: dict[str, str]
) -> None:
    assert merged(kept, change) == expected


def test_what_a_change_comes_to_is_limited() -> None:
    full = {str(number): "" for number in range(50)}
    assert len(merged(full, {"0": None, "new": ""})) == 50
    assert merged(full, {"0": "changed"})["0"] == "changed"
    with pytest.raises(ValidationFailed) as refusal:
        merged(full, {"new": ""})
    assert refusal.value.errors == {
        "metadata": ["Must not come to more than 50 pairs, and would to 51: remove some with null."]
    }
