"""The decisions of recurring billing."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import UNSET, structs

from tallystick.bills import header
from tallystick.bills import rules as bills
from tallystick.bills.sums import Sums
from tallystick.bills.types import Item, NewBill
from tallystick.core.account import Account
from tallystick.core.errors import Conflict, DomainError, EmailNotConfigured, FieldErrors, ValidationFailed
from tallystick.core.money import digits, to_minor
from tallystick.core.periods import Frequency, due_date, first_on_or_after, occurrence, on_day_of_month
from tallystick.invoices.many import InvoiceContent, InvoiceToMake, Period
from tallystick.recurring.types import (
    BillingSchedule,
    BillingTerms,
    Consent,
    DayRange,
    Due,
    InvoiceUsage,
    PlannedInvoices,
    ProgressChange,
    RunReferences,
    ScheduleChange,
    ScheduleFailure,
    ScheduleRow,
    StoredItem,
)
from tallystick.usage.billing import Billed, UsageToBill
from tallystick.usage.charging import BilledDays, UsageLine
from tallystick.usage.instants import midnight_us

MAX_AHEAD_DAYS = 366
"""How far after today a run may bill: a slip of the year must not bill a customer's whole life."""

MOST_UNASKED = 12
"""So many periods of a new schedule may be due already; more look like a slip of the year, and wait for consent."""

A_DAY = timedelta(days=1)
ENDED = "This schedule has ended. Give it a later end_date or more max_occurrences first."
LEFT_OUT = (
    "This start_date leaves days that nothing would bill: {days}. "
    'Give the start_date {first}, where the billed days end, or say "skip_unbilled": true.'
)
CANNOT_SEND = (
    "This server has no SMTP settings, so auto_send cannot be on. "
    "Leave it false, and send the invoices yourself. Nothing was changed."
)


class Rhythm(NamedTuple):
    """Every ``interval`` times ``frequency`` from an anchor on; in months, on this day of the month where it has it."""

    anchor: date
    frequency: Frequency
    interval: int
    day_of_month: int

    def start(self, index: int) -> date:
        """The first day of a period, the 0th of which is the anchor."""
        return occurrence(self.anchor, self.frequency, self.interval, index, day_of_month=self.day_of_month)

    def index_from(self, day: date) -> int:
        """The index of the first period that does not start before ``day``."""
        return first_on_or_after(self.anchor, self.frequency, self.interval, day, day_of_month=self.day_of_month)

    def first(self, day: date) -> date:
        """The start of the first period that does not start before ``day``."""
        return self.start(self.index_from(day))


def rhythm(terms: BillingTerms, anchor_date: date | None) -> Rhythm:
    """The periods of a schedule. An anchor at the end of a short month keeps the start date's day for longer ones."""
    anchor, day_of_month = anchor_date or terms.start_date, terms.start_date.day
    if anchor != on_day_of_month(anchor, day_of_month):
        day_of_month = anchor.day
    return Rhythm(anchor, terms.frequency, terms.interval, day_of_month)


def term_errors(terms: BillingTerms) -> FieldErrors:
    """What is wrong with terms that contradict each other, by field."""
    errors: FieldErrors = {}
    if terms.end_date is not None and terms.end_date < terms.start_date:
        errors["end_date"] = ["Must not be before the start_date."]
    if terms.auto_send and not terms.auto_issue:
        errors["auto_send"] = ["Needs auto_issue: a draft is not sent."]
    if terms.tax_id is not None and terms.tax_rate is not None:
        errors["tax_rate"] = ["Give a tax_id or a tax_rate, not both."]
    return errors


def amount_errors(amount: Decimal | None, currency: str) -> FieldErrors:
    """What is wrong with an amount (major units), if one was given: it has no more digits than its currency."""
    if amount is None:
        return {}
    try:
        to_minor(amount, digits(currency))
    except ValueError as error:
        return {"amount": [str(error)]}
    return {}


def check_sending(errors_by_request_field: dict[str, Any]) -> None:
    """Raises EmailNotConfigured where invoices are to be sent: there is no way yet to set up SMTP."""
    if errors_by_request_field.get("auto_send"):
        raise EmailNotConfigured(CANNOT_SEND)


