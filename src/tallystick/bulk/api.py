"""The native wire of bulk work."""

from typing import Annotated

import msgspec

from tallystick.bulk import ops
from tallystick.bulk.ops import BatchAction, TrashAction
from tallystick.wire.call import Body, Call
from tallystick.wire.scalars import Id

MAX_IDS = 1000
Ids = Annotated[list[Id], msgspec.Meta(min_length=1, max_length=MAX_IDS)]


class BatchBody(Body, kw_only=True):
    """An action, and the invoices to do it to."""

    action: BatchAction
    ids: Ids


class TrashBatchBody(Body, kw_only=True):
    """An action, and the invoices in the trash to do it to."""

    action: TrashAction
    ids: Ids


class BatchError(msgspec.Struct, frozen=True):
    """Why one invoice refused the action."""

    id: int
    code: str
    reason: str


class BatchJson(msgspec.Struct, frozen=True):
    """How many invoices took the action, and what each of the others said."""

    succeeded: int
    failed: int
    errors: list[BatchError]


def batch(call: Call, body: BatchBody) -> BatchJson:
    """Do one thing to many invoices; each stands alone."""
    return _run(call, body.action, body.ids)


def trash_batch(call: Call, body: TrashBatchBody) -> BatchJson:
    """Restore many invoices from the trash, or delete them for ever."""
    return _run(call, body.action, body.ids)


def _run(call: Call, action: BatchAction | TrashAction, ids: list[Id]) -> BatchJson:
    failures = ops.run(call.tx, call.account, action, list(dict.fromkeys(ids)))
    errors = [BatchError(id, error.code, error.reason) for id, error in failures]
    return BatchJson(succeeded=len(set(ids)) - len(errors), failed=len(errors), errors=errors)
