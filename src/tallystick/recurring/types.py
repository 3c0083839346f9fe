"""The shapes of recurring billing."""

from collections.abc import Hashable, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from tallystick.bills.header import Header
from tallystick.bills.labels import Labels
from tallystick.bills.sums import Sums
from tallystick.bills.types import DraftChange, Item, References
from tallystick.core.party import Buyer
from tallystick.core.periods import Frequency
from tallystick.core.states import RunStatus
from tallystick.invoices.many import InvoiceContent, InvoiceToMake, Period
from tallystick.usage.charging import BilledDays, EarlierDays, UsageLine


class BillingTerms(msgspec.Struct, frozen=True):
    """When a schedule bills, and how: what it has beside the content of a bill.

    Every ``interval`` times ``frequency``, counted from ``start_date``; no period that starts after ``end_date``.
    ``tax_id`` or ``tax_rate`` (percent) is for the items that name no tax of their own. An invoice also bills what
    ``meters`` measured since the one before it, and for that ``usage_minimum`` (major units) at least.
    """

    frequency: Frequency
    interval: int
    start_date: date
    end_date: date | None
    max_occurrences: int | None
    due_days: int | None
    auto_issue: bool
    auto_send: bool
    tax_id: int | None
    tax_rate: Decimal | None
    meters: list[str] | None
    usage_minimum: Decimal | None


class BillingSchedule(BillingTerms, frozen=True):
    """As much of a stored schedule as billing it takes.

    Periods are counted from ``anchor_date``, which is None as long as that is ``start_date``. None that starts before
    ``bills_from`` is billed any more; ``next_date`` is the first that will be, None where the schedule is switched off
    or has ended. While it ``waits``, it is billed only if asked for. ``error`` is why the last attempt to bill failed.
    ``usage_from`` is the first day whose usage is not billed, and ``usage_seq`` up to where late events of earlier days
    are. On ``closes_on`` the usage that is left is billed alone, because the schedule has ended or was switched off;
    once that is done, its usage is closed, and what came late is billed on that day.
    """

    id: int
    customer_id: int
    currency: str
    discount_type: str | None
    discount_value: Decimal | None
    prices_include_tax: bool
    header: Header
    labels: Labels
    anchor_date: date | None
    bills_from: date
    next_date: date | None
    occurrences: int
    waits: bool
    error: dict[str, str] | None
    usage_from: date | None
    usage_seq: int
    closes_on: date | None
    usage_closed: bool


class ScheduleRow(BillingSchedule, frozen=True):
    """A schedule as it is stored.

    ``sums`` are what a period comes to, as last computed. A run changes no ``version``:
    what it changes is nothing that a user sets.
    """

    sums: Sums
    active: bool
    last_billed_date: date | None
    created_at: datetime
    updated_at: datetime
    version: int


class Schedule(msgspec.Struct, frozen=True):
    """A schedule with the items that it bills; what an item leaves out comes from the catalogue of the day."""

    row: ScheduleRow
    items: tuple[Item, ...]


class Consent(NamedTuple):
    """What somebody wants knowingly, which else would be taken for a slip.

    ``skip_unbilled``: a new ``start_date`` may leave days that are never billed. ``catch_up``: very many periods that
    are due already may be billed.
    """

    skip_unbilled: bool = False
    catch_up: bool = False


NO_CONSENT = Consent()


class ScheduleChange(NamedTuple):
    """What is to change in a schedule: of its content, and of its terms and its one amount, by name."""

    content: DraftChange
    terms: dict[str, Any]
    amount: dict[str, Any]
    consent: Consent = NO_CONSENT

    @property
    def is_of_labels_alone(self) -> bool:
        """Whether it names labels and nothing else."""
        return self.content.is_of_labels_alone and not (self.terms or self.amount or any(self.consent))


class DayRange(NamedTuple):
    """From the first to the last of some days."""

    first: date
    last: date

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


class ProgressChange(NamedTuple):
    """The columns of progress after a change, and the days that nothing bills any more because of it."""

    columns: dict[str, Any]
    unbilled: DayRange | None


