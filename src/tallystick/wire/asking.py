"""Requests that ask for the fields of a struct, so that these are written once."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import UNSET, UnsetType, structs

from tallystick.wire.call import Change
from tallystick.wire.scalars import Day

B = TypeVar("B", bound=Change)
OWN: Mapping[str, Any] = MappingProxyType({})


def asking_for(kind: type[msgspec.Struct], hints: Mapping[str, Any] = OWN) -> Callable[[type[B]], type[B]]:
    """Gives a request the fields of ``kind``, each of which may be UNSET; a date is asked for as a ``Day``.

    Limits and descriptions are those of ``kind``, or by the name of a field those of ``hints``.
    """
    fields = [(field.name, _asked(hints.get(field.name, field.type)), UNSET) for field in structs.fields(kind)]

    def extended(body: type[B]) -> type[B]:
        own = {"__doc__": body.__doc__}
        made: Any = msgspec.defstruct(
            body.__name__, fields, bases=(body,), kw_only=True, module=body.__module__, namespace=own
        )
        return cast("type[B]", made)

    return extended


def _asked(hint: Any) -> Any:
    """The hint or UNSET. What an annotation says of a union, it says of the new one: msgspec knows no other way."""
    is_annotated_union = get_origin(hint) is Annotated and get_args(get_args(hint)[0])
    if not is_annotated_union:
        return hint | UnsetType
    stored, *metas = get_args(hint)
    members = (Day if member is date else member for member in get_args(stored))
    return Annotated[Union[*members, UnsetType], *metas]
