"""One verb on many invoices; each stands alone."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from tallystick.core.account import Account
from tallystick.core.errors import DomainError
from tallystick.delivery import ops as delivery
from tallystick.invoices import ops as invoices
from tallystick.payments import ops as payments
from tallystick.payments.types import NewPayment
from tallystick.store.db import Tx

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


def run(tx: Tx, account: Account, action: BatchAction | TrashAction, ids: Sequence[int]) -> list[BulkFailure]:
    """Does ``action`` to each invoice and answers those that refused it; a refusal undoes that invoice's part alone."""
    verb = VERBS[action]
    failures = []
    for invoice_id in ids:
        try:
            with tx.savepoint():
                verb(tx, account, invoice_id)
        except DomainError as error:
            failures.append(BulkFailure(invoice_id, error))
    return failures
