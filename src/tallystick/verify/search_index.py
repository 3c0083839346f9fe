"""The index of searches, held against the texts that it should have."""

from collections import Counter
from collections.abc import Iterator

from tallystick.store import search_index
from tallystick.store.db import Tx
from tallystick.verify.types import Difference

HOW_TO_MEND = f"The statement DROP TRIGGER {search_index.CHANGED} lets the worker make the index anew."


def differences(tx: Tx) -> Iterator[Difference]:
    """What is wrong with the index, which is one for all accounts: how many texts it has with some letters."""
    if not search_index.is_kept(tx):
        return
    expected = Counter[str]()
    for text in search_index.indexed_texts(tx):
        expected.update(search_index.grams_of(text))
    found = dict(search_index.terms(tx))
    wrong = sorted(gram for gram in expected.keys() | found.keys() if expected[gram] != found.get(gram, 0))
    if wrong:
        seen = f"has {found.get(wrong[0], 0)} texts with {wrong[0]!r}, should have {expected[wrong[0]]}"
        yield Difference(search_index.INDEX, "of all accounts", f"{seen}. {HOW_TO_MEND}")
