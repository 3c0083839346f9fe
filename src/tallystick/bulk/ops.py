"""One verb on many invoices; each stands alone.

What is decided by rules alone is done in blocks (ADR 55): a block is read, decided one by one, and written at once.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy.exc import IntegrityError

from tallystick.bills import verbs
from tallystick.bills.verbs import Basis
from tallystick.core.account import Account
from tallystick.core.errors import DomainError
from tallystick.delivery import ops as delivery
from tallystick.invoices import ops as invoices
from tallystick.invoices import store as invoice_store
from tallystick.invoices.types import Invoice
from tallystick.payments import ops as payments
from tallystick.payments.types import NewPayment
from tallystick.store import rows, tables
from tallystick.store.db import TryAgain, Tx

T = TypeVar("T")

BLOCK = 250
"""Invoices that are read and written at once, and one by one where the database refuses one of them."""

Verb = Callable[[Tx, Account, int], Any]


class BatchAction(StrEnum):
    """What can be done to many invoices."""

    DELETE = "delete"
    MARK_PAID = "mark-paid"
    MARK_SENT = "mark-sent"
    PUBLISH = "publish"
    SEND = "send"
    VOID = "void"
    DUPLICATE = "duplicate"


class TrashAction(StrEnum):
    """What can be done to many invoices in the trash."""

    RESTORE = "restore"
    PERMANENT_DELETE = "permanent-delete"


class BulkFailure(NamedTuple):
    """Why a verb was refused for one invoice."""

    id: int
    error: DomainError


class BlockVerb(NamedTuple, Generic[T]):
    """A verb in two: what it makes of an invoice, and how that is written of many."""

    decide: Callable[[Basis, Invoice], T]
    write: Callable[[Tx, Account, Sequence[T]], object]


VERBS: Mapping[StrEnum, Verb] = {
    BatchAction.DELETE: invoices.delete,
    BatchAction.MARK_PAID: lambda tx, account, invoice_id: payments.mark_paid(tx, account, invoice_id, NewPayment()),
    BatchAction.MARK_SENT: invoices.mark_sent,
    BatchAction.PUBLISH: invoices.publish,
    BatchAction.SEND: delivery.send_invoice,
    BatchAction.VOID: invoices.void,
    BatchAction.DUPLICATE: invoices.duplicate,
    TrashAction.RESTORE: invoices.restore,
    TrashAction.PERMANENT_DELETE: invoices.purge,
}
IN_BLOCKS: Mapping[BatchAction | TrashAction, BlockVerb[Any]] = {
    BatchAction.MARK_PAID: BlockVerb(
        lambda basis, invoice: payments.marking_paid(basis, invoice, NewPayment()), payments.pay_all
    ),
    BatchAction.MARK_SENT: BlockVerb(invoices.marking_sent, invoices.write_all),
    BatchAction.PUBLISH: BlockVerb(invoices.publishing, invoices.write_all),
    BatchAction.VOID: BlockVerb(invoices.voiding, invoices.write_all),
}


def run(tx: Tx, account: Account, action: BatchAction | TrashAction, ids: Sequence[int]) -> list[BulkFailure]:
    """Does ``action`` to each invoice and answers those that refused it; a refusal undoes that invoice's part alone."""
    if action not in IN_BLOCKS:
        return one_by_one(tx, account, VERBS[action], ids)
    failures = []
    for start in range(0, len(ids), BLOCK):
        some = ids[start : start + BLOCK]
        try:
            with tx.savepoint():
                refused = _block(tx, account, IN_BLOCKS[action], some)
        except (DomainError, IntegrityError, TryAgain):
            # It may be the end of the savepoint that raises.
            refused = one_by_one(tx, account, VERBS[action], some)
        failures += refused
    return failures


def _block(tx: Tx, account: Account, verb: BlockVerb[Any], ids: Sequence[int]) -> list[BulkFailure]:
    """Does a verb to a block. Raises where the database refuses one of it, as it does by a number that is in use."""
    found = invoice_store.all_locked(tx, account, ids)
    basis = verbs.basis(tx, account, found.values())
    decided, failures = [], []
    for invoice_id in ids:
        try:
            decided.append(verb.decide(basis, _known(found, invoice_id)))
        except DomainError as error:
            failures.append(BulkFailure(invoice_id, error))
    verb.write(tx, account, decided)
    return failures


def _known(found: Mapping[int, Invoice], invoice_id: int) -> Invoice:
    if invoice_id not in found:
        raise rows.not_found(tables.invoices)
    return found[invoice_id]


def one_by_one(tx: Tx, account: Account, verb: Verb, ids: Sequence[int]) -> list[BulkFailure]:
    """As ``run``, each invoice with statements of its own."""
    failures = []
    for invoice_id in ids:
        try:
            with tx.savepoint():
                verb(tx, account, invoice_id)
        except DomainError as error:
            failures.append(BulkFailure(invoice_id, error))
    return failures
