"""What somebody may have meant by a word that is none of those they could have said."""

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 60


def did_you_mean(word: object, names: Iterable[str]) -> str:
    """The question to ask after a sentence that refuses the word, where one of the names is near it; else nothing."""
    if not isinstance(word, str) or len(word) > LONGEST:
        return ""
    spelt = {name.lower(): name for name in names}
    near = get_close_matches(word.lower(), spelt, n=1)
    return f" Did you mean {spelt[near[0]]}?" if near else ""
