"""What statistics are made of. Amounts are in minor units, and every sum is exact."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction

from tallystick.core.money import RoundingMode, round_ratio
from tallystick.core.periods import occurrences_per_year
from tallystick.core.states import InvoiceState, InvoiceStatus, QuotationStatus
from tallystick.stats.types import Age, Amounts, CreditedInMonth, Invoiced, Month, Open, Scheduled, Sum

MONTHS_SHOWN = 12
MONTHS_PER_YEAR = 12
UNLESS_OPEN = {
    InvoiceState.DRAFT: InvoiceStatus.DRAFT,
    InvoiceState.ISSUED: InvoiceStatus.PAID,
    InvoiceState.VOIDED: InvoiceStatus.VOIDED,
}


def by_quotation_status(counted: Mapping[QuotationStatus, int]) -> dict[QuotationStatus, int]:
    """How many quotations show each status, those that none shows included."""
    return {status: counted.get(status, 0) for status in QuotationStatus}


def by_status(invoiced: Iterable[Invoiced], still_open: Iterable[Open]) -> dict[InvoiceStatus, int]:
    """How many invoices show each status (``core.states.invoice_status``)."""
    counts = Counter[InvoiceStatus]()
    for each in invoiced:
        counts[UNLESS_OPEN[each.state]] += each.counted
    for owed in still_open:
        counts[InvoiceStatus.PAID] -= owed.counted
        if owed.age is Age.CURRENT:
            counts[InvoiceStatus.PARTIALLY_PAID] += owed.partially_paid
            counts[InvoiceStatus.SENT] += owed.counted - owed.partially_paid
        else:
            counts[InvoiceStatus.OVERDUE] += owed.counted
    return {status: counts[status] for status in InvoiceStatus}


def amounts(
    issued: Sequence[Invoiced],
    still_open: Sequence[Open],
    credited: Iterable[CreditedInMonth],
    *,
    received: Iterable[Sum],
    customer_credit: Iterable[Sum],
) -> Amounts:
    """What the issued invoices, the credit notes, the payments and the customers' credit of one currency come to.

    What is neither paid nor outstanding is credited: that is so of each invoice, by a constraint of the database.
    """
    invoiced, paid = sum(each.total for each in issued), sum(each.paid for each in issued)
    outstanding = sum(owed.balance for owed in still_open)
    overdue = sum(owed.balance for owed in still_open if owed.age is not Age.CURRENT)
    return Amounts(
        invoiced=invoiced,
        paid=paid,
        credited=invoiced - paid - outstanding,
        outstanding=outstanding,
        overdue=overdue,
        received=sum(each.amount for each in received),
        credit_notes=sum(each.total for each in credited),
        customer_credit=sum(each.amount for each in customer_credit),
    )


def aging(still_open: Iterable[Open]) -> dict[Age, int]:
    """What is owed in one currency, by how long it is overdue."""
    balances = Counter[Age]()
    for owed in still_open:
        balances[owed.age] += owed.balance
    return {age: balances[age] for age in Age}


def months_to(last: date) -> list[Month]:
    """The twelve months that end with the one of ``last``, oldest first."""
    newest = MONTHS_PER_YEAR * last.year + last.month - 1
    counted = (divmod(month, MONTHS_PER_YEAR) for month in range(newest - MONTHS_SHOWN + 1, newest + 1))
    return [Month(year, month0 + 1) for year, month0 in counted]


def revenue(
    issued: Iterable[Invoiced], credited: Iterable[CreditedInMonth], months: Iterable[Month]
) -> dict[Month, int]:
    """What was earned in one currency in each month: invoices less credit notes, both without tax."""
    earned = Counter[Month]()
    for invoice in issued:
        earned[invoice.month] += invoice.total - invoice.tax
    for credit_note in credited:
        earned[credit_note.month] -= credit_note.total - credit_note.tax
    return {month: earned[month] for month in months}


def monthly_revenue(schedules: Iterable[Scheduled]) -> int:
    """What the running schedules of one currency come to in a month, a twelfth of a year; rounded once, half up."""
    per_year = sum((each.net * occurrences_per_year(each.frequency, each.interval) for each in schedules), Fraction())
    return round_ratio(per_year.numerator, per_year.denominator * MONTHS_PER_YEAR, RoundingMode.HALF_UP)
