"""What invoices bill for usage is what its events are, as long as they are not forgotten."""

from collections.abc import Callable, Iterator

from tallystick.core.account import Account
from tallystick.store.db import Tx
from tallystick.store.tables import usage_lines
from tallystick.usage import explaining, forgetting
from tallystick.verify.types import Check, Difference


def _check(tx: Tx, account: Account, advance: Callable[[int], None]) -> Iterator[Difference]:
    with tx.usage() as events:
        forgotten = forgetting.forgotten(events, account)
        for line in explaining.every_line(tx, account):
            advance(1)
            if not forgetting.is_known(forgotten, line.end_us):
                continue
            found = sum(1 for _ in explaining.events_of(events, account, line))
            if found != line.events:
                finding = f"bills {line.events} events of invoice {line.invoice_id}, of which {found} are there"
                yield Difference(usage_lines.name, str(line.id), finding)


CHECK = Check("usage: the events that invoices bill", usage_lines, _check)
