"""The native wire of recurring billing."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.bills import header
from tallystick.bills.api import ContentChange, content_change, discount_errors, items_from, new_content
from tallystick.bills.header import Header
from tallystick.bills.types import Item
from tallystick.core.account import Account
from tallystick.core.errors import FieldErrors, ValidationFailed
from tallystick.core.labels import Metadata
from tallystick.core.money import digits
from tallystick.core.periods import Frequency
from tallystick.core.states import RunStatus
from tallystick.invoices.many import InvoiceToMake
from tallystick.recurring import billing, ops, rules, store
from tallystick.recurring.types import (
    BillingTerms,
    ChangedSchedule,
    Consent,
    Outcome,
    Run,
    RunRequest,
    Schedule,
    ScheduleChange,
    ScheduleFailure,
    ScheduleFilter,
    ScheduleRow,
)
from tallystick.wire import render
from tallystick.wire.call import Body, Call, Deleted
from tallystick.wire.lists import ListQuery, among, listed, page_request
from tallystick.wire.reply import Accepted, Listed, Reply
from tallystick.wire.scalars import Day, ExternalId, Id, LongText, MeterKey, NotNegative, Percent, ShortText

MAX_INTERVAL = 1000
MAX_OCCURRENCES = 1_000_000
MAX_DUE_DAYS = 3650
MAX_IDS = 1000
MAX_METERS = 100

Interval = Annotated[int, msgspec.Meta(ge=1, le=MAX_INTERVAL)]
Occurrences = Annotated[int, msgspec.Meta(ge=1, le=MAX_OCCURRENCES)]
DueDays = Annotated[int, msgspec.Meta(ge=0, le=MAX_DUE_DAYS)]
Meters = Annotated[list[MeterKey], msgspec.Meta(max_length=MAX_METERS)]
Ids = Annotated[list[Id], msgspec.Meta(min_length=1, max_length=MAX_IDS)]


class RecurringBody(ContentChange, kw_only=True):
    """A schedule, as far as it is to change.

    It bills either ``items``, or one ``amount`` (major units) with its ``description``. What an item leaves out comes
    from its product each time that it is billed. ``tax_id`` or ``tax_rate`` is for what names no tax of its own.
    ``meters`` are those whose usage since the invoice before it each invoice bills too, and ``usage_minimum`` the least
    that it bills for usage. ``catch_up``: that more than 12 periods are due already is meant, and the worker may bill
    them.
    """

    frequency: Frequency | UnsetType = UNSET
    interval: Interval | UnsetType = UNSET
    amount: NotNegative | UnsetType = UNSET
    description: LongText | UnsetType = UNSET
    tax_id: Id | None | UnsetType = UNSET
    tax_rate: Percent | None | UnsetType = UNSET
    start_date: Day | UnsetType = UNSET
    end_date: Day | None | UnsetType = UNSET
    max_occurrences: Occurrences | None | UnsetType = UNSET
    due_days: DueDays | None | UnsetType = UNSET
    auto_issue: bool | UnsetType = UNSET
    auto_send: bool | UnsetType = UNSET
    meters: Meters | None | UnsetType = UNSET
    usage_minimum: NotNegative | None | UnsetType = UNSET
    catch_up: bool = False

    def check(self) -> FieldErrors:
        """What single fields cannot tell."""
        errors = super().check()
        if self.items is not UNSET and self.amount is not UNSET:
            errors["amount"] = ["Give an amount or items, not both."]
        if self.items is not UNSET and self.description is not UNSET:
            errors["description"] = ["Is for an amount; each of the items has its own."]
        return errors


class ChangedRecurringBody(RecurringBody, kw_only=True):
    """A change of a schedule. ``skip_unbilled``: a new ``start_date`` may leave days that are never billed."""

    skip_unbilled: bool = False


class NewRecurringBody(RecurringBody, kw_only=True):
    """A new schedule: a customer, a frequency, and what to bill. ``start_date`` is today unless given."""

    customer_id: Id
    frequency: Frequency

    def check(self) -> FieldErrors:
        """What single fields cannot tell; a change is checked against the schedule that it changes."""
        errors = super().check() | discount_errors(self.discount_type, self.discount_value, "")
        if self.items is UNSET and self.amount is UNSET:
            errors["amount"] = ["Is required, with a description, unless there are items."]
        if self.items is UNSET and not self.description:
            errors["description"] = ["Is required with an amount."]
        return errors


class RecurringQuery(ListQuery, frozen=True, kw_only=True):
    """``active_only=true`` leaves out the schedules that are switched off or have ended."""

    sort: Annotated[ShortText, among(store.SORTS)] | None = None
    customer_id: Id | None = None
    external_id: ExternalId | None = None
    active_only: bool = False


class ToggleBody(Body, kw_only=True):
    """``catch_up``: whether a schedule that is switched on, or waits, also bills the periods that are due already."""

    catch_up: bool = False


class ProcessBody(Body, kw_only=True):
    """``as_of``: today by default. ``ids``: only these schedules. ``dry_run``: show what would be billed."""

    as_of: Day | None = None
    ids: Ids | None = None
    dry_run: bool = False


class RecurringItemJson(msgspec.Struct, frozen=True):
    """An item as it was asked for; null comes from the catalogue of the day."""

    product_id: int | None
    description: str | None
    quantity: Decimal
    unit: str | None
    unit_price: Decimal | None
    discount_type: str | None
    discount_value: Decimal | None
    tax_id: int | None
    tax_rate: Decimal | None


class BillingError(msgspec.Struct, frozen=True):
    """Why a schedule could not be billed."""

    code: str
    reason: str


class RecurringJson(Header, frozen=True):
    """A schedule. ``amount`` (before discount and tax) and ``total`` are what a period came to when last computed.

    Periods are counted from ``anchor_date``: the start date, until the rhythm changes after something was billed.
    ``waits_for_catch_up``: so much was due when it was made that the worker leaves it alone until ``catch_up``.
    """

    id: int
    customer_id: int
    frequency: Frequency
    interval: int
    amount: Decimal
    description: str | None
    items: list[RecurringItemJson]
    currency: str
    discount_type: str | None
    discount_value: Decimal | None
    discount_amount: Decimal
    tax_id: int | None
    tax_rate: Decimal | None
    tax_total: Decimal
    total: Decimal
    prices_include_tax: bool
    start_date: date
    anchor_date: date
    end_date: date | None
    max_occurrences: int | None
    due_days: int | None
    auto_issue: bool
    auto_send: bool
    meters: list[str]
    usage_minimum: Decimal | None
    usage_from: date | None
    active: bool
    waits_for_catch_up: bool
    next_billing_date: date | None
    last_billed_date: date | None
    occurrences: int
    last_error: BillingError | None
    invoices_url: str
    external_id: str | None
    metadata: Metadata
    created_at: datetime
    updated_at: datetime
    version: int


class ScheduleError(msgspec.Struct, frozen=True):
    """Which schedule could not be billed, and why."""

    id: int
    code: str
    reason: str


class PreviewJson(msgspec.Struct, frozen=True):
    """An invoice that a run would make."""

    recurring_id: int
    customer_id: int
    issue_date: date
    due_date: date
    period_start: date
    period_end: date
    currency: str
    total: Decimal


class ProcessJson(msgspec.Struct, frozen=True):
    """What a run did. ``processed`` schedules were looked at, and on ``skipped`` of them there was nothing to bill.

    ``created`` invoices are listed in ``invoices``. Of a dry run, all this is what the run would do, and ``preview``
    shows the first 1,000 invoices.
    """

    processed: int
    created: int
    skipped: int
    failed: int
    invoices: list[int]
    errors: list[ScheduleError]
    preview: list[PreviewJson] | UnsetType = UNSET


class RunTicket(msgspec.Struct, frozen=True):
    """Where to ask how far a run is."""

    run_id: int
    status: RunStatus
    url: str


class RunJson(msgspec.Struct, frozen=True):
    """A run that a worker does: the same counters as of a small one, as far as it is."""

    id: int
    status: RunStatus
    as_of: date
    processed: int
    created: int
    skipped: int
    failed: int
    errors: list[ScheduleError]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def to_json(recurring: Schedule, call: Call) -> RecurringJson:
    """A schedule as the API shows it."""
    row = recurring.row
    places = digits(row.currency)
    return RecurringJson(
        **{name: getattr(row, name) for name in SHOWN_AS_STORED},
        **header.shown(row.header),
        external_id=row.labels.external_id,
        metadata=row.labels.metadata,
        amount=render.amount(row.sums.subtotal, places),
        description=recurring.items[0].description,
        items=[_item_json(item, places) for item in recurring.items],
        meters=row.meters or [],
        usage_minimum=_plain(row.usage_minimum),
        discount_value=_plain(row.discount_value),
        discount_amount=render.amount(row.sums.discount, places),
        tax_rate=_plain(row.tax_rate),
        tax_total=render.amount(row.sums.tax, places),
        total=render.amount(row.sums.total, places),
        anchor_date=row.anchor_date or row.start_date,
        waits_for_catch_up=row.waits,
        next_billing_date=row.next_date,
        last_error=BillingError(**row.error) if row.error else None,
        invoices_url=f"{call.origin}/api/v1/invoices?recurring_id={row.id}",
    )


SHOWN_AS_STORED = sorted(
    {*ScheduleRow.__struct_fields__}
    & {*RecurringJson.__struct_fields__}
    - {"anchor_date", "discount_value", "meters", "tax_rate", "total", "usage_minimum"}
)


def _item_json(item: Item, places: int) -> RecurringItemJson:
    type, value = item.discount or (None, None)
    return RecurringItemJson(
        product_id=item.product_id,
        description=item.description,
        quantity=render.plain(item.quantity),
        unit=item.unit,
        unit_price=None if item.unit_price is None else render.unit_price(item.unit_price, places),
        discount_type=type,
        discount_value=_plain(value),
        tax_id=item.tax_id,
        tax_rate=_plain(item.tax_rate),
    )


def _plain(number: Decimal | None) -> Decimal | None:
    return None if number is None else render.plain(number)


def terms_from(body: NewRecurringBody, call: Call) -> BillingTerms:
    """When a new schedule bills, and how."""
    defaults = {
        "interval": 1,
        "start_date": call.account.today(call.tx.now),
        "auto_issue": True,
        "auto_send": False,
    }
    nothing: dict[str, Any] = dict.fromkeys(BillingTerms.__struct_fields__)
    return BillingTerms(**{**nothing, **defaults, **_given_terms(body, call.account)})


def _given_terms(body: RecurringBody, account: Account) -> dict[str, Any]:
    given = {name: value for name in BillingTerms.__struct_fields__ if (value := getattr(body, name)) is not UNSET}
    if given.get("meters") is not None:
        given["meters"] = list(dict.fromkeys(map(str, given["meters"]))) or None
    return {name: value.on_calendar_of(account) if isinstance(value, Day) else value for name, value in given.items()}


def items_asked(body: NewRecurringBody) -> tuple[Item, ...]:
    """The items of a new schedule: an amount is one."""
    if body.items is not UNSET:
        return items_from(body.items)
    return (Item(**_given_amount(body)),)


def _given_amount(body: RecurringBody) -> dict[str, Any]:
    given = {"unit_price": body.amount, "description": body.description}
    return {name: value for name, value in given.items() if value is not UNSET}


def index(call: Call, query: RecurringQuery) -> Listed[RecurringJson]:
    """List the schedules."""
    wanted = ScheduleFilter(query.customer_id, query.active_only, query.external_id)
    page = store.page(call.tx, call.account, wanted, page_request(query), query.search)
    items = store.items_of(call.tx, call.account, [row.id for row in page.rows])
    return listed(page, lambda row: to_json(Schedule(row, items[row.id]), call))


def create(call: Call, body: NewRecurringBody) -> Reply[RecurringJson]:
    """Make a schedule that bills a customer again and again.

    Where more than 12 of its periods are due already, which may be a slip of the year, the worker leaves it alone until
    ``catch_up``; a run that is asked for bills it. Missed periods are billed at today's prices and rates of tax.
    """
    recurring = ops.create(
        call.tx,
        call.account,
        new_content(body, call.account, body.customer_id, items_asked(body)),
        terms_from(body, call),
        None if body.amount is UNSET else body.amount,
        Consent(catch_up=body.catch_up),
    )
    return Reply(to_json(recurring, call), _outlook(recurring.row, call))


def _outlook(row: ScheduleRow, call: Call) -> str:
    """What will become of a schedule."""
    if row.waits:
        count = rules.count_due(row, call.account.today(call.tx.now))
        return WAITS.format(count=count, since=row.next_date, id=row.id)
    if row.next_date is None:
        return "The schedule bills nothing."
    return f"The schedule bills its next period on {row.next_date}."


WAITS = (
    "The schedule waits: {count} of its periods are due already, since {since}. If that is meant, PUT "
    '{{"catch_up": true}}, or bill it with POST /recurring-billing/process. If it is not, PUT another start_date.'
)


def _unbilled(changed: ChangedSchedule) -> str:
    return f" These days are not billed: {changed.unbilled}." if changed.unbilled else ""


def get(call: Call, recurring_id: Id) -> RecurringJson:
    """Get one schedule."""
    return to_json(store.get(call.tx, call.account, recurring_id), call)


def update(call: Call, recurring_id: Id, body: ChangedRecurringBody) -> Reply[RecurringJson]:
    """Change a schedule, for the periods that are not billed yet.

    A new ``frequency`` or ``interval`` begins where the billed days end. A new ``start_date`` moves the periods: none
    that starts inside one that is billed already is billed, and where days would be left that nothing bills the answer
    is 409, naming them, unless ``skip_unbilled`` is true.
    """
    consent = Consent(body.skip_unbilled, body.catch_up)
    content = content_change(body, call.account)
    change = ScheduleChange(content, _given_terms(body, call.account), _given_amount(body), consent)
    changed = ops.update(call.tx, call.account, recurring_id, change, body.seen_version)
    return Reply(to_json(changed.recurring, call), _outlook(changed.recurring.row, call) + _unbilled(changed))


def delete(call: Call, recurring_id: Id) -> Reply[Deleted]:
    """Delete a schedule; the invoices that it made stay."""
    is_gone = ops.delete(call.tx, call.account, recurring_id)
    message = "The schedule is deleted." if is_gone else "The schedule is deleted; its invoices stay."
    return Reply(Deleted(recurring_id), message)


def toggle(call: Call, recurring_id: Id, body: ToggleBody) -> Reply[RecurringJson]:
    """Switch a schedule off, or on again.

    While it is off nothing is billed. Switched on again, it bills from the next period on that starts today or later,
    and the ones that it missed only with ``catch_up``, at today's prices and rates of tax. One that waits is told by
    ``catch_up`` that it need not, and stays on.
    """
    changed = ops.toggle(call.tx, call.account, recurring_id, catches_up=body.catch_up)
    message = "The schedule is switched on." if changed.recurring.row.active else "The schedule is switched off."
    return Reply(to_json(changed.recurring, call), message + _unbilled(changed))


def process(call: Call, body: ProcessBody) -> ProcessJson | Accepted[RunTicket]:
    """Bill every period that is due, exactly once.

    Up to 1,000 invoices are made within the request. More are left to a worker: the status is 202, and ``url`` tells
    how far it is. ``as_of`` may lie up to 366 days ahead; each invoice has its own period's dates all the same. Periods
    that were missed are billed at today's prices and rates of tax. A schedule that somebody changes or bills at this
    moment is waited for. A dry run counts all that a run would do, and shows the first 1,000 invoices.
    """
    today = call.account.today(call.tx.now)
    as_of = body.as_of.on_calendar_of(call.account) if body.as_of else today
    rules.check_as_of(as_of, today)
    request = RunRequest(as_of, _ids(call, body))
    if body.dry_run:
        return _preview_json(call, request)
    if billing.is_large(call.tx, call.account, request):
        run = billing.enqueue(call.tx, call.account, request)
        return Accepted(_ticket(run, call), "There is much to bill: a worker does it.")
    return _process_json(billing.bill(call.tx, call.account, request))


def _ids(call: Call, body: ProcessBody) -> tuple[int, ...] | None:
    if body.ids is None:
        return None
    ids = dict.fromkeys(map(int, body.ids))
    if unknown := sorted(ids.keys() - store.known(call.tx, call.account, list(ids))):
        raise ValidationFailed({"ids": [f"There is no schedule {recurring_id}." for recurring_id in unknown]})
    return tuple(ids)


def get_run(call: Call, run_id: Id) -> RunJson:
    """Tell how far a run is."""
    run = store.run(call.tx, call.account, run_id)
    errors = store.run_errors(call.tx, call.account, run_id)
    return RunJson(
        id=run.id,
        status=run.status,
        as_of=run.as_of,
        processed=run.processed,
        created=run.created,
        skipped=run.skipped,
        failed=len(errors),
        errors=_errors_json(errors),
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def _ticket(run: Run, call: Call) -> RunTicket:
    return RunTicket(run.id, run.status, f"{call.origin}/api/v1/recurring-billing/runs/{run.id}")


def _process_json(outcome: Outcome) -> ProcessJson:
    return ProcessJson(
        processed=outcome.processed,
        created=len(outcome.invoices),
        skipped=outcome.skipped,
        failed=len(outcome.failures),
        invoices=outcome.invoices,
        errors=_errors_json(outcome.failures),
    )


def _preview_json(call: Call, request: RunRequest) -> ProcessJson:
    forecast = billing.forecast(call.tx, call.account, request)
    return ProcessJson(
        processed=forecast.processed,
        created=forecast.created,
        skipped=forecast.skipped,
        failed=len(forecast.failures),
        invoices=[],
        errors=_errors_json(forecast.failures),
        preview=list(map(_preview, forecast.shown)),
    )


def _preview(wanted: InvoiceToMake) -> PreviewJson:
    content = wanted.content
    return PreviewJson(
        recurring_id=wanted.period.recurring_id,
        customer_id=wanted.customer.id,
        issue_date=wanted.period.start,
        due_date=wanted.due_date,
        period_start=wanted.period.start,
        period_end=wanted.period.end,
        currency=content.bill.currency,
        total=render.amount(content.totals.total, digits(content.bill.currency)),
    )


def _errors_json(failures: list[ScheduleFailure]) -> list[ScheduleError]:
    return [ScheduleError(*failure) for failure in failures]
