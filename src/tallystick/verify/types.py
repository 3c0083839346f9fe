"""What is looked at, and what is found."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalchemy import Table

from tallystick.core.account import Account
from tallystick.core.money import DIGITS, to_decimal
from tallystick.store.db import Tx


class Difference(NamedTuple):
    """A row that is not what other rows make it."""

    table: str
    row: str
    """Its key, and its number where it has one."""
    finding: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.finding}"


class Check(NamedTuple):
    """One thing to look at, in one account. ``run`` reads ``table``, and says how many rows it has done with."""

    title: str
    table: Table
    run: Callable[[Tx, Account, Callable[[int], None]], Iterator[Difference]]


def row_name(row_id: int, number: str | None) -> str:
    """How a difference names a row."""
    return f"{row_id} ({number})" if number else str(row_id)


def unequal(what: str, stored: int, expected: int, currency: str) -> str:
    """The finding that one amount (minor units) is stored where another should be."""
    return f"{what} is {money(stored, currency)}, should be {money(expected, currency)}"


def money(minor: int, currency: str) -> str:
    """An amount for a person, in major units; in minor units where the currency is none."""
    return f"{to_decimal(minor, DIGITS.get(currency, 0))} {currency}"
