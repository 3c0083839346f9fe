"""The dates of a bill: those that somebody gave, and those that follow from the day of its issue."""

from datetime import date
from typing import Any

from msgspec import UNSET

from tallystick.bills.types import BillRow, DraftChange
from tallystick.core import numbering
from tallystick.core.errors import Conflict, ValidationFailed
from tallystick.core.periods import Frequency, due_date, occurrence


def date_columns(
    issue_date: date | None, last: date | None, terms_days: int, today: date, due_column: str
) -> dict[str, Any]:
    """The columns of a draft's dates; ``due_column`` names the one for ``last``, the day to pay by or of validity.

    A date that is None follows from the others: the issue date is that of today, and ``last`` is ``terms_days`` later.
    Raises ValidationFailed for an issue date over a year ahead, and for a ``last`` before an issue date that was given.
    Where none was given it may lie in the past: the bodies of ``seeds/ihs-billing.txt`` are good on any day.
    """
    issued = issue_date or today
    errors = {}
    if issued > occurrence(today, Frequency.YEARLY, 1, 1):
        errors["issue_date"] = ["Must not be over a year ahead."]
    if issue_date and last and last < issue_date:
        errors[due_column] = ["Must not be before the issue date."]
    if errors:
        raise ValidationFailed(errors)
    return {
        "issue_date": issued,
        "issue_date_given": issue_date is not None,
        due_column: last or due_date(issued, terms_days),
        "terms_days": None if last else terms_days,
    }


def changed_dates(row: BillRow, change: DraftChange, terms_days: int, today: date, due_column: str) -> dict[str, Any]:
    """The columns of the dates that ``change`` moves; a date that nobody gave follows, after as many days as before.

    ``terms_days`` is the account's, for a day to pay by that was given and is taken back. Raises ValidationFailed as
    ``date_columns`` does, and Conflict where the draft's number would contradict its date.
    """
    issue_date = row.issue_date if row.issue_date_given else None
    last = getattr(row, due_column) if row.terms_days is None else None
    if change.issue_date in (UNSET, issue_date) and change.due_date in (UNSET, last):
        return {}
    columns = date_columns(
        issue_date if change.issue_date is UNSET else change.issue_date,
        last if change.due_date is UNSET else change.due_date,
        terms_days if row.terms_days is None else row.terms_days,
        today,
        due_column,
    )
    check_scope(row, columns["issue_date"])
    return columns


def days_until(row: BillRow, due_column: str) -> int:
    """How many days after its issue date a bill is due, or valid until; none where that is no later day."""
    last: date = getattr(row, due_column)
    return max(0, (last - row.issue_date).days)


def check_scope(row: BillRow, issue_date: date) -> None:
    """Raises Conflict where the bill has a number of the sequence that contradicts this issue date."""
    if row.number_scope is not None and not numbering.is_in_scope(row.number_scope, issue_date, row.issue_date):
        raise Conflict(
            f"The number {row.number} stays, and is of {row.number_scope} and not of {issue_date}. "
            "Give an issue date that it fits, or void this bill and make a new one."
        )


def issued_dates(row: BillRow, due_column: str) -> dict[str, Any]:
    """The columns of the dates from the issue on, when the issue date is a given one. Raises as ``check_scope``."""
    check_scope(row, row.issue_date)
    return {"issue_date": row.issue_date, "issue_date_given": True, due_column: getattr(row, due_column)}
