"""What a field wants, told in our own words by its type and its limits: those of the parser reach nobody."""

import types
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import msgspec

from tallystick.wire.hints import annotations, bare, members

WANTED = "wanted"
TYPES: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    Decimal: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
    date: "a date, as 2026-03-31",
    datetime: "an instant with its time zone, as 2027-03-31T12:00:00Z",
    bytes: "bytes in base64",
}
COUNTED = {str: "characters", list: "items"}
NOTHING = (types.NoneType, msgspec.UnsetType)


def telling(what: str, **limits: Any) -> msgspec.Meta:
    """The limits of a field, with what it wants in words, for a pattern says it to nobody."""
    return msgspec.Meta(**limits, extra={WANTED: what})


def filled(max_length: int) -> msgspec.Meta:
    """The limits of a text that says something."""
    what = f"a text of 1 to {max_length} characters that is not blank"
    return telling(what, min_length=1, max_length=max_length, pattern=r"\S")


def sentence(hint: Any, value: Any) -> str:
    """What is wrong with a value that is none of the type."""
    texts = [annotations(member) for member in members(hint) if bare(member) is str]
    most = _limit(texts[0], "max_length") if texts and isinstance(value, str) else None
    if most is not None and len(value) > most:
        return f"Must have at most {most} characters."
    return f"Must be {' or '.join(_phrases(hint))}."


def choices(hint: Any) -> list[str]:
    """The words that a field of this type may hold, where it may hold no others."""
    return [str(choice) for member in members(hint) for choice in _choices(bare(member))]


def _phrases(hint: Any) -> Iterator[str]:
    """What each type of a union wants, or in one phrase what is told of the whole."""
    metas = annotations(hint)
    told = [meta.extra[WANTED] for meta in metas if meta.extra]
    if told:
        yield told[0]
    elif bare(hint) in NOTHING:
        return
    elif (union := members(hint)) != (hint,):
        for member in union:
            yield from _phrases(member)
    else:
        yield _phrase(bare(hint), metas)


def _phrase(kind: Any, metas: Sequence[msgspec.Meta]) -> str:
    among = _choices(kind)
    if among:
        return f"one of {', '.join(map(str, among))}" if len(among) > 1 else str(among[0])
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return f"an object with the fields {', '.join(kind.__struct_encode_fields__)}"
    plain = get_origin(kind) or kind
    return TYPES[plain] + _range(plain, metas)


def _choices(kind: Any) -> Sequence[Any]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return [member.value for member in kind] if isinstance(kind, type) and issubclass(kind, Enum) else []


def _range(kind: Any, metas: Sequence[msgspec.Meta]) -> str:
    """The limits of a number, or of how much a text or a list holds."""
    if kind is int:
        return _bounds(" from", _limit(metas, "ge"), _limit(metas, "le"), "")
    return _bounds(" of", _limit(metas, "min_length"), _limit(metas, "max_length"), f" {COUNTED.get(kind)}")


def _limit(metas: Sequence[msgspec.Meta], name: str) -> int | None:
    return next((limit for meta in metas if (limit := getattr(meta, name)) is not None), None)


def _bounds(prefix: str, least: int | None, most: int | None, unit: str) -> str:
    if least is not None and most is not None:
        return f"{prefix} {least} to {most}{unit}"
    if least is not None:
        return f" of at least {least}{unit}"
    return "" if most is None else f" of at most {most}{unit}"
