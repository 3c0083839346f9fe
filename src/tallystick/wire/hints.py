"""What the type of a field is made of."""

import types
from typing import Annotated, Any, Union, get_args, get_origin


def members(hint: Any) -> tuple[Any, ...]:
    """The types of a union, without what is annotated to the whole; of any other type, itself."""
    union = bare(hint)
    return get_args(union) if get_origin(union) in (Union, types.UnionType) else (hint,)


def bare(hint: Any) -> Any:
    """The type without what is annotated to it."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def annotations(hint: Any) -> tuple[Any, ...]:
    """What is annotated to the type."""
    return get_args(hint)[1:] if get_origin(hint) is Annotated else ()
