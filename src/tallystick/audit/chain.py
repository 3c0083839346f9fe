"""The chain of seals: none is missing, and each is linked to the one before."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Select, bindparam, select

from tallystick.audit.types import Check, Difference
from tallystick.core.account import Account
from tallystick.store import counters
from tallystick.store.db import Tx
from tallystick.store.seals import BEFORE_THE_FIRST, SEQUENCE, Sealed, link
from tallystick.store.tables import seals, sequences

CHAIN: Select[Any] = (
    select(seals.c.position, seals.c.kind, seals.c.bill_id, seals.c.content_hash, seals.c.hash)
    .where(seals.c.account_id == bindparam("account"))
    .order_by(seals.c.position)
    .execution_options(yield_per=1_000)
)
SHOWN_OF_HASH = 12


def run(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
    """Walks the account's chain from its first seal to its last."""
    previous, position = BEFORE_THE_FIRST, 0
    for seal in tx.execute(CHAIN, {"account": account.id}):
        position += 1
        if seal.position != position:
            yield Difference(seals.name, _places(position, seal.position - 1), "missing from the chain")
            position = seal.position
        elif link(previous, Sealed(seal.kind, seal.bill_id, seal.content_hash)) != seal.hash:
            yield Difference(seals.name, str(position), _broken(previous, seal))
        # What is stored, even if it is wrong: so that one altered seal breaks the chain in one place.
        previous = seal.hash
        advance(1)
    counted = counters.peek(tx, account, SEQUENCE, "") - 1
    if counted != position:
        finding = f"value is {counted}, should be {position}, the last seal's place: seals were cut off or added"
        yield Difference(sequences.name, SEQUENCE, finding)


CHECK = Check("the chain of seals", seals, run)


def _places(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _broken(previous: bytes, seal: Any) -> str:
    due = link(previous, Sealed(seal.kind, seal.bill_id, seal.content_hash)).hex()
    subject = f"{seal.kind} {seal.bill_id}"
    return f"hash is {seal.hash.hex()[:SHOWN_OF_HASH]}…, should be {due[:SHOWN_OF_HASH]}…, on {subject}"
