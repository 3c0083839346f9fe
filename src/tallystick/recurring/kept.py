"""What a run keeps beside its invoices: why a schedule could not be billed, and what of its usage was."""

from collections.abc import Sequence
from typing import NamedTuple

from tallystick.core.account import Account
from tallystick.core.events import Event
from tallystick.core.facts import ScheduleFailed
from tallystick.recurring import store
from tallystick.recurring.types import BillingSchedule, InvoiceUsage, ScheduleFailure
from tallystick.store import outbox
from tallystick.store.db import Tx
from tallystick.store.outbox import NewEvent
from tallystick.usage import lines
from tallystick.usage.lines import Owner


class BilledUsage(NamedTuple):
    """What of a schedule's usage is billed, of the events up to ``to_seq``: by an invoice, if it came to one.

    Its lines are the invoice's from ``position`` on. What came late is not among it where ``late_waits``.
    """

    schedule: BillingSchedule
    usage: InvoiceUsage
    to_seq: int
    position: int
    invoice_id: int | None = None
    late_waits: bool = False


def usage(tx: Tx, account: Account, billed: Sequence[BilledUsage]) -> None:
    """Keeps which days are billed, and the lines that bill them."""
    days = [(each.schedule.id, each.usage.days, each.to_seq) for each in billed if each.usage.days]
    store.keep_usage(tx, account, days)
    owned = [(_owner(each, each.invoice_id), each.usage.lines) for each in billed if each.invoice_id is not None]
    lines.keep(tx, account, owned)


def _owner(billed: BilledUsage, invoice_id: int) -> Owner:
    schedule = billed.schedule
    return Owner(invoice_id, billed.position, schedule.id, schedule.customer_id, schedule.currency)


def failures(tx: Tx, account: Account, found: Sequence[tuple[BillingSchedule, ScheduleFailure]]) -> None:
    """Keeps with each schedule why it failed, and tells of it once: not again each time that it is tried."""
    new = [failure for schedule, failure in found if schedule.error != {"code": failure.code, "reason": failure.reason}]
    store.set_errors(tx, account, new)
    told = [
        NewEvent(Event.RECURRING_FAILED, each.id, ScheduleFailed(code=each.code, reason=each.reason)) for each in new
    ]
    outbox.add_all(tx, account, told)
