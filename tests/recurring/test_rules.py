"""Which periods a schedule has, and which of them are due."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tallystick.bills.header import Header
from tallystick.bills.labels import Labels
from tallystick.bills.sums import Sums
from tallystick.core.errors import Conflict, EmailNotConfigured, ValidationFailed
from tallystick.core.party import Buyer
from tallystick.core.periods import Frequency, today
from tallystick.core.totals import Totals
from tallystick.invoices.many import InvoiceContent, Period
from tallystick.recurring import rules
from tallystick.recurring.types import (
    NO_CONSENT,
    BillingSchedule,
    BillingTerms,
    Consent,
    PlannedInvoices,
    ProgressChange,
    RunReferences,
    ScheduleRow,
)

A_DAY = timedelta(days=1)
ZONES = ("UTC", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati", "Europe/Dublin")
CONTENT: dict[str, Any] = {
    "id": 7,
    "customer_id": 1,
    "currency": "EUR",
    "discount_type": None,
    "discount_value": None,
    "prices_include_tax": False,
    "header": Header(),
    "labels": Labels(),
    "anchor_date": None,
    "waits": False,
    "error": None,
    "usage_from": None,
    "usage_seq": 0,
    "closes_on": None,
    "usage_closed": False,
}


def terms(start: str, frequency: str = "monthly", **fields: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(BillingTerms.__struct_fields__)
    rest = {"interval": 1, "auto_issue": True, "auto_send": False}
    return {**nothing, **rest, "frequency": Frequency(frequency), "start_date": date.fromisoformat(start), **fields}


def schedule(start: str, frequency: str = "monthly", *, occurrences: int = 0, **fields: Any) -> BillingSchedule:
    own = terms(start, frequency, **fields)
    begins = own["start_date"]
    following = rules.next_date(BillingTerms(**own), begins, occurrences)
    return BillingSchedule(**own, **CONTENT, bills_from=begins, next_date=following, occurrences=occurrences)


def starts(found: BillingSchedule, as_of: str, limit: int = 100) -> list[str]:
    return [str(period.start) for period in rules.due(found, date.fromisoformat(as_of), limit).periods]


@pytest.mark.parametrize(
    ("start", "frequency", "as_of", "expected"),
    [
        # R1
        ("2024-01-31", "monthly", "2024-05-31", ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]),
        ("2024-12-31", "monthly", "2025-03-31", ["2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"]),
        # R2
        ("2024-01-30", "monthly", "2024-03-30", ["2024-01-30", "2024-02-29", "2024-03-30"]),
        # R3
        (
            "2024-02-29",
            "yearly",
            "2028-02-29",
            ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"],
        ),
        ("2024-02-29", "yearly", "2028-02-28", ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28"]),
        ("2026-01-31", "quarterly", "2026-10-31", ["2026-01-31", "2026-04-30", "2026-07-31", "2026-10-31"]),
        ("2026-08-31", "semiannually", "2027-08-31", ["2026-08-31", "2027-02-28", "2027-08-31"]),
        ("2026-03-01", "biweekly", "2026-03-29", ["2026-03-01", "2026-03-15", "2026-03-29"]),
        ("2026-03-01", "weekly", "2026-03-14", ["2026-03-01", "2026-03-08"]),
        ("2026-02-27", "daily", "2026-03-01", ["2026-02-27", "2026-02-28", "2026-03-01"]),
        ("2026-03-01", "daily", "2026-02-28", []),
    ],
)
def test_the_periods_that_are_due(start: str, frequency: str, as_of: str, expected: list[str]) -> None:
    assert starts(schedule(start, frequency), as_of) == expected


@pytest.mark.parametrize(
    ("fields", "as_of", "expected", "following"),
    [
        ({}, "2026-02-28", ["2026-01-31", "2026-02-28"], "2026-03-31"),
        ({"interval": 3}, "2026-05-01", ["2026-01-31", "2026-04-30"], "2026-07-31"),
        ({"end_date": date(2026, 3, 31)}, "2026-12-31", ["2026-01-31", "2026-02-28", "2026-03-31"], "None"),
        ({"end_date": date(2026, 3, 30)}, "2026-12-31", ["2026-01-31", "2026-02-28"], "None"),
        ({"max_occurrences": 2}, "2026-12-31", ["2026-01-31", "2026-02-28"], "None"),
        ({"max_occurrences": 3, "occurrences": 2}, "2026-12-31", ["2026-01-31"], "None"),
        ({"max_occurrences": 3}, "2026-02-28", ["2026-01-31", "2026-02-28"], "2026-03-31"),
    ],
)
def test_where_it_ends(fields: dict[str, Any], as_of: str, expected: list[str], following: str) -> None:
    due = rules.due(schedule("2026-01-31", **fields), date.fromisoformat(as_of), 100)
    assert [str(period.start) for period in due.periods] == expected
    assert str(due.next_date) == following


def test_no_more_than_the_limit() -> None:
    due = rules.due(schedule("2026-01-01", "daily"), date(2026, 12, 31), 3)
    assert [str(period.start) for period in due.periods] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert due.next_date == date(2026, 1, 4)


@given(
    anchor=st.dates(date(1990, 1, 1), date(2060, 12, 31)),
    frequency=st.sampled_from(Frequency),
    interval=st.integers(1, 40),
    seconds=st.integers(0, 40 * 366 * 86_400),
    zone=st.sampled_from(ZONES),
)
def test_periods_tile_the_calendar(anchor: date, frequency: Frequency, interval: int, seconds: int, zone: str) -> None:
    """From the anchor to today wherever that is: no gap, no overlap, and the anchor's day in each month that has it."""
    instant = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    as_of = today(instant, zone)
    found = schedule(str(anchor), frequency.value, interval=interval)
    periods, following = rules.due(found, as_of, 20_000)
    assert [period.start for period in periods] == sorted({period.start for period in periods})
    ends = [period.end + A_DAY for period in periods]
    assert [anchor, *ends] == [*(period.start for period in periods), following]
    assert following is not None
    assert all(period.start <= as_of for period in periods)
    assert following > as_of
    if frequency in (Frequency.MONTHLY, Frequency.QUARTERLY, Frequency.SEMIANNUALLY, Frequency.YEARLY):
        assert all(period.start.day == min(anchor.day, _last_day(period.start)) for period in periods)


