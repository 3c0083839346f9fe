"""The decisions of recurring billing."""

from collections.abc import Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from msgspec import UNSET, structs

from tallystick.bills import rules as bills
from tallystick.bills.types import Item, NewBill
from tallystick.core.account import Account
from tallystick.core.errors import Conflict, DomainError, ValidationFailed
from tallystick.core.periods import due_date, first_on_or_after, occurrence
from tallystick.core.totals import Totals
from tallystick.invoices.many import Content, Period, Wanted
from tallystick.recurring.types import (
    Catalogue,
    Due,
    Failure,
    Plan,
    Schedule,
    ScheduleChange,
    ScheduleRow,
    StoredItem,
    Terms,
)

MAX_AHEAD_DAYS = 366
"""How far after today a run may bill: a slip of the year must not bill a customer's whole life."""

A_DAY = timedelta(days=1)
ENDED = "This schedule has ended. Give it a later end_date or more max_occurrences first."


def check_terms(terms: Terms) -> None:
    """Raises ValidationFailed for terms that contradict each other."""
    errors: bills.Errors = {}
    if terms.end_date is not None and terms.end_date < terms.start_date:
        errors["end_date"] = ["Must not be before the start_date."]
    if terms.auto_send and not terms.auto_issue:
        errors["auto_send"] = ["Needs auto_issue: a draft is not sent."]
    if terms.tax_id is not None and terms.tax_rate is not None:
        errors["tax_rate"] = ["Give a tax_id or a tax_rate, not both."]
    if errors:
        raise ValidationFailed(errors)


def check_as_of(as_of: date, today: date) -> None:
    """Raises ValidationFailed for a day too far ahead. To bill ahead is fine: invoices have their periods' dates."""
    if as_of > today + timedelta(days=MAX_AHEAD_DAYS):
        raise ValidationFailed({"as_of": [f"Must be at most {MAX_AHEAD_DAYS} days after today."]})


def next_date(terms: Terms, bills_from: date, occurrences: int) -> date | None:
    """The start of the first period from ``bills_from`` on; None where the schedule has ended before it."""
    index = first_on_or_after(terms.start_date, terms.frequency, terms.interval, bills_from)
    start = occurrence(terms.start_date, terms.frequency, terms.interval, index)
    return None if _is_over(terms, start, occurrences) else start


def _is_over(terms: Terms, start: date, occurrences: int) -> bool:
    """Whether a period that starts then, after so many others, comes too late to be billed."""
    is_enough = terms.max_occurrences is not None and occurrences >= terms.max_occurrences
    return is_enough or (terms.end_date is not None and start > terms.end_date)


def due(schedule: Schedule, as_of: date, limit: int) -> Due:
    """The periods that start up to ``as_of``, oldest first, at most ``limit``; and what comes next."""
    anchor, frequency, interval = schedule.start_date, schedule.frequency, schedule.interval
    index = first_on_or_after(anchor, frequency, interval, schedule.bills_from)
    periods: list[Period] = []
    start = schedule.next_date
    while start is not None and start <= as_of and len(periods) < limit:
        index += 1
        following = occurrence(anchor, frequency, interval, index)
        periods.append(Period(start, schedule.id, following - A_DAY))
        is_over = _is_over(schedule, following, schedule.occurrences + len(periods))
        start = None if is_over else following
    return Due(periods, start)


def content(schedule: Schedule, items: tuple[Item, ...]) -> NewBill:
    """What the schedule bills each period, as it was asked for."""
    return NewBill(
        customer_id=schedule.customer_id,
        items=items,
        currency=schedule.currency,
        discount=bills.stored_discount(schedule.discount_type, schedule.discount_value),
        prices_include_tax=schedule.prices_include_tax,
        notes=schedule.notes,
        payment_terms=schedule.payment_terms,
        template_id=schedule.template_id,
    )


def taxed(content: NewBill, terms: Terms) -> NewBill:
    """The bill to make, where the items that name no tax of their own have the schedule's."""
    if terms.tax_id is None and terms.tax_rate is None:
        return content
    return structs.replace(content, items=tuple(_taxed(item, terms) for item in content.items))


def _taxed(item: Item, terms: Terms) -> Item:
    if _names_tax(item):
        return item
    return structs.replace(item, tax_id=terms.tax_id, tax_rate=terms.tax_rate)


def _names_tax(item: Item) -> bool:
    return item.tax_id is not None or item.tax_rate is not None


def asked(errors: bills.Errors, items: Sequence[Item]) -> bills.Errors:
    """Errors of a bill by the fields that asked for it: an item's tax may be the schedule's, its price the amount."""
    named: bills.Errors = {}
    for field, sentences in errors.items():
        _, index, name = field.split(".") if field.count(".") == 2 else ("", "0", "")
        is_own = name in ("tax_id", "tax_rate") and not _names_tax(items[int(index)])
        is_amount = name in ("unit_price", "description") and is_one_amount(items)
        named[_asked_as(name) if is_own or is_amount else field] = sentences
    return named


def _asked_as(field: str) -> str:
    """The field of a schedule that stands for one of its item's."""
    return "amount" if field == "unit_price" else field


