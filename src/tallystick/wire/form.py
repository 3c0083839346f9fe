"""Forms (application/x-www-form-urlencoded): from text to nested values, as JSON would hold them.

``a[b]=1`` is a field of a field, ``a[0][b]=1`` a field of the first item of a list, ``a[]=1`` one more item.
"""

import re
from typing import Any
from urllib.parse import parse_qsl

from tallystick.core.errors import Malformed, ValidationFailed

MEDIA_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 20_000
MAX_DEPTH = 8
MAX_INDEX_DIGITS = 6

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")

Tree = dict[str, Any]


def read(raw: bytes) -> dict[str, Any]:
    """The values of a form: texts, lists and fields of fields.

    Raises Malformed for what is no form in UTF-8, has over MAX_FIELDS fields or a name over MAX_DEPTH parts deep, and
    for a list with a gap; ValidationFailed for a field that is given more than once.
    """
    root: Tree = {}
    for name, value in _pairs(raw):
        _put(root, name, value)
    return {key: _settled(value, key) for key, value in root.items()}


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError:
        raise Malformed("The body is not a form in UTF-8.") from None
    except ValueError:
        raise Malformed(f"The body has more than {MAX_FIELDS} fields.") from None


def _put(root: Tree, name: str, value: str) -> None:
    *branches, last = _parts(name)
    tree = root
    for part in branches:
        below = tree.setdefault(_key(tree, part), {})
        if not isinstance(below, dict):
            raise ValidationFailed({name: ["Is both a value and a field with fields."]})
        tree = below
    key = _key(tree, last)
    if key in tree:
        raise ValidationFailed({name: ["Is given more than once."]})
    tree[key] = value


def _parts(name: str) -> list[str]:
    found = _NAME.fullmatch(name)
    if found is None:
        raise Malformed(f"The body has a field whose name cannot be read: {name[:100]!r}.")
    parts = [found[1], *_PART.findall(found[2])]
    if len(parts) > MAX_DEPTH:
        raise Malformed(f"The body is nested more than {MAX_DEPTH} levels deep.")
    return parts


def _key(tree: Tree, part: str) -> str:
    """The key of a part; an empty one is the next index."""
    return part or str(len(tree))


def _settled(value: Any, path: str) -> Any:
    """The value, with lists for what has indices."""
    if not isinstance(value, dict):
        return value
    if not all(_is_index(key) for key in value):
        return {key: _settled(below, f"{path}[{key}]") for key, below in value.items()}
    items = {int(key): below for key, below in value.items()}
    if sorted(items) != list(range(len(value))):
        raise Malformed(f"The list {path[:100]} must have each index from 0 on, once.")
    return [_settled(items[index], f"{path}[{index}]") for index in range(len(items))]


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) <= MAX_INDEX_DIGITS
