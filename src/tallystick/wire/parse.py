"""From bytes to a request's struct, naming every wrong field at once (ADR 2).

msgspec is fast and stops at its first error; so a request that fails is read again field by field.
"""

import json
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from functools import cache, reduce
from operator import or_
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from tallystick.core.errors import FieldErrors, Malformed, ValidationFailed
from tallystick.core.near import did_you_mean
from tallystick.wire import form, wanted
from tallystick.wire.hints import annotations, bare, members
from tallystick.wire.scalars import convert

T = TypeVar("T", bound=msgspec.Struct)

_ANYTHING = msgspec.json.Decoder(float_hook=Decimal)
NUL_ESCAPED = b"\\u0000"
_UNKNOWN = "Is not a field of this request."
_UNKNOWN_PARAMETER = "Is not a parameter of this request."
_MOST_ERRORS = 100
"""How many wrong fields are named; who has more has another fault than those."""

_MOST_GUESSES = 20
"""How many wrong fields are told what else may have been meant: to guess takes longer than to refuse."""
_NUL = "Must not contain the character NUL."
_HALF_OF_PAIR = "Must not contain half of a surrogate pair."
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_BYTE = re.compile(r"\(byte (\d+)\)$")


@cache
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, dec_hook=convert, float_hook=Decimal)