def check_as_of(as_of: date, today: date) -> None:
    """Raises ValidationFailed for a day too far ahead. To bill ahead is fine: invoices have their periods' dates."""
    if as_of > today + timedelta(days=MAX_AHEAD_DAYS):
        raise ValidationFailed({"as_of": [f"Must be at most {MAX_AHEAD_DAYS} days after today."]})


def next_date(terms: BillingTerms, bills_from: date, occurrences: int, anchor_date: date | None = None) -> date | None:
    """The start of the first period from ``bills_from`` on; None where the schedule has ended before it."""
    start = rhythm(terms, anchor_date).first(bills_from)
    return None if _is_over(terms, start, occurrences) else start


def _is_over(terms: BillingTerms, start: date, occurrences: int) -> bool:
    """Whether a period that starts then, after so many others, comes too late to be billed."""
    is_enough = terms.max_occurrences is not None and occurrences >= terms.max_occurrences
    return is_enough or (terms.end_date is not None and start > terms.end_date)


def due(schedule: BillingSchedule, as_of: date, limit: int) -> Due:
    """The periods that start up to ``as_of``, oldest first, at most ``limit``; and what comes next."""
    every = rhythm(schedule, schedule.anchor_date)
    index = every.index_from(schedule.bills_from)
    periods: list[Period] = []
    start = schedule.next_date
    while start is not None and start <= as_of and len(periods) < limit:
        index += 1
        following = every.start(index)
        periods.append(Period(start, schedule.id, following - A_DAY))
        is_over = _is_over(schedule, following, schedule.occurrences + len(periods))
        start = None if is_over else following
    return Due(periods, start)


def count_due(schedule: BillingSchedule, as_of: date) -> int:
    """How many periods start up to ``as_of`` and are not billed: as many as ``due`` answers without a limit."""
    return _count(schedule, schedule.anchor_date, schedule.next_date, schedule.occurrences, as_of)


def _count(terms: BillingTerms, anchor_date: date | None, first: date | None, occurrences: int, as_of: date) -> int:
    last = as_of if terms.end_date is None else min(as_of, terms.end_date)
    if first is None or first > last:
        return 0
    every = rhythm(terms, anchor_date)
    first_progress = every.index_from(last + A_DAY) - every.index_from(first)
    return first_progress if terms.max_occurrences is None else min(first_progress, terms.max_occurrences - occurrences)


def count_unbilled(schedule: BillingSchedule, references: RunReferences, as_of: date) -> int:
    """How many invoices a run makes for a schedule: one for each period that is due and has none."""
    every = rhythm(schedule, schedule.anchor_date)
    due_from = schedule.next_date or date.max
    billed = references.billed.get(schedule.id, frozenset())
    return count_due(schedule, as_of) - sum(
        due_from <= start <= as_of and every.first(start) == start for start in billed
    )


def content(schedule: BillingSchedule, items: tuple[Item, ...]) -> NewBill:
    """What the schedule bills each period, as it was asked for."""
    return NewBill(
        customer_id=schedule.customer_id,
        items=items,
        currency=schedule.currency,
        discount=bills.stored_discount(schedule.discount_type, schedule.discount_value),
        prices_include_tax=schedule.prices_include_tax,
        header=schedule.header,
        labels=schedule.labels,
    )


def with_default_tax(content: NewBill, terms: BillingTerms) -> NewBill:
    """The bill to make, where the items that name no tax of their own have the schedule's."""
    if terms.tax_id is None and terms.tax_rate is None:
        return content
    return structs.replace(content, items=tuple(_taxed(item, terms) for item in content.items))


def _taxed(item: Item, terms: BillingTerms) -> Item:
    if _names_tax(item):
        return item
    return structs.replace(item, tax_id=terms.tax_id, tax_rate=terms.tax_rate)


def _names_tax(item: Item) -> bool:
    return item.tax_id is not None or item.tax_rate is not None


