"""From bytes to structs: what msgspec reads fast, and what is read again to name every error."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.errors import Malformed, ValidationFailed
from tallystick.wire import render
from tallystick.wire.call import Body, Query
from tallystick.wire.parse import convert_fields, parse_json, parse_query
from tallystick.wire.scalars import Id, Number, Positive


class Inner(Body, kw_only=True):
    amount: Positive
    note: Annotated[str, msgspec.Meta(max_length=5)] | None = None


class Outer(Body, kw_only=True):
    id: Id
    inner: Inner | None = None
    rows: Annotated[list[Inner], msgspec.Meta(min_length=1, max_length=2)] | msgspec.UnsetType = msgspec.UNSET
    flag: bool = False

    def check(self) -> dict[str, list[str]]:
        return {"flag": ["Must not be set for 13."]} if self.flag and self.id == 13 else {}


class Search(Query, frozen=True, kw_only=True):
    page: Annotated[int, msgspec.Meta(ge=1)] = 1
    above: Number | None = None
    active: bool | None = None
    from_: str | None = msgspec.field(default=None, name="from")


def errors(read: Any, *arguments: Any) -> list[str]:
    with pytest.raises(ValidationFailed) as failure:
        read(*arguments)
    assert all(sentence.endswith((".", "?")) for sentences in failure.value.errors.values() for sentence in sentences)
    return sorted(failure.value.errors)


def test_numbers_are_exact() -> None:
    raw = b'{"id": "7", "rows": [{"amount": 0.1}, {"amount": "0.30"}]}'
    parsed = parse_json(raw, Outer)
    assert isinstance(parsed.rows, list)
    assert parsed.id == 7
    assert [row.amount for row in parsed.rows] == [Decimal("0.1"), Decimal("0.30")]
    assert parsed.inner is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"{}", ["id"]),
        (b'{"id": 0}', ["id"]),
        (b'{"ID": 1, "id": null}', ["ID", "id"]),
        (b'{"id": 1, "flag": "true"}', ["flag"]),
        (b'{"id": 1, "flag": 1}', ["flag"]),
        (b'{"id": 13, "flag": true}', ["flag"]),
        (b'{"id": 1, "inner": {}}', ["inner.amount"]),
        (b'{"id": 1, "inner": {"amount": 0, "note": "too long", "x": 1}}', ["inner.amount", "inner.note", "inner.x"]),
        (b'{"id": 1, "inner": []}', ["inner"]),
        (b'{"id": 1, "rows": null}', ["rows"]),
        (b'{"id": 1, "rows": []}', ["rows"]),
        (b'{"id": 1, "rows": [{"amount": 1}, {"amount": 1}, {"amount": 1}]}', ["rows"]),
        (b'{"id": 1, "rows": [{}, 5]}', ["rows.0.amount", "rows.1"]),
        (b'{"id": 1, "inner": {"amount": 1, "note": "\\u0000"}}', ["inner.note"]),
        (b'{"id": 1, "rows": [{"amount": 1e400}, {"amount": 1, "note": 5}]}', ["rows.0.amount", "rows.1.note"]),
    ],
)
def test_every_error_is_named_by_its_path(raw: bytes, expected: list[str]) -> None:
    assert errors(parse_json, raw, Outer) == expected


@pytest.mark.parametrize("raw", [b"", b"[]", b"NaN", b"{", b'{"id": NaN}', b'{"id": "\xff"}', b"{" * 10_000])
def test_what_is_no_json_object_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_json(raw, Outer)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["amount", "note", "x"]), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["id", "inner", "rows", "flag", "x"]), json_values))
def test_the_fast_way_and_the_way_that_names_errors_agree(values: dict[str, Any]) -> None:
    raw = render.encode(values)
    assert outcome(parse_json, raw) == outcome(convert_fields, msgspec.json.Decoder(float_hook=Decimal).decode(raw))


def outcome(read: Callable[[Any, type[Outer]], Outer], given_values: Any) -> Outer | list[str]:
    """The struct, or the names of the fields that are wrong."""
    try:
        return read(given_values, Outer)
    except ValidationFailed as failure:
        return sorted(failure.errors)


@given(st.binary(max_size=50))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with pytest.raises((Malformed, ValidationFailed)):
        parse_json(raw, Outer)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, Search()),
        ({"page": "2"}, Search(page=2)),
        ({"above": "0.1"}, Search(above=Number("0.1"))),
        ({"active": "true"}, Search(active=True)),
        ({"active": "0"}, Search(active=False)),
        ({"from": "x"}, Search(from_="x")),
        ({"from": "null"}, Search(from_="null")),
    ],
)
def test_a_query(query: dict[str, str], expected: Search) -> None:
    assert parse_query(query, Search) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"page": "0", "above": "x", "active": "maybe"}, ["above", "active", "page"]),
        ({"page": ["1", "2"]}, ["page"]),
        ({"from_": "x"}, ["from_"]),
        ({"from": "\0"}, ["from"]),
        ({"page": "1.5"}, ["page"]),
        ({"page": ""}, ["page"]),
        ({"page": "null", "above": "null", "active": "null"}, ["above", "active", "page"]),
    ],
)
def test_a_wrong_query_is_named(query: dict[str, Any], expected: list[str]) -> None:
    assert errors(parse_query, query, Search) == expected
