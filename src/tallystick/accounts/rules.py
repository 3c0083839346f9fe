"""The decisions of accounts."""

from collections.abc import Iterable, Mapping, Sequence

from tallystick.accounts.types import ApiKey
from tallystick.core.errors import ValidationFailed
from tallystick.core.numbering import Pattern, could_meet


def changed_patterns(before: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """The patterns of all kinds of bill after a change of some.

    Raises ValidationFailed where a pattern that changes could give a number that another kind's could give too.
    """
    after = {**before, **changes}
    parsed = {kind: Pattern.parse(text) for kind, text in after.items()}
    errors = {
        f"number_patterns.{kind}": [
            f"Could give a number that the pattern of {_named(other)}, {after[other]}, gives too."
        ]
        for kind in after
        for other in after
        if kind != other and after[kind] != before.get(kind) and could_meet(parsed[kind], parsed[other])
    }
    if errors:
        raise ValidationFailed(errors)
    return after


def is_indispensable(key_id: int, admin_keys: Sequence[ApiKey]) -> bool:
    """Whether without this key none of the admin keys that work would do so for ever."""
    return any(key.id == key_id for key in admin_keys) and not any_lasts(key for key in admin_keys if key.id != key_id)


def any_lasts(keys: Iterable[ApiKey]) -> bool:
    """Whether one of these keys never expires."""
    return any(key.expires_at is None for key in keys)


def _named(kind: str) -> str:
    return f"{kind.replace('_', ' ')}s"