class ChangedSchedule(NamedTuple):
    """A schedule after a change, and the days that nothing bills any more because of it."""

    recurring: Schedule
    unbilled: DayRange | None


class ScheduleFilter(NamedTuple):
    """Which schedules a list selects."""

    customer_id: int | None = None
    active_only: bool = False
    external_id: str | None = None


class RunRequest(NamedTuple):
    """What a run is to bill: every period that starts up to ``as_of``, of all schedules or of these.

    Where nobody asked for it, it is ``unasked``, and leaves alone the schedules that wait for somebody.
    """

    as_of: date
    ids: tuple[int, ...] | None = None
    run_id: int | None = None
    unasked: bool = False


class RunCursor(NamedTuple):
    """Where a run stands: it goes through the schedules by their next date, then by id."""

    next_date: date
    id: int


BEGINNING = RunCursor(date.min, 0)


StoredItem = tuple[Any, ...]
"""The columns of an item: see ``store.ITEM_COLUMNS``."""


class RunReferences(NamedTuple):
    """What the database has of the rows that some schedules name."""

    lines: dict[int, tuple[StoredItem, ...]]
    """The items, by the schedule's id."""
    customers: dict[int, Buyer]
    """The details that a bill copies, by the customer's id."""
    found: References
    """The products and the taxes."""
    billed: Mapping[int, frozenset[date]]
    """The starts of the periods that have their invoice, a voided one too, by the schedule's id."""
    contents: dict[Hashable, InvoiceContent]
    """What was computed already, by all that it was computed from."""
    usage_billed: Mapping[int, tuple[EarlierDays, ...]]
    """The days whose usage is billed, by the schedule's id."""


class Due(NamedTuple):
    """The periods of a schedule that are due, and the start of the one that comes next, None where none does."""

    periods: list[Period]
    next_date: date | None


class InvoiceUsage(NamedTuple):
    """What an invoice bills for usage: the lines, and the days; None where it is all late."""

    lines: list[UsageLine]
    days: BilledDays | None


class PlannedInvoices(NamedTuple):
    """What is to become of one schedule: an invoice for each of the periods that are due and not billed.

    ``is_whole`` is False where more of its periods are due than a batch takes. ``usage`` is by the first days of the
    periods whose invoices bill some, as their ``contents`` are; ``usage_seq`` is up to where events are billed, but for
    what came late where ``late_waits``.
    """

    schedule: BillingSchedule
    due: Due
    is_whole: bool
    unbilled: list[Period]
    content: InvoiceContent
    customer: Buyer
    due_days: int
    usage: Mapping[date, InvoiceUsage] = MappingProxyType({})
    usage_seq: int | None = None
    late_waits: bool = False
    contents: Mapping[date, InvoiceContent] = MappingProxyType({})


class ScheduleFailure(NamedTuple):
    """Why a schedule could not be billed."""

    id: int
    code: str
    reason: str


class Outcome(NamedTuple):
    """What a batch of a run did.

    ``processed`` counts the schedules that it looked at and ``skipped`` those of them on which there was nothing to
    bill. ``cursor`` is where the run goes on, None at its end.
    """

    processed: int
    skipped: int
    invoices: list[int]
    failures: list[ScheduleFailure]
    cursor: RunCursor | None


class Forecast(NamedTuple):
    """What a run would do, counted as in ``Outcome``, and the first of the invoices that it would make."""

    processed: int
    created: int
    skipped: int
    failures: list[ScheduleFailure]
    shown: list[InvoiceToMake]


class Run(msgspec.Struct, frozen=True):
    """A run that a worker does, and how far it is."""

    id: int
    as_of: date
    ids: list[int] | None
    status: RunStatus
    actor: str
    processed: int
    created: int
    skipped: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def request(self) -> RunRequest:
        """What it is to bill."""
        return RunRequest(self.as_of, None if self.ids is None else tuple(self.ids), self.id)
