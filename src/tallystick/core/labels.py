"""Labels: what a client of the API keeps with a thing for itself, and no rule reads.

``external_id`` is the client's own id of the thing, ``metadata`` are pairs of texts. They are neither sealed nor
public.
"""

from collections.abc import Mapping

from tallystick.core.errors import ValidationFailed

MAX_EXTERNAL_ID_LENGTH = 255
MAX_PAIRS = 50
MAX_KEY_LENGTH = 40
MAX_VALUE_LENGTH = 500

Metadata = dict[str, str]


def merged(kept: Mapping[str, str], change: Mapping[str, str | None] | None) -> Metadata:
    """The pairs after a change: it adds and replaces what it names, and removes where it names None; None removes all.

    Raises ValidationFailed where more than ``MAX_PAIRS`` would be kept.
    """
    if change is None:
        return {}
    pairs = {key: value for key, value in {**kept, **change}.items() if value is not None}
    if len(pairs) > MAX_PAIRS:
        sentence = f"Must not come to more than {MAX_PAIRS} pairs, and would to {len(pairs)}: remove some with null."
        raise ValidationFailed({"metadata": [sentence]})
    return pairs
