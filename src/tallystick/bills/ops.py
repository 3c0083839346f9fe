"""What quotations and invoices do alike."""

from typing import Any

from tallystick.bills import rules, store
from tallystick.bills.types import BillRow, LineRow
from tallystick.core.account import Account
from tallystick.store.db import Tx


def readied(
    tx: Tx, account: Account, own: store.Lines, row: BillRow, lines: list[LineRow]
) -> tuple[dict[str, Any], list[LineRow]]:
    """The lines with which a draft can be issued, and what changes in its row for them: mostly nothing.

    Its exempt lines take the reasons that their taxes have by now, and what an older version made follows the rules of
    today. Raises ValidationFailed for what EN 16931 refuses, Conflict where the total would no longer be what it was.
    """
    changes: dict[str, Any] = {}
    stored = rules.stored_bill(row, lines)
    if rules.is_outdated(stored):
        bill = rules.renewed(stored, store.taxes_of(tx, account, lines))
        if bill != stored:
            totals = rules.renewed_totals(bill, row)
            changes = store.bill_values(bill, totals)
            lines = own.replace(tx, account, row.id, bill, totals)
    rules.check_issuable(lines)
    return changes, lines
