"""What the first versions wrote, for tests of what becomes of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

import pytest

from tallystick.bills import rules as bill_rules
from tallystick.core.bill import Bill, Calculation
from tallystick.core.money import MAX_STORED_MINOR, RoundingMode, round_ratio
from tallystick.core.totals import compute
from tallystick.credit_notes import ops, rules
from tallystick.credit_notes.types import NOTHING_CREDITED, CreditedSoFar, CreditLine, Part
from tallystick.invoices.types import InvoiceRow


@contextmanager
def first_versions() -> Iterator[None]:
    """While it lasts, bills and credit notes are computed and issued as the first versions did."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bill_rules, "Bill", partial(Bill, calculation=Calculation.ORIGINAL))
        patch.setattr(bill_rules, "is_outdated", lambda _bill: False)
        patch.setattr(bill_rules, "renewed", lambda bill, _taxes=None: bill)
        patch.setattr(bill_rules, "check_issuable", lambda _lines: None)
        patch.setattr(rules, "with_tax", _by_shares)
        patch.setattr(ops, "Calculation", SimpleNamespace(EN16931=Calculation.ORIGINAL))
        yield


@contextmanager
def larger_amounts() -> Iterator[None]:
    """While it lasts, a bill may come to as much as the first versions took."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compute, "__defaults__", (MAX_STORED_MINOR,))
        yield


def _by_shares(
    row: InvoiceRow, _lines: Sequence[object], parts: Sequence[Part], earlier: Mapping[int, CreditedSoFar]
) -> list[CreditLine]:
    """A share of each line's tax, without a look at the others."""
    mode = RoundingMode(row.rounding_mode)
    lines = []
    for part in parts:
        rest = part.line.tax - earlier.get(part.line.id, NOTHING_CREDITED).tax
        share = round_ratio(part.line.tax * part.amount, part.line.amount, mode) if part.amount else 0
        is_last = part.quantity == part.line.quantity - earlier.get(part.line.id, NOTHING_CREDITED).quantity
        lines.append(CreditLine(*part, tax=rest if is_last else min(share, rest)))
    return lines
