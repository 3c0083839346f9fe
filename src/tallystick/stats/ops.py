"""The one verb of statistics."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from tallystick.core.account import Account
from tallystick.core.states import InvoiceState
from tallystick.stats import rules, store
from tallystick.stats.types import Stats, StatsFilter
from tallystick.store import seals
from tallystick.store.db import Tx


class InCurrency(Protocol):
    """What is of one currency."""

    @property
    def currency(self) -> str:
        """The code of ISO 4217."""


T = TypeVar("T", bound=InCurrency)


def compute(tx: Tx, account: Account, wanted: StatsFilter) -> Stats:
    """The statistics of the bills that ``wanted`` selects, as of today in the account's time zone.

    Every currency in which there is anything is named, and the wanted one or else the account's own in any case.
    Raises ValidationFailed where a sum needs more than 64 bits.
    """
    today = account.today(tx.now)
    invoiced = store.invoices_by_month(tx, account, wanted, today)
    still_open = store.open_invoices(tx, account, wanted, today)
    credited = store.credit_notes_by_month(tx, account, wanted, today)
    received = store.received(tx, account, wanted, today)
    customer_credit = store.customer_credit(tx, account, wanted)
    schedules = store.active_schedules(tx, account, wanted, today)
    issued = [each for each in invoiced if each.state is InvoiceState.ISSUED]
    months = rules.months_to(wanted.to_date or today)
    found: tuple[Sequence[InCurrency], ...] = (invoiced, credited, received, customer_credit, schedules)
    currencies = sorted({row.currency for rows in found for row in rows} | {wanted.currency or account.currency})
    return Stats(
        as_of=today,
        customers=store.count_customers(tx, account),
        quotations=rules.by_quotation_status(store.count_quotations(tx, account, wanted, today)),
        invoices=rules.by_status(invoiced, still_open),
        amounts={
            code: rules.amounts(
                _in(code, issued),
                _in(code, still_open),
                _in(code, credited),
                received=_in(code, received),
                customer_credit=_in(code, customer_credit),
            )
            for code in currencies
        },
        aging={code: rules.aging(_in(code, still_open)) for code in currencies},
        revenue={code: rules.revenue(_in(code, issued), _in(code, credited), months) for code in currencies},
        active_schedules=sum(each.counted for each in schedules),
        seal_head=newest.hash if (newest := seals.head(tx, account)) else None,
        monthly_revenue={code: rules.monthly_revenue(_in(code, schedules)) for code in currencies},
    )


def _in(currency: str, rows: Sequence[T]) -> list[T]:
    return [row for row in rows if row.currency == currency]
