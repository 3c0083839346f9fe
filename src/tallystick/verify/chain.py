"""The chain of seals: none is missing, each is linked to the one before, and the heads that were kept are in it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from tallystick.core.account import Account
from tallystick.store import counters
from tallystick.store.db import Tx
from tallystick.store.seals import BEFORE_THE_FIRST, SEQUENCE, Form, Seal, link
from tallystick.store.tables import seals, sequences
from tallystick.verify.types import Check, Difference

CHAIN: Select[Any] = (
    select(*(seals.c[name] for name in Seal._fields), seals.c.hash)
    .where(seals.c.account_id == bindparam("account"))
    .order_by(seals.c.position)
)
KEPT: Select[Any] = select(seals.c.position).where(
    seals.c.account_id == bindparam("account"), seals.c.hash == bindparam("head")
)
UNKEYED: Select[Any] = select(func.coalesce(func.max(seals.c.position), 0)).where(
    seals.c.account_id == bindparam("account"), seals.c.form != Form.KEYED.value
)
SHOWN_OF_HASH = 12
NO_KEY = "is made with a SEAL_KEY, as are those after it, and none is set to check them: set that of the server"


def run(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
    """Walks the account's chain from its first seal to its last."""
    previous, position, is_keyed = BEFORE_THE_FIRST, 0, False
    for seal, stored in tx.stream(CHAIN, _stored, account=account.id):
        position += 1
        if seal.position != position:
            yield Difference(seals.name, _places(position, seal.position - 1), "missing from the chain")
            position = seal.position
        else:
            yield from _linked(tx, previous, seal, stored)
        yield from _keyed(tx, seal, is_after_keyed=is_keyed)
        is_keyed = is_keyed or seal.form is Form.KEYED
        # What is stored, even if it is wrong: so that one altered seal breaks the chain in one place.
        previous = stored
        advance(1)
    counted = counters.peek(tx, account, SEQUENCE, "") - 1
    if counted != position:
        finding = f"value is {counted}, should be {position}, the last seal's place: seals were cut off or added"
        yield Difference(sequences.name, SEQUENCE, finding)


def _stored(*columns: Any) -> tuple[Seal, bytes]:
    return Seal.stored(*columns[:-1]), columns[-1]


CHECK = Check("the chain of seals", seals, run)


def lost_heads(tx: Tx, accounts: Sequence[Account], heads: Sequence[bytes]) -> Iterator[Difference]:
    """Those of the kept heads (hashes of seals) that are in no chain of these accounts any more."""
    for head in heads:
        if not any(tx.row(KEPT, int, account=account.id, head=head) for account in accounts):
            finding = "is in no chain: seals were cut off, or made anew, since this head was kept"
            yield Difference(seals.name, f"head {head.hex()}", finding)


def notes(tx: Tx, account: Account) -> Iterator[str]:
    """What is no difference, and yet to be known: seals that are made without the key, where there is one."""
    unkeyed = tx.one(UNKEYED, int, account=account.id) if tx.seal_key else None
    if unkeyed:
        yield f"account {account.id}: the seals to {unkeyed} are made without SEAL_KEY; only a kept head protects them"


def _linked(tx: Tx, previous: bytes, seal: Seal, stored: bytes) -> Iterator[Difference]:
    if seal.form is Form.KEYED and tx.seal_key is None:
        return
    expected = link(previous, seal, tx.seal_key)
    if expected != stored:
        shown, should = stored.hex()[:SHOWN_OF_HASH], expected.hex()[:SHOWN_OF_HASH]
        finding = f"hash is {shown}…, should be {should}…, on {seal.kind} {seal.subject_id}"
        yield Difference(seals.name, str(seal.position), finding)


def _keyed(tx: Tx, seal: Seal, *, is_after_keyed: bool) -> Iterator[Difference]:
    if tx.seal_key is None and seal.form is Form.KEYED and not is_after_keyed:
        yield Difference(seals.name, str(seal.position), NO_KEY)
    if tx.seal_key and seal.form is not Form.KEYED and is_after_keyed:
        yield Difference(seals.name, str(seal.position), "is made without the SEAL_KEY, and one before it with it")


def _places(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"