def _last_day(day: date) -> int:
    first_of_next = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (first_of_next - A_DAY).day


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.sampled_from(Frequency), st.integers(1, 12), st.data())
def test_periods_do_not_depend_on_how_often_one_looks(
    anchor: date, frequency: Frequency, interval: int, data: st.DataObject
) -> None:
    """Billed bit by bit, or all at the end: the same periods."""
    looks = data.draw(st.lists(st.integers(0, 400), min_size=1, max_size=6))
    found = schedule(str(anchor), frequency.value, interval=interval)
    at_once = rules.due(found, anchor + timedelta(days=sum(looks)), 10_000)
    bit_by_bit, day, at = [], anchor, found
    for days in looks:
        day += timedelta(days=days)
        due = rules.due(at, day, 10_000)
        bit_by_bit += due.periods
        if due.periods:
            at = _moved_on(at, due.periods[-1].end + A_DAY, due.next_date)
    assert bit_by_bit == at_once.periods
    assert at.next_date == at_once.next_date


def _moved_on(found: BillingSchedule, bills_from: date, following: date | None) -> BillingSchedule:
    fields = {name: getattr(found, name) for name in BillingSchedule.__struct_fields__}
    return BillingSchedule(**{**fields, "bills_from": bills_from, "next_date": following})


@pytest.mark.parametrize(
    ("today_is", "catches_up", "bills_from", "following"),
    [
        ("2026-04-10", False, "2026-04-10", "2026-04-30"),
        ("2026-04-30", False, "2026-04-30", "2026-04-30"),
        ("2026-05-01", False, "2026-05-01", "2026-05-31"),
        ("2026-04-10", True, "2026-01-31", "2026-01-31"),
        ("2025-12-01", False, "2026-01-31", "2026-01-31"),
    ],
)
def test_switched_on_again(today_is: str, catches_up: bool, bills_from: str, following: str) -> None:
    columns = rules.switched_on(schedule("2026-01-31"), date.fromisoformat(today_is), catches_up=catches_up)
    assert {name: str(value) for name, value in columns.items()} == {
        "active": "True",
        "bills_from": bills_from,
        "next_date": following,
        "waits": "False",
    }


