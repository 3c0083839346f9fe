"""Forms: nested by their names, bounded, and refused in words."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.errors import Malformed, ValidationFailed
from tallystick.wire.call import Body
from tallystick.wire.form import MAX_DEPTH, MAX_FIELDS, read
from tallystick.wire.parse import parse_form
from tallystick.wire.scalars import Id, Positive


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", {}),
        (b"a=1", {"a": "1"}),
        (b"a=", {"a": ""}),
        (b"a=1&b=x+y%26%C3%BC", {"a": "1", "b": "x y&ü"}),
        (b"a=\xc3\xbc", {"a": "ü"}),
        (b"a[b]=1&a[c][d]=2", {"a": {"b": "1", "c": {"d": "2"}}}),
        (b"a%5Bb%5D=1", {"a": {"b": "1"}}),
        (b"a[0]=1&a[1]=2", {"a": ["1", "2"]}),
        (b"a[1]=2&a[0]=1", {"a": ["1", "2"]}),
        (b"a[]=1&a[]=2", {"a": ["1", "2"]}),
        (b"a[0][x]=1&a[0][y]=2&a[1][x]=3", {"a": [{"x": "1", "y": "2"}, {"x": "3"}]}),
        (b"a[0]=1&a[x]=2", {"a": {"0": "1", "x": "2"}}),
        (b"0=1", {"0": "1"}),
    ],
)
def test_a_form(raw: bytes, expected: dict[str, Any]) -> None:
    assert read(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"a=\xff",
        b"a=%ff",
        b"=1",
        b"[a]=1",
        b"a[=1",
        b"a]=1",
        b"a[b]c=1",
        b"a[[b]]=1",
        b"a[1]=1",
        b"a[0]=1&a[2]=1",
        b"a[0]=1&a[00]=1",
        b"a[999999]=1",
        b"a" + b"[b]" * MAX_DEPTH + b"=1",
        b"a" + b"[b]" * 100_000 + b"=1",
        b"a=1&" * (MAX_FIELDS + 1),
    ],
)
def test_what_is_no_form(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read(raw)


@pytest.mark.parametrize("raw", [b"a=1&a=2", b"a=1&a[b]=2", b"a[b]=1&a=2", b"a[b]=1&a[b]=2", b"a=1&a[b][c]=2"])
def test_a_field_of_two_values(raw: bytes) -> None:
    with pytest.raises(ValidationFailed):
        read(raw)


@given(st.binary(max_size=50) | st.text("ab01[]=&%+", max_size=50).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(Malformed, ValidationFailed):
        assert isinstance(read(raw), dict)


@given(st.dictionaries(st.text("abc", min_size=1), st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_what_is_encoded_comes_back(values: dict[str, str]) -> None:
    assert read(urlencode(values).encode()) == values


class Row(Body, kw_only=True):
    amount: Positive
    is_new: bool = False


class Bill(Body, kw_only=True):
    id: Id
    count: int = 0
    note: str = "none"
    rows: list[Row] = []


def test_values_are_read_from_text() -> None:
    bill = parse_form(b"id=7&count=3&rows[0][amount]=2.50&rows[0][is_new]=true", Bill)
    assert (bill.id, bill.count, str(bill.rows[0].amount), bill.rows[0].is_new) == (7, 3, "2.50", True)


def test_an_optional_field_that_is_not_filled_in_is_left_out() -> None:
    bill = parse_form(b"id=7&count=&note=&rows=", Bill)
    assert (bill.count, bill.note, bill.rows) == (0, "", [])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ["id"]),
        (b"id=&x=", ["id", "x"]),
        (b"id=1&rows[0][amount]=", ["rows.0.amount"]),
        (b"id=x&count=y", ["count", "id"]),
        (b"id=1&x=1&rows[0][y]=2", ["rows.0.amount", "rows.0.y", "x"]),
        (b"id=1&rows=2", ["rows"]),
        (b"id=1&rows[a]=2", ["rows"]),
        (b"id=1&count=%00", ["count"]),
    ],
)
def test_every_wrong_field_is_named(raw: bytes, expected: list[str]) -> None:
    with pytest.raises(ValidationFailed) as failure:
        parse_form(raw, Bill)
    assert sorted(failure.value.errors) == expected


def test_unknown_fields_are_ignored_where_the_api_is_lenient() -> None:
    assert parse_form(b"id=1&x=1&rows[0][y]=2&rows[0][amount]=1", Bill, is_strict=False).id == 1