def changed_content(recurring_content: NewBill, change: ScheduleChange) -> NewBill:
    """The content after a change. Raises ValidationFailed for a discount that lacks its type or its value."""
    errors: bills.Errors = {}
    of_content = change.content
    names = ("customer_id", "currency", "prices_include_tax", "notes", "payment_terms", "template_id", "items")
    named = {name: value for name in names if (value := getattr(of_content, name)) is not UNSET}
    discount = bills.changed_discount(recurring_content.discount, of_content, errors)
    items = _with_amount(named.pop("items", recurring_content.items), change.amount, errors)
    if errors:
        raise ValidationFailed(errors)
    return structs.replace(recurring_content, **named, discount=discount, items=items)


def _with_amount(items: tuple[Item, ...], amount: dict[str, Any], errors: bills.Errors) -> tuple[Item, ...]:
    if not amount:
        return items
    if not is_one_amount(items):
        errors |= {_asked_as(field): ["This schedule bills items: change those."] for field in amount}
        return items
    return (structs.replace(items[0], **amount),)


def is_one_amount(items: Sequence[Item]) -> bool:
    """Whether the items are what an amount with a description makes."""
    plain = Item(description=items[0].description, unit_price=items[0].unit_price)
    return len(items) == 1 and items[0] == plain


def moved(schedule: ScheduleRow, terms: Terms) -> dict[str, Any]:
    """The columns of progress after a change of terms: what is billed stays billed, and no day is billed twice."""
    never_billed = schedule.occurrences == 0 and terms.start_date != schedule.start_date
    bills_from = terms.start_date if never_billed else schedule.bills_from
    following = next_date(terms, bills_from, schedule.occurrences)
    active = schedule.active and following is not None
    return {"bills_from": bills_from, "active": active, "next_date": following if active else None}


SWITCHED_OFF: dict[str, Any] = {"active": False, "next_date": None}


def switched_on(schedule: Schedule, today: date, *, catches_up: bool) -> dict[str, Any]:
    """The columns of a schedule that bills again: from the next period on, or also those that it missed.

    Raises Conflict where the schedule has ended.
    """
    bills_from = schedule.bills_from if catches_up else max(schedule.bills_from, today)
    following = next_date(schedule, bills_from, schedule.occurrences)
    if following is None:
        raise Conflict(ENDED)
    return {"active": True, "bills_from": bills_from, "next_date": following}


# What the content of a bill is computed from, beside its items and the catalogue.
SAID = attrgetter(
    *("currency", "discount_type", "discount_value", "prices_include_tax", "tax_id", "tax_rate"),
    *("notes", "payment_terms", "template_id"),
)


def plan(schedule: Schedule, catalogue: Catalogue, account: Account, as_of: date, limit: int) -> Plan:
    """What to bill. Raises DomainError where the schedule's content makes no bill any more, or none to issue."""
    is_due = due(schedule, as_of, limit)
    computed = _computed(schedule, catalogue, account)
    if schedule.auto_issue:
        bills.check_issuable(computed.lines)
    return Plan(
        schedule=schedule,
        due=is_due,
        is_whole=is_due.next_date is None or is_due.next_date > as_of,
        unbilled=[period for period in is_due.periods if (schedule.id, period.start) not in catalogue.billed],
        content=computed,
        customer=catalogue.customers[schedule.customer_id],
        due_days=account.payment_terms_days if schedule.due_days is None else schedule.due_days,
    )


def _computed(schedule: Schedule, catalogue: Catalogue, account: Account) -> Content:
    lines = catalogue.lines[schedule.id]
    said = (lines, SAID(schedule))
    computed = catalogue.contents.get(said)
    if computed is None:
        new = taxed(content(schedule, tuple(map(item, lines))), schedule)
        bill, totals = bills.bill_in(schedule.currency, new, catalogue.found, account, {})
        computed = catalogue.contents[said] = Content.of(new, bill, totals)
    return computed


def item(stored: StoredItem) -> Item:
    """The item that is stored as these columns."""
    product_id, description, quantity, unit, unit_price, discount_type, discount_value, tax_id, tax_rate = stored
    return Item(
        product_id=product_id,
        description=description,
        quantity=quantity,
        unit_price=unit_price,
        unit=unit,
        discount=bills.stored_discount(discount_type, discount_value),
        tax_id=tax_id,
        tax_rate=tax_rate,
    )


def wanted(plan: Plan) -> list[Wanted]:
    """The invoices that a plan asks for, one a period, dated and due by that period."""
    return [
        Wanted(
            content=plan.content,
            customer=plan.customer,
            period=period,
            due_date=due_date(period.start, plan.due_days),
            issues=plan.schedule.auto_issue,
        )
        for period in plan.unbilled
    ]


def advanced(plan: Plan) -> dict[str, Any]:
    """The columns of a schedule's progress once its plan, which has a period, is carried out."""
    last = plan.due.periods[-1]
    return {
        "active": plan.due.next_date is not None,
        "bills_from": last.end + A_DAY,
        "next_date": plan.due.next_date,
        "last_billed_date": last.start,
        "occurrences": plan.schedule.occurrences + len(plan.due.periods),
        "error": None,
        **{name: plan.content.columns[name] for name in SUMS},
    }


def sums(totals: Totals) -> dict[str, int]:
    """The columns that say what a period comes to."""
    return {name: getattr(totals, name) for name in SUMS}


SUMS = ("subtotal", "discount", "tax", "total")


def failure(schedule: Schedule, error: DomainError) -> Failure:
    """Why a schedule could not be billed, in a sentence that names every field that is wrong."""
    return Failure(schedule.id, error.code, error.reason)