def test_what_has_ended_is_not_switched_on() -> None:
    with pytest.raises(Conflict, match="end_date"):
        rules.switched_on(schedule("2026-01-31", end_date=date(2026, 3, 1)), date(2026, 6, 1), catches_up=False)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, []),
        ({"end_date": date(2026, 1, 31)}, []),
        ({"end_date": date(2026, 1, 30)}, ["end_date"]),
        ({"auto_send": True}, []),
        ({"auto_send": True, "auto_issue": False}, ["auto_send"]),
        ({"tax_id": 1, "tax_rate": 20}, ["tax_rate"]),
        ({"auto_send": True, "auto_issue": False, "end_date": date(2020, 1, 1)}, ["auto_send", "end_date"]),
    ],
)
def test_terms_that_contradict_each_other(fields: dict[str, Any], wrong: list[str]) -> None:
    assert sorted(rules.term_errors(BillingTerms(**terms("2026-01-31", **fields)))) == wrong


@pytest.mark.parametrize(("days", "is_fine"), [(-400, True), (0, True), (366, True), (367, False)])
def test_how_far_ahead_a_run_may_bill(days: int, is_fine: bool) -> None:
    day = date(2026, 6, 15)
    if is_fine:
        rules.check_as_of(day + timedelta(days=days), day)
        return
    with pytest.raises(ValidationFailed):
        rules.check_as_of(day + timedelta(days=days), day)


A_SCHEDULE = "2026-01-07"
WANTED = Consent(skip_unbilled=True)
CAUGHT_UP = Consent(catch_up=True)


def row(start: str, frequency: str = "monthly", **fields: Any) -> ScheduleRow:
    """A new schedule as it is stored, nothing of which is billed."""
    own = BillingTerms(**terms(start, frequency, **fields))
    instant = datetime(2026, 1, 1, tzinfo=UTC)
    begun = rules.first_progress(own, date.min, NO_CONSENT)
    rest: dict[str, Any] = {
        "sums": Sums(subtotal=0, discount=0, tax=0, total=0),
        "last_billed_date": None,
        "created_at": instant,
        "updated_at": instant,
        "version": 1,
    }
    return ScheduleRow(**structs.asdict(own), **{**CONTENT, **begun, **rest}, occurrences=0)


def run(found: ScheduleRow, as_of: date) -> tuple[ScheduleRow, list[Period]]:
    """The schedule after a run, and the periods that it billed."""
    due = rules.due(found, as_of, 20_000)
    if not due.periods:
        return found, []
    nothing = InvoiceContent(None, None, Totals((), 0, 0, (), 0, 0), [])  # type: ignore[arg-type]
    ann = Buyer("Ann", id=1)
    plan = PlannedInvoices(found, due, is_whole=True, unbilled=due.periods, content=nothing, customer=ann, due_days=0)
    return structs.replace(found, **rules.progress_after_run(plan)), due.periods


def changed(found: ScheduleRow, move: ProgressChange, fields: dict[str, Any]) -> ScheduleRow:
    return structs.replace(found, **fields, **move.columns)


def move(
    found: ScheduleRow, fields: dict[str, Any], consent: Consent = NO_CONSENT, today_is: date = date.min
) -> ProgressChange:
    own = {name: getattr(found, name) for name in BillingTerms.__struct_fields__}
    return rules.progress_after_change(found, BillingTerms(**{**own, **fields}), today_is, consent)


def on(day: str) -> dict[str, Any]:
    return {"start_date": date.fromisoformat(day)}


def every(frequency: str, interval: int = 1) -> dict[str, Any]:
    return {"frequency": Frequency(frequency), "interval": interval}


