"""A JSON array that is written in parts is the array that would be written at once."""

from collections.abc import Iterator

import pytest

from tallystick.wire.render import ROWS_AT_ONCE, array, encode


@pytest.mark.parametrize("count", [0, 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE])
def test_the_parts_make_the_whole(count: int) -> None:
    rows = [{"id": number} for number in range(count)]
    assert b"".join(array(iter(rows))) == encode(rows)


def test_rows_are_taken_as_they_are_written() -> None:
    taken = []

    def rows() -> Iterator[int]:
        for number in range(3 * ROWS_AT_ONCE):
            taken.append(number)
            yield number

    parts = array(rows())
    next(parts)
    assert len(taken) == ROWS_AT_ONCE