@cache
def _fields(kind: Any) -> Mapping[str, msgspec.structs.FieldInfo]:
    """The fields by the names that they have on the wire."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind, include_extras=True)


@cache
def _given_hints(kind: Any) -> Mapping[str, Any]:
    """The types of what is given: without None, for which the text "null" would be taken."""
    return {
        name: reduce(or_, (m for m in members(hint) if m is not types.NoneType)) for name, hint in _hints(kind).items()
    }


def parse_json(raw: bytes, kind: type[T], *, is_strict: bool = True) -> T:
    """The struct that ``raw`` holds. Unknown fields are refused where ``is_strict``, and ignored otherwise.

    Raises Malformed for what is not a JSON object, ValidationFailed with every wrong field otherwise.
    """
    read = getattr(kind, "read", None)
    if read is not None:
        own: T = read(raw, is_strict=is_strict)
        return own
    if NUL_ESCAPED not in raw:
        try:
            parsed: T = _decoder(kind).decode(raw)
            return _checked(kind, parsed)
        except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
            pass
    value = read_anything(raw)
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return convert_fields(value, kind, is_strict=is_strict)


def parse_form(raw: bytes, kind: type[T], *, is_strict: bool = True) -> T:
    """The struct that a form holds; numbers and truth values are read from their text. Otherwise as ``parse_json``.

    An optional field that nobody filled in, and that cannot be an empty text, is one that is left out.
    """
    fields, values = _fields(kind), form.read(raw)
    filled = {name: value for name, value in values.items() if value or _means_empty(kind, fields.get(name))}
    return convert_fields(filled, kind, is_strict=is_strict, is_text=True)


def _means_empty(kind: type[T], field: msgspec.structs.FieldInfo | None) -> bool:
    """Whether an empty text says something for this field, if only that it is wrong."""
    if field is None or field.required:
        return True
    reading = _Reading(is_strict=True, is_text=True)
    reading.leaf("", _hints(kind)[field.name], field.name)
    return not reading.errors


def read_anything(raw: bytes) -> Any:
    """The value of a JSON text, its numbers exact. Raises Malformed."""
    try:
        return _ANYTHING.decode(raw)
    except RecursionError:
        raise Malformed("The body is nested too deeply.") from None
    except UnicodeDecodeError:
        raise Malformed("The body is not JSON: it must be in UTF-8.") from None
    except (msgspec.DecodeError, ValueError, ArithmeticError) as error:
        with suppress(ValueError, ArithmeticError, RecursionError):
            return _with_halves(raw)
        raise Malformed(f"The body is not JSON: {_fault(raw, str(error))}") from None


def _with_halves(raw: bytes) -> Any:
    """The value of a JSON text in which halves of surrogate pairs are escaped, which msgspec takes for its end.

    Raises ValueError.
    """
    if not _HALF.search(raw):
        raise ValueError
    return json.loads(raw, parse_float=Decimal, parse_constant=_no_number)


def _no_number(name: str) -> None:
    raise ValueError(name)


def _fault(raw: bytes, error: str) -> str:
    """Where the parser stopped, for it says what it met in words of its own."""
    found = _BYTE.search(error)
    if found is None:
        return "it ends too early, or holds a number out of all bounds."
    *lines, last = raw[: int(found[1])].split(b"\n")
    return f"see line {len(lines) + 1}, column {len(last) + 1}."


def convert_fields(values: dict[str, Any], kind: type[T], *, is_strict: bool = True, is_text: bool = False) -> T:
    """The struct that ``values`` hold, or ValidationFailed with every wrong field."""
    reading = _Reading(is_strict=is_strict, is_text=is_text)
    parsed: T = reading.struct(values, kind, "")
    if reading.errors:
        raise ValidationFailed(reading.errors)
    return _checked(kind, parsed)


def parse_query(params: Mapping[str, Any], kind: type[T], *, is_strict: bool = True) -> T:
    """The struct that query parameters hold, or ValidationFailed with every wrong one."""
    reading = _Reading(is_strict=is_strict, is_text=True)
    errors, fields = reading.errors, _fields(kind)
    parsed = {}
    for name, value in params.items():
        if name not in fields:
            if is_strict:
                reading.refuse(name, _UNKNOWN_PARAMETER, name, fields)
        elif isinstance(value, list):
            errors[name] = ["Is given more than once."]
        else:
            field = fields[name].name
            parsed[field] = reading.leaf(value, _given_hints(kind)[field], name)
    if errors:
        raise ValidationFailed(errors)
    return _checked(kind, kind(**parsed))


def _checked(kind: type[T], parsed: T) -> T:
    check = getattr(kind, "check", None)
    errors: FieldErrors = check(parsed) if check else {}
    if errors:
        raise ValidationFailed(errors)
    return parsed


class _Reading:
    """One pass over a request's values, with the errors that it meets.

    ``is_text`` also reads numbers and truth values from text, for where a request has nothing else.
    """

    def __init__(self, *, is_strict: bool, is_text: bool) -> None:
        self.errors: FieldErrors = {}
        self._is_strict = is_strict
        self._is_text = is_text

    def struct(self, values: dict[str, Any], kind: type[Any], path: str) -> Any:
        """The struct; meaningless where there were any errors."""
        fields = _fields(kind)  # type: ignore[arg-type]  # a class is hashable
        for name in values.keys() - fields.keys() if self._is_strict else ():
            self.refuse(path + name, getattr(kind, "unknown", _UNKNOWN), name, fields)
        hints = _hints(kind)  # type: ignore[arg-type]  # a class is hashable
        parsed = {}
        for name, field in fields.items():
            if name in values:
                parsed[field.name] = self._value(values[name], hints[field.name], path + name)
            elif field.required:
                self._note(path + name, "Is required.")
        return None if self.errors else kind(**parsed)

    def _value(self, value: Any, hint: Any, path: str) -> Any:
        """The value as its type, with the errors of everything inside it; meaningless where there were any."""
        if isinstance(value, dict):
            for member in members(hint):
                if isinstance(member, type) and issubclass(member, msgspec.Struct):
                    return self.struct(value, member, path + ".")
        if isinstance(value, list):
            for member in members(hint):
                if get_origin(bare(member)) is list:
                    return self._list(value, member, path)
        return self.leaf(value, hint, path)

    def _list(self, values: list[Any], hint: Any, path: str) -> Any:
        for meta in annotations(hint):
            self._converted(values, Annotated[list[Any], meta], path)
        if path in self.errors:
            return None
        (item,) = get_args(bare(hint))
        return [self._value(value, item, f"{path}.{index}") for index, value in enumerate(values)]

    def leaf(self, value: Any, hint: Any, path: str) -> Any:
        """The value as its type; meaningless where that is an error. What is left raw is read by whoever knows it."""
        if hint is msgspec.Raw:
            return value
        refused = next(filter(None, map(_UNWRITABLE.search, _texts(value))), None)
        if refused:
            self._note(path, _HALF_OF_PAIR if refused[0] > "\0" else _NUL)
            return None
        return self._converted(value, hint, path)

    def _converted(self, value: Any, hint: Any, path: str) -> Any:
        try:
            return msgspec.convert(value, hint, dec_hook=convert, strict=not self._is_text)
        except msgspec.ValidationError as error:
            # What a scalar of ours says is the cause of what msgspec raises; what has no cause, it says itself.
            said = str(error.__cause__) if error.__cause__ else wanted.sentence(hint, value)
            self.refuse(path, said, value, wanted.choices(hint))
            return None

    def refuse(self, path: str, sentence: str, given: Any, names: Iterable[str]) -> None:
        """Notes an error, with the question whether one of the names was meant by what is given."""
        guess = did_you_mean(given, names) if len(self.errors) < _MOST_GUESSES else ""
        self._note(path, sentence + guess)

    def _note(self, path: str, sentence: str) -> None:
        if len(self.errors) < _MOST_ERRORS:
            self.errors[path.encode("utf-8", "replace").decode()] = [sentence]


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, the names of fields too; without recursion, however deep it is nested."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, list):
            left.extend(part)
        elif isinstance(part, dict):
            left.extend(part)
            left.extend(part.values())