def errors_by_request_field(errors: FieldErrors, items: Sequence[Item]) -> FieldErrors:
    """Errors of a bill by the fields that asked for it: an item's tax may be the schedule's, its price the amount."""
    named: FieldErrors = {}
    for field, sentences in errors.items():
        _, index, name = field.split(".") if field.count(".") == 2 else ("", "0", "")
        is_own = name in ("tax_id", "tax_rate") and not _names_tax(items[int(index)])
        is_amount = name in ("unit_price", "description") and is_one_amount(items)
        named[_asked_as(name) if is_own or is_amount else field] = sentences
    return named


def _asked_as(field: str) -> str:
    """The field of a schedule that stands for one of its item's."""
    return "amount" if field == "unit_price" else field


def changed_content(recurring_content: NewBill, change: ScheduleChange, errors: FieldErrors) -> NewBill:
    """The content after a change; what is wrong with the change is added to ``errors``."""
    of_content = change.content
    names = ("customer_id", "currency", "prices_include_tax", "items")
    named = {name: value for name in names if (value := getattr(of_content, name)) is not UNSET}
    discount = bills.changed_discount(recurring_content.discount, of_content, errors)
    items = _with_amount(named.pop("items", recurring_content.items), change.amount, errors)
    changed = header.changed(recurring_content.header, of_content.header)
    labels = recurring_content.labels.changed(of_content.labels)
    return structs.replace(recurring_content, **named, header=changed, labels=labels, discount=discount, items=items)


def _with_amount(items: tuple[Item, ...], amount: dict[str, Any], errors: FieldErrors) -> tuple[Item, ...]:
    if not amount:
        return items
    if not is_one_amount(items):
        errors.update({_asked_as(field): ["This schedule bills items: change those."] for field in amount})
        return items
    return (structs.replace(items[0], **amount),)


def is_one_amount(items: Sequence[Item]) -> bool:
    """Whether the items are what an amount with a description makes."""
    plain = Item(description=items[0].description, unit_price=items[0].unit_price)
    return len(items) == 1 and items[0] == plain


def first_progress(terms: BillingTerms, today: date, consent: Consent) -> dict[str, Any]:
    """The columns of progress of a new schedule."""
    following = next_date(terms, terms.start_date, 0)
    return {
        "active": following is not None,
        "bills_from": terms.start_date,
        "next_date": following,
        "waits": _is_a_slip(terms, None, following, today, consent),
        "usage_from": terms.start_date if terms.meters else None,
    }


def _is_a_slip(
    terms: BillingTerms, anchor_date: date | None, first: date | None, today: date, consent: Consent
) -> bool:
    """Whether so much of a schedule that has billed nothing is due that somebody must say that it is meant."""
    return not consent.catch_up and _count(terms, anchor_date, first, 0, today) > MOST_UNASKED


def progress_after_change(schedule: ScheduleRow, terms: BillingTerms, today: date, consent: Consent) -> ProgressChange:
    """What a change of terms makes of the progress: what is billed stays billed, and no day is billed twice.

    Raises Conflict where a new start date leaves days unbilled, unless that is wanted.
    """
    anchor_date, bills_from = _placed(schedule, terms)
    following = next_date(terms, bills_from, schedule.occurrences, anchor_date)
    active = schedule.active and following is not None
    is_new = schedule.occurrences == 0
    may_wait = schedule.waits or (is_new and _periods(terms) != _periods(schedule))
    has_nothing_due = is_new and (schedule.waits or schedule.start_date >= today)
    unbilled = None if has_nothing_due else _left_out(schedule, terms, rhythm(terms, anchor_date).first(bills_from))
    if unbilled and not consent.skip_unbilled:
        raise Conflict(LEFT_OUT.format(days=unbilled, first=unbilled.first))
    columns = {
        "anchor_date": anchor_date,
        "bills_from": bills_from,
        "active": active,
        "next_date": following if active else None,
        "waits": active and may_wait and _is_a_slip(terms, anchor_date, following, today, consent),
        **_usage_after_change(schedule, terms, today),
    }
    if schedule.active and not active and columns["usage_from"] is not None:
        columns["closes_on"] = _continues(schedule)
    return ProgressChange(columns, unbilled)