@pytest.mark.parametrize(
    ("start", "billed_to", "changes", "as_of", "expected"),
    [
        # Billed through March 6.
        ("2026-01-07", "2026-03-01", [every("yearly")], "2028-03-07", ["2026-03-07", "2027-03-07", "2028-03-07"]),
        ("2026-01-07", "2026-03-01", [every("monthly", 5)], "2026-12-31", ["2026-03-07", "2026-08-07"]),
        ("2026-01-07", "2026-03-01", [every("weekly")], "2026-03-21", ["2026-03-07", "2026-03-14", "2026-03-21"]),
        ("2026-01-07", "2026-03-01", [{**every("yearly"), **on("2026-01-07")}], "2026-04-01", ["2026-03-07"]),
        # A start date in what is billed, whose periods begin where that ends; and one right there.
        ("2026-01-07", "2026-03-01", [on("2025-12-07")], "2026-04-07", ["2026-03-07", "2026-04-07"]),
        (
            "2026-01-07",
            "2026-03-01",
            [{**every("daily"), **on("2026-02-05")}],
            "2026-03-08",
            ["2026-03-07", "2026-03-08"],
        ),
        (
            "2026-01-07",
            "2026-03-01",
            [{**every("weekly"), **on("2026-03-07")}],
            "2026-03-14",
            ["2026-03-07", "2026-03-14"],
        ),
        # The end of the month is kept, through short months and through changes to and fro (R1).
        (
            "2026-01-31",
            "2026-02-01",
            [every("monthly", 2)],
            "2026-08-31",
            ["2026-02-28", "2026-04-30", "2026-06-30", "2026-08-31"],
        ),
        (
            "2026-01-31",
            "2026-02-01",
            [every("quarterly"), every("monthly")],
            "2026-05-01",
            ["2026-02-28", "2026-03-31", "2026-04-30"],
        ),
        ("2026-01-30", "2026-02-01", [every("monthly", 2)], "2026-06-30", ["2026-02-28", "2026-04-30", "2026-06-30"]),
        ("2026-01-28", "2026-02-01", [every("monthly", 2)], "2026-04-30", ["2026-02-28", "2026-04-28"]),
        # Where the days end within a month, that is the day from then on.
        ("2026-01-07", "2026-03-01", [every("biweekly"), every("monthly")], "2026-04-30", ["2026-03-07", "2026-04-07"]),
        # Nothing is billed yet: it may start whenever it is to.
        ("2026-05-31", None, [every("quarterly")], "2026-11-30", ["2026-05-31", "2026-08-31", "2026-11-30"]),
        ("2026-05-31", None, [on("2026-04-01")], "2026-05-31", ["2026-04-01", "2026-05-01"]),
        ("2026-05-31", None, [on("2026-09-01")], "2026-10-01", ["2026-09-01", "2026-10-01"]),
        # What ends it, and what does not.
        ("2026-01-07", "2026-03-01", [{"end_date": date(2026, 4, 7)}], "2026-12-31", ["2026-03-07", "2026-04-07"]),
        ("2026-01-07", "2026-03-01", [{"max_occurrences": 2}], "2026-12-31", []),
        ("2026-01-07", "2026-03-01", [{**every("yearly"), "max_occurrences": 3}], "2028-12-31", ["2026-03-07"]),
    ],
)
def test_a_change_loses_no_day(
    start: str, billed_to: str | None, changes: list[dict[str, Any]], as_of: str, expected: list[str]
) -> None:
    found = row(start)
    if billed_to:
        found, _ = run(found, date.fromisoformat(billed_to))
    for fields in changes:
        made = move(found, fields)
        assert made.unbilled is None
        found = changed(found, made, fields)
    _, billed = run(found, date.fromisoformat(as_of))
    assert [str(period.start) for period in billed] == expected


def test_a_leap_day_outlives_a_change() -> None:
    """Yearly from February 29, billed through February 27 (R3): monthly, it is the 29th again in March."""
    found, _ = run(row("2024-02-29", "yearly"), date(2024, 3, 1))
    monthly = every("monthly")
    _, billed = run(changed(found, move(found, monthly), monthly), date(2025, 4, 30))
    assert [str(period.start) for period in billed] == ["2025-02-28", "2025-03-29", "2025-04-29"]


@pytest.mark.parametrize(
    ("fields", "days", "following"),
    [
        (on("2026-02-05"), "2026-03-07 to 2026-04-04", "2026-04-05"),
        (on("2026-03-08"), "2026-03-07", "2026-03-08"),
        (on("2027-01-01"), "2026-03-07 to 2026-12-31", "2027-01-01"),
        ({**every("yearly"), **on("2026-01-08")}, "2026-03-07 to 2027-01-07", "2027-01-08"),
        ({**on("2026-02-05"), "end_date": date(2026, 3, 31)}, "2026-03-07 to 2026-04-04", "None"),
    ],
)
def test_a_start_date_that_leaves_days_unbilled(fields: dict[str, Any], days: str, following: str) -> None:
    """Monthly from January 7, billed through March 6; next comes March 7."""
    found, _ = run(row(A_SCHEDULE), date(2026, 3, 1))
    with pytest.raises(Conflict, match=f"{days}.*2026-03-07.*skip_unbilled"):
        move(found, fields)
    made = move(found, fields, WANTED)
    assert (str(made.unbilled), str(made.columns["next_date"])) == (days, following)


def test_what_was_skipped_can_be_taken_back() -> None:
    found, _ = run(row(A_SCHEDULE), date(2026, 3, 1))
    found = changed(found, move(found, on("2026-02-05"), WANTED), on("2026-02-05"))
    made = move(found, on("2026-01-07"))
    assert (made.unbilled, made.columns["next_date"]) == (None, date(2026, 3, 7))


