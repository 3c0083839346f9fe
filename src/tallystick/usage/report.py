"""The report: what was used and what it costs, in rows by whatever it is grouped by."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select

from tallystick.core.account import Account
from tallystick.core.errors import ValidationFailed
from tallystick.core.money import digits, round_ratio
from tallystick.store import garbage
from tallystick.store.db import Tx
from tallystick.store.tables import customers
from tallystick.store.usage_file import EXACT
from tallystick.store.usage_tables import NOBODY
from tallystick.usage.amounts import COST_DIGITS
from tallystick.usage.measuring import A_DAY, Measuring, Wanted, month_after
from tallystick.usage.pricing import Pricing, Used

MOST_ROWS = 100_000
CUSTOMERS_AT_ONCE = 500

# Every customer of the account.
CUSTOMERS: Select[tuple[int]] = (
    select(customers.c.id).where(customers.c.account_id == bindparam("account")).order_by(customers.c.id)
)


class Row(NamedTuple):
    """What was used, in parts of 10**-12, and its exact cost, in parts of 10**-26, for a combination of dimensions."""

    key: tuple[Any, ...]
    quantity: int
    cost: int


class Report(NamedTuple):
    """The rows in the order of their keys, the sum of their costs, rounded once, and how many events no rate fits.

    Of the days up to ``forgotten_until`` it has what was kept of the months; None where the events of all are there.
    """

    rows: list[Row]
    total: Decimal
    unrated: int
    forgotten_until: date | None


def everybody(tx: Tx, account: Account) -> list[int]:
    """All whose usage there may be: the account's customers, and nobody."""
    return [NOBODY, *tx.rows(CUSTOMERS, int, account=account.id)]


def report(tx: Tx, account: Account, wanted: Wanted) -> Report:
    """The report; ``tx`` is one of ``Database.usage``. Raises ValidationFailed where it has too many rows."""
    measuring = Measuring(tx, account)
    pricing = Pricing(measuring.rates, account.currency)
    folded: dict[tuple[Any, ...], list[int]] = {}
    total, unrated = CostSum(), 0
    for some in _parts_of(wanted):
        with garbage.uncollected():
            for used, cost in _priced(measuring, pricing, some):
                if cost is None:
                    unrated += used.events
                sums = folded.setdefault(used.key, [0, 0])
                sums[0] += used.quantity
                sums[1] += cost or 0
        check_length(len(folded), "group_by")
    for _, cost in folded.values():
        total.add(cost)
    return Report(_in_order(folded), total.rounded(account), unrated, _forgotten_until(measuring, wanted))


def _forgotten_until(measuring: Measuring, wanted: Wanted) -> date | None:
    found = measuring.forgotten
    return min(found.day - A_DAY, wanted.last) if found is not None and wanted.first < found.day else None


def _in_order(folded: Mapping[tuple[Any, ...], Sequence[int]]) -> list[Row]:
    try:
        keys = sorted(folded)
    except TypeError:
        # Some have no value of a dimension.
        keys = sorted(folded, key=place)
    return [Row(key, *folded[key]) for key in keys]


def add_months(
    measuring: Measuring, pricing: Pricing, wanted: Wanted, meters: Collection[str | None] | None = None
) -> None:
    """Adds the whole months of what is wanted, however it is filtered; of these meters alone, where there are any."""
    whole = wanted._replace(
        first=wanted.first.replace(day=1), last=month_after(wanted.last) - A_DAY, filters={}, group=()
    )
    for used in measuring.used(whole._replace(meter=None), meters):
        pricing.add(used)


class CostSum:
    """An exact sum of costs."""

    def __init__(self) -> None:
        self._exact = 0

    def add(self, cost: int) -> None:
        """Takes in one more, in parts of 10**-26."""
        self._exact += cost

    def rounded(self, account: Account) -> Decimal:
        """The sum in major units, rounded once, as the account does."""
        places = digits(account.currency)
        minor = round_ratio(self._exact, 10 ** (COST_DIGITS - places), account.rounding_mode)
        return Decimal(minor).scaleb(-places, EXACT)


def _parts_of(wanted: Wanted) -> Iterator[Wanted]:
    """What is wanted, of some customers at a time, so that many cost no more memory than their rows."""
    waiting = iter(wanted.customers)
    while some := list(islice(waiting, CUSTOMERS_AT_ONCE)):
        yield wanted._replace(customers=some)


def _priced(measuring: Measuring, pricing: Pricing, wanted: Wanted) -> Iterator[tuple[Used, int | None]]:
    of_months: list[Used] = []
    for used in measuring.used(wanted):
        if pricing.is_of_month(used):
            of_months.append(used)
        else:
            yield used, pricing.cost(used)
    if of_months:
        add_months(measuring, pricing, wanted, {used.part.meter for used in of_months})
        # The last digits of a share hang on the order, which is not the database's.
        of_months.sort(key=str)
    for used in of_months:
        yield used, pricing.cost(used)


def place(key: tuple[Any, ...]) -> Any:
    """Where a row stands: what has no value of a dimension comes first."""
    return [(value is not None, value) for value in key]


def check_length(rows: int, field: str) -> None:
    """Raises ValidationFailed where a report has too many rows."""
    if rows > MOST_ROWS:
        raise ValidationFailed({field: [f"Makes over {MOST_ROWS:,} rows. Ask for fewer days, or by a filter."]})