def _usage_after_change(schedule: ScheduleRow, terms: BillingTerms, today: date) -> dict[str, Any]:
    """From when on usage is billed after a change: where it was, or from today on where it was not."""
    if not terms.meters:
        return {"usage_from": None, "closes_on": None, "usage_closed": False}
    if schedule.usage_from is None:
        return {"usage_from": max(terms.start_date, today)}
    return {"usage_from": schedule.usage_from if schedule.occurrences else terms.start_date}


def _periods(terms: BillingTerms) -> tuple[Frequency, int, date]:
    """What tells where the periods of a schedule that has billed nothing lie."""
    return terms.frequency, terms.interval, terms.start_date


def _placed(schedule: ScheduleRow, terms: BillingTerms) -> tuple[date | None, date]:
    """From when on the periods are counted, and from when on they are billed.

    A new start date is a new anchor, before which a schedule that has billed nothing bills nothing. A new rhythm begins
    where the billed days end.
    """
    if terms.start_date != schedule.start_date:
        return None, schedule.bills_from if schedule.occurrences else terms.start_date
    if (terms.frequency, terms.interval) != (schedule.frequency, schedule.interval):
        return _continues(schedule), schedule.bills_from
    return schedule.anchor_date, schedule.bills_from


def _continues(schedule: BillingSchedule) -> date:
    """Where a schedule goes on, if it does: the first day that is neither billed nor left out on purpose."""
    return rhythm(schedule, schedule.anchor_date).first(schedule.bills_from)


def _left_out(schedule: ScheduleRow, terms: BillingTerms, first: date) -> DayRange | None:
    """The days that the schedule would have billed, and that lie before the first one after a change."""
    before = _continues(schedule)
    has_ended = any(_is_over(each, before, schedule.occurrences) for each in (schedule, terms))
    return None if has_ended else _days(before, first)


def _days(first: date, following: date) -> DayRange | None:
    return DayRange(first, following - A_DAY) if first < following else None


SWITCHED_OFF: dict[str, Any] = {"active": False, "next_date": None, "waits": False}


def toggled(schedule: ScheduleRow, today: date, *, catches_up: bool) -> ProgressChange:
    """What switching a schedule off, or on again, makes of its progress; see ``switched_on``.

    One that waits to catch up and is told to does so, instead of being switched off.
    """
    if schedule.waits and catches_up:
        return ProgressChange({"waits": False}, None)
    if schedule.active:
        return ProgressChange({**SWITCHED_OFF, "closes_on": _closes_on(schedule, today)}, None)
    columns = switched_on(schedule, today, catches_up=catches_up)
    unbilled = _days(_continues(schedule), columns["next_date"])
    return ProgressChange({**columns, **_usage_switched_on(schedule, today)}, unbilled)


def _closes_on(schedule: ScheduleRow, today: date) -> date | None:
    """The day after a schedule is switched off, if usage is left to be billed then."""
    is_left = schedule.usage_from is not None and schedule.usage_from <= today
    return today + A_DAY if is_left else None


def switched_on(schedule: BillingSchedule, today: date, *, catches_up: bool) -> dict[str, Any]:
    """The columns of a schedule that bills again: from the next period on, or also those that it missed.

    Raises Conflict where the schedule has ended.
    """
    bills_from = schedule.bills_from if catches_up else max(schedule.bills_from, today)
    following = next_date(schedule, bills_from, schedule.occurrences, schedule.anchor_date)
    if following is None:
        raise Conflict(ENDED)
    return {"active": True, "bills_from": bills_from, "next_date": following, "waits": False}


def _usage_switched_on(schedule: BillingSchedule, today: date) -> dict[str, Any]:
    """From when on usage is billed again: what was used meanwhile is billed to nobody, unless all waits to be."""
    is_closed = schedule.usage_closed or schedule.closes_on is None
    usage_from = max(schedule.usage_from, today) if is_closed and schedule.usage_from else schedule.usage_from
    return {"closes_on": None, "usage_closed": False, "usage_from": usage_from}


