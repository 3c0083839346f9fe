"""What a bill keeps as JSON from its issue on: typed in the program, and always written in the same form."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import convert, json
from sqlalchemy import JSON, Column, ColumnElement, Dialect, type_coerce
from sqlalchemy.types import TypeDecorator

from tallystick.core.party import POSTAL, Buyer, Party, Seller

PARTIES_KEPT = 256

KEYS: Mapping[type[Party], tuple[str, ...]] = {
    Buyer: ("id", "name", "email", "phone", *POSTAL, "tax_id", "language"),
    Seller: ("name", "email", *POSTAL, "tax_id", "iban", "bic", "language"),
}
"""The order in which a bill has always written its parties."""
ADDED: Mapping[type[Party], tuple[str, ...]] = {Buyer: (), Seller: ("registration_number", "website")}
"""What came later: it comes last, and only where it is given, so that what is sealed is written as it always was."""


def as_json(value: Any) -> Any:
    """What JSON has of a party or of a tax breakdown, with exact rates; of anything else, it is that."""
    if isinstance(value, Party):
        return _party(value)
    if isinstance(value, tuple):
        return [[format(tax.rate, "f"), *tax[1:]] for tax in value]
    return value


# Whoever issues many bills has one seller, and mostly few buyers.
@lru_cache(PARTIES_KEPT)
def _party(party: Party) -> Mapping[str, Any]:
    always = {name: getattr(party, name) for name in KEYS[type(party)]}
    return always | {name: given for name in ADDED[type(party)] if (given := getattr(party, name)) is not None}


class Kept(TypeDecorator[Any]):
    """A column that holds a value of type ``shape`` as JSON. An import writes it as the JSON that it has read."""

    impl = JSON
    cache_ok = True

    def __init__(self, shape: Any) -> None:
        super().__init__()
        self.shape = shape

    def process_bind_param(self, value: Any, _dialect: Dialect) -> Any:
        return as_json(value)

    def result_processor(self, dialect: Dialect, _coltype: object) -> Callable[[Any], Any]:
        shape = self.shape | None
        if dialect.name == "postgresql":
            # Its driver has read the JSON.
            return lambda value: convert(value, shape)
        decode = json.Decoder(shape).decode
        return lambda value: None if value is None else decode(value)


def as_stored(column: Column[Any]) -> ColumnElement[Any]:
    """The column, with its JSON as it lies in the database, whatever is in it."""
    return type_coerce(column, JSON) if isinstance(column.type, Kept) else column
