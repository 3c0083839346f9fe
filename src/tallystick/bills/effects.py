"""What is written beside a bill that a verb changes."""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from tallystick.core.account import Account
from tallystick.store import journal, outbox
from tallystick.store.db import Tx
from tallystick.store.journal import JournalEntry
from tallystick.store.outbox import NewEvent


class Effects(NamedTuple):
    """The events of a change, and what it means for the books; in their order."""

    events: Sequence[NewEvent] = ()
    entries: Sequence[JournalEntry] = ()

    def then(self, other: "Effects") -> "Effects":
        """These, and then others."""
        return Effects([*self.events, *other.events], [*self.entries, *other.entries])


NO_EFFECTS = Effects()


def write_all(tx: Tx, account: Account, many: Sequence[Effects]) -> None:
    """Writes the effects of many changes, in order."""
    journal.post_all(tx, account, _in_order(effects.entries for effects in many))
    outbox.add_all(tx, account, list(_in_order(effects.events for effects in many)))


_in_order = chain.from_iterable