# What the content of a bill is computed from, beside its items and the catalogue.
CONTENT_KEY = attrgetter(
    *("currency", "discount_type", "discount_value", "prices_include_tax", "tax_id", "tax_rate"),
    "header",
)


def plan(
    schedule: BillingSchedule, references: RunReferences, account: Account, as_of: date, limit: int
) -> PlannedInvoices:
    """What to bill. Raises DomainError where the schedule's content makes no bill any more, or none to issue."""
    is_due = due(schedule, as_of, limit)
    billed = references.billed.get(schedule.id, frozenset())
    computed = _computed(schedule, references, account)
    if schedule.auto_issue:
        bills.check_issuable(computed.bill.lines)
    return PlannedInvoices(
        schedule=schedule,
        due=is_due,
        is_whole=is_due.next_date is None or is_due.next_date > as_of,
        unbilled=[period for period in is_due.periods if period.start not in billed],
        content=computed,
        customer=references.customers[schedule.customer_id],
        due_days=account.payment_terms_days if schedule.due_days is None else schedule.due_days,
    )


def _computed(schedule: BillingSchedule, references: RunReferences, account: Account) -> InvoiceContent:
    lines = references.lines[schedule.id]
    said = (lines, CONTENT_KEY(schedule))
    computed = references.contents.get(said)
    if computed is None:
        new = with_default_tax(content(schedule, tuple(map(item, lines))), schedule)
        bill, totals = bills.bill_in(schedule.currency, new, references.found, account, {})
        computed = references.contents[said] = InvoiceContent.of(new, bill, totals)
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


def days_to_bill(plan: PlannedInvoices, timezone: str) -> dict[date, BilledDays]:
    """The days whose usage an invoice bills, by the first day of its period: those since the invoice before it."""
    return days_before(plan.schedule.usage_from, [period.start for period in plan.unbilled], timezone)


def days_before(begins: date | None, starts: Iterable[date], timezone: str) -> dict[date, BilledDays]:
    """The days from each of these starts until the next one, by that."""
    found: dict[date, BilledDays] = {}
    for start in starts if begins is not None else ():
        if begins is not None and begins < start:
            found[start] = billed_days(begins, start, timezone)
            begins = start
    return found


def billed_days(first: date, following: date, timezone: str) -> BilledDays:
    """The days from the first until before another."""
    return BilledDays(first, following - A_DAY, midnight_us(first, timezone), midnight_us(following, timezone))


def usage_to_bill(plan: PlannedInvoices, references: RunReferences, account: Account) -> UsageToBill:
    """What is to be billed of the usage of a schedule that has meters."""
    return usage_of(plan.schedule, tuple(days_to_bill(plan, account.timezone).values()), references)


def usage_of(schedule: BillingSchedule, days: tuple[BilledDays, ...], references: RunReferences) -> UsageToBill:
    """What is to be billed of a schedule's usage: of these days, and what came late."""
    return UsageToBill(
        customer_id=schedule.customer_id,
        currency=schedule.currency,
        meters=tuple(schedule.meters or ()),
        minimum=schedule.usage_minimum,
        days=days,
        earlier=references.usage_billed.get(schedule.id, ()),
        after_seq=schedule.usage_seq,
        recurring_id=schedule.id,
    )


def with_usage(
    plan: PlannedInvoices, billed: Billed | Conflict, references: RunReferences, account: Account
) -> PlannedInvoices:
    """A plan whose invoices bill their usage too. Raises DomainError where that cannot be billed.

    What came late waits for a later invoice, where it takes back more than there is to bill.
    """
    if isinstance(billed, Conflict):
        raise billed
    try:
        return _with_lines(plan, billed, references, account)
    except DomainError:
        if not takes_back(billed):
            raise
        return _with_lines(plan, billed._replace(late=[]), references, account)._replace(late_waits=True)


def takes_back(billed: Billed) -> bool:
    """Whether what came late makes less of what was billed."""
    return sum(line.amount for line in billed.late) < 0