def test_what_has_ended_may_start_again_later() -> None:
    """Nothing was to be billed after the end, so nothing is left out."""
    found, _ = run(row(A_SCHEDULE, end_date=date(2026, 2, 7)), date(2026, 6, 1))
    assert (found.active, found.bills_from) == (False, date(2026, 3, 7))
    assert move(found, {**on("2026-07-01"), "end_date": None}).unbilled is None


def test_a_change_while_switched_off_loses_no_day_either() -> None:
    found, _ = run(row(A_SCHEDULE), date(2026, 3, 1))
    found = structs.replace(found, **rules.SWITCHED_OFF)
    with pytest.raises(Conflict, match="2026-03-07 to 2026-06-30"):
        move(found, on("2026-07-01"))
    quarterly = every("quarterly")
    found = changed(found, move(found, quarterly), quarterly)
    caught_up = rules.toggled(found, date(2026, 6, 15), catches_up=True)
    assert (caught_up.columns["next_date"], caught_up.unbilled) == (date(2026, 3, 7), None)
    from_now = rules.toggled(found, date(2026, 6, 15), catches_up=False)
    assert (from_now.columns["next_date"], str(from_now.unbilled)) == (date(2026, 9, 7), "2026-03-07 to 2026-09-06")


def test_a_new_rhythm_begins_with_the_next_period_of_what_was_switched_on_again() -> None:
    found, _ = run(row(A_SCHEDULE), date(2026, 3, 1))
    found = structs.replace(found, **rules.SWITCHED_OFF)
    found = changed(found, rules.toggled(found, date(2026, 6, 15), catches_up=False), {})
    assert found.next_date == date(2026, 7, 7)
    assert move(found, every("yearly")).columns["next_date"] == date(2026, 7, 7)
    # The days from the 15th on are neither billed nor to be billed; a start date among them may take them up.
    assert move(found, on("2026-06-20")).columns["next_date"] == date(2026, 6, 20)


STEPS = st.one_of(
    st.tuples(st.just("run"), st.integers(0, 250)),
    st.tuples(st.just("rhythm"), st.tuples(st.sampled_from(Frequency), st.integers(1, 3))),
    st.tuples(st.just("start"), st.tuples(st.integers(-400, 400), st.booleans())),
    st.tuples(st.just("toggle"), st.booleans()),
)


@given(
    first=st.dates(date(2023, 12, 1), date(2024, 3, 31)),
    frequency=st.sampled_from(Frequency),
    interval=st.integers(1, 3),
    steps=st.lists(STEPS, max_size=14),
)
def test_whatever_changes_every_day_is_billed_once_or_was_said_to_be_skipped(
    first: date, frequency: Frequency, interval: int, steps: list[tuple[str, Any]]
) -> None:
    found, day = row(str(first), frequency.value, interval=interval), first
    billed: list[Period] = []
    skipped: set[date] = set()
    for kind, given_value in steps:
        fields: dict[str, Any] = {}
        made = ProgressChange({}, None)
        if kind == "run":
            day += timedelta(days=given_value)
            found, periods = run(found, day)
            billed += periods
        elif kind == "rhythm":
            fields = dict(zip(("frequency", "interval"), given_value, strict=True))
            made = move(found, fields)
            assert made.unbilled is None
        elif kind == "start":
            fields = {"start_date": day + timedelta(days=given_value[0])}
            try:
                made = move(found, fields, Consent(skip_unbilled=given_value[1]))
            except Conflict:
                assert not given_value[1]
                fields = {}
        else:
            made = rules.toggled(found, day, catches_up=given_value)
        found = changed(found, made, fields)
        if made.unbilled:
            skipped.update(_days(made.unbilled.first, made.unbilled.last))
    days = [each for period in billed for each in _days(period.start, period.end)]
    assert len(days) == len(set(days))
    if not billed:
        return
    ahead = found.next_date or max(days) + A_DAY
    assert set(_days(min(days), ahead - A_DAY)) <= {*days, *skipped}


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize(
    ("start", "fields", "consent", "waits"),
    [
        # Due by June 15: 12 and 13 months; the first day of the 13th is that very day.
        ("2025-06-16", {}, NO_CONSENT, False),
        ("2025-06-15", {}, NO_CONSENT, True),
        ("2025-06-15", {}, CAUGHT_UP, False),
        ("2016-01-07", {"end_date": date(2016, 12, 31)}, NO_CONSENT, False),
        ("2016-01-07", {"end_date": date(2017, 1, 7)}, NO_CONSENT, True),
        ("2016-01-07", {"max_occurrences": 12}, NO_CONSENT, False),
        ("2016-01-07", {"max_occurrences": 13}, NO_CONSENT, True),
        ("2016-01-07", every("yearly"), NO_CONSENT, False),
        ("2027-01-07", {}, NO_CONSENT, False),
    ],
)
def test_a_new_schedule_with_more_than_twelve_periods_due_waits(
    start: str, fields: dict[str, Any], consent: Consent, waits: bool
) -> None:
    own = BillingTerms(**{**terms(start), **fields})
    assert rules.first_progress(own, date(2026, 6, 15), consent)["waits"] is waits


