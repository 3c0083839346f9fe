"""Rows of structs: a field that is no column holds a struct of columns."""

import msgspec
from sqlalchemy import Column, Integer, MetaData, Table

from tallystick.store import rows

THINGS = Table("things", MetaData(), *(Column(name, Integer) for name in ("id", "wide", "high", "age")))


class Size(msgspec.Struct, frozen=True):
    wide: int
    high: int


class Thing(msgspec.Struct, frozen=True):
    id: int
    size: Size
    age: int


class Flat(msgspec.Struct, frozen=True):
    id: int
    age: int


THING = Thing(1, Size(2, 3), 4)


def test_columns_are_those_of_the_row_and_of_what_it_holds() -> None:
    assert [column.name for column in rows.columns(THINGS, Thing)] == ["id", "wide", "high", "age"]


def test_read_and_written_in_the_order_of_the_columns() -> None:
    assert rows.reader(THINGS, Thing)(1, 2, 3, 4) == THING
    assert rows.writer(THINGS, Thing)(THING) == [1, 2, 3, 4]


def test_a_row_that_holds_nothing_is_made_as_it_is() -> None:
    assert rows.reader(THINGS, Flat) is Flat
    assert rows.writer(THINGS, Flat)(Flat(1, 4)) == [1, 4]


def test_values_by_the_names_of_columns() -> None:
    assert rows.flat(THINGS, {"id": 1, "size": THING.size}) == {"id": 1, "wide": 2, "high": 3}
    plain = {"id": 1, "age": 4}
    assert rows.flat(THINGS, plain) is plain