def _with_lines(plan: PlannedInvoices, billed: Billed, references: RunReferences, account: Account) -> PlannedInvoices:
    days = days_to_bill(plan, account.timezone)
    usage: dict[date, InvoiceUsage] = {}
    for (start, of_days), lines in zip(days.items(), billed.lines, strict=True):
        usage[start] = InvoiceUsage(lines if usage else [*lines, *billed.late], of_days)
    own = references.lines[plan.schedule.id]
    contents = {
        start: content_with(plan.schedule, own, each.lines, references, account)
        for start, each in usage.items()
        if each.lines
    }
    return plan._replace(usage=usage, usage_seq=billed.to_seq if usage else None, contents=contents)


def content_with(
    schedule: BillingSchedule,
    own: Sequence[StoredItem],
    lines: Sequence[UsageLine],
    references: RunReferences,
    account: Account,
) -> InvoiceContent:
    """What an invoice says that bills these items of a schedule, and these lines of usage."""
    items = (*map(item, own), *map(usage_item, lines))
    new = with_default_tax(content(schedule, items), schedule)
    bill, totals = bills.bill_in(schedule.currency, new, references.found, account, {})
    made = InvoiceContent.of(new, bill, totals)
    if schedule.auto_issue:
        bills.check_issuable(bill.lines)
    return made


def usage_item(line: UsageLine) -> Item:
    """A line of usage as a bill is asked for it."""
    return Item(
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        tax_id=line.tax_id,
    )


def invoices_to_make(plan: PlannedInvoices) -> list[InvoiceToMake]:
    """The invoices that a plan asks for, one a period, dated and due by that period."""
    labels = plan.schedule.labels.of_copy()
    return [
        InvoiceToMake(
            content=plan.contents.get(period.start, plan.content),
            customer=plan.customer,
            period=period,
            due_date=due_date(period.start, plan.due_days),
            issues=plan.schedule.auto_issue,
            sends=plan.schedule.auto_send,
            labels=labels,
        )
        for period in plan.unbilled
    ]


def progress_after_run(plan: PlannedInvoices) -> dict[str, Any]:
    """The columns of a schedule's progress once its plan, which has a period, is carried out."""
    last = plan.due.periods[-1]
    return {
        "active": plan.due.next_date is not None,
        "bills_from": last.end + A_DAY,
        "next_date": plan.due.next_date,
        "last_billed_date": last.start,
        "occurrences": plan.schedule.occurrences + len(plan.due.periods),
        "waits": False,
        "error": None,
        "sums": Sums.of(plan.content.totals),
        **_usage_after_run(plan, last.end + A_DAY),
    }


def _usage_after_run(plan: PlannedInvoices, following: date) -> dict[str, Any]:
    """Up to where usage is billed, and when the rest is, if no other invoice will bill it."""
    schedule, has_ended = plan.schedule, plan.due.next_date is None
    billed_up_to = max(plan.usage, default=schedule.usage_from)
    return {
        "usage_from": billed_up_to,
        "usage_seq": schedule.usage_seq if plan.usage_seq is None or plan.late_waits else plan.usage_seq,
        "closes_on": following if has_ended and billed_up_to is not None else None,
    }


def days_to_close(schedule: BillingSchedule, timezone: str) -> BilledDays | None:
    """The days whose usage is billed alone on ``closes_on``; None where only what came late is."""
    if schedule.usage_closed or schedule.usage_from is None or schedule.closes_on is None:
        return None
    return billed_days(schedule.usage_from, schedule.closes_on, timezone)


def usage_closed(schedule: BillingSchedule, to_seq: int, today: date) -> dict[str, Any]:
    """The columns of a schedule whose usage is billed up to a seq; what comes later is when it would bill again."""
    closed_on = schedule.closes_on or today
    return {
        "usage_from": schedule.usage_from if schedule.usage_closed else schedule.closes_on,
        "usage_seq": to_seq,
        "closes_on": rhythm(schedule, schedule.anchor_date).first(max(closed_on, today) + A_DAY),
        "usage_closed": True,
        "error": None,
    }


def failure(schedule: BillingSchedule, error: DomainError) -> ScheduleFailure:
    """Why a schedule could not be billed, in a sentence that names every field that is wrong."""
    return ScheduleFailure(schedule.id, error.code, error.reason)