TODAY = date(2026, 6, 15)
SLIP = on("2016-01-07")


@pytest.mark.parametrize(
    ("waited", "billed", "fields", "consent", "waits"),
    [
        (False, False, SLIP, NO_CONSENT, True),
        (False, False, SLIP, CAUGHT_UP, False),
        (False, True, on("2015-12-07"), NO_CONSENT, False),
        (True, False, {}, NO_CONSENT, True),
        (True, False, {}, CAUGHT_UP, False),
        (True, False, on("2026-01-07"), NO_CONSENT, False),
        (True, False, {"max_occurrences": 5}, NO_CONSENT, False),
        (True, False, every("yearly"), NO_CONSENT, False),
        # A run that came late is no slip of who changes something else.
        (False, False, {"due_days": 3}, NO_CONSENT, False),
    ],
)
def test_whether_a_changed_schedule_waits(
    waited: bool, billed: bool, fields: dict[str, Any], consent: Consent, waits: bool
) -> None:
    found = structs.replace(row("2016-01-07" if waited else A_SCHEDULE), waits=waited)
    if not waited and not billed and "due_days" in fields:
        found = row("2024-01-07")
    if billed:
        found, _ = run(found, date(2026, 3, 1))
    assert move(found, fields, consent, TODAY).columns["waits"] is waits


def test_what_waits_is_let_go_by_a_run_and_by_catch_up_and_by_switching() -> None:
    waiting = structs.replace(row("2016-01-07"), waits=True)
    assert not run(waiting, TODAY)[0].waits
    released = rules.toggled(waiting, TODAY, catches_up=True)
    assert changed(waiting, released, {}) == structs.replace(waiting, waits=False)
    off = changed(waiting, rules.toggled(waiting, TODAY, catches_up=False), {})
    assert (off.active, off.waits) == (False, False)
    again = changed(off, rules.toggled(off, TODAY, catches_up=False), {})
    assert (again.active, again.waits, again.next_date) == (True, False, date(2026, 7, 7))


@given(
    anchor=st.dates(date(2015, 1, 1), date(2026, 12, 31)),
    frequency=st.sampled_from(Frequency),
    interval=st.integers(1, 4),
    most=st.none() | st.integers(1, 50),
    ends_after=st.none() | st.integers(0, 3000),
    data=st.data(),
)
def test_what_is_counted_is_what_is_due(
    anchor: date, frequency: Frequency, interval: int, most: int | None, ends_after: int | None, data: st.DataObject
) -> None:
    end = None if ends_after is None else anchor + timedelta(days=ends_after)
    found = row(str(anchor), frequency.value, interval=interval, max_occurrences=most, end_date=end)
    found, _ = run(found, anchor + timedelta(days=data.draw(st.integers(-1, 500))))
    as_of = anchor + timedelta(days=data.draw(st.integers(-10, 4000)))
    due = rules.due(found, as_of, 20_000).periods
    assert rules.count_due(found, as_of) == len(due)
    billed = data.draw(st.sets(st.sampled_from([period.start for period in due]))) if due else set()
    strangers = {anchor - A_DAY, as_of + A_DAY}
    catalogue = RunReferences({}, {}, None, {found.id: frozenset(billed | strangers)}, {}, {})  # type: ignore[arg-type]
    assert rules.count_unbilled(found, catalogue, as_of) == len(due) - len(billed)


@pytest.mark.parametrize(("asked", "is_fine"), [({}, True), ({"auto_send": False}, True), ({"auto_send": True}, False)])
def test_nothing_is_sent_without_a_way_to_send(asked: dict[str, bool], is_fine: bool) -> None:
    if is_fine:
        rules.check_sending(asked)
        return
    with pytest.raises(EmailNotConfigured, match="auto_send"):
        rules.check_sending(asked)
