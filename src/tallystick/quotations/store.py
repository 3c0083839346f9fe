"""The SQL of quotations."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, not_, or_, select

from tallystick.bills.store import Lines, planned
from tallystick.bills.types import LineRow
from tallystick.core.account import Account
from tallystick.core.states import QuotationState, QuotationStatus
from tallystick.quotations.kind import QUOTATIONS
from tallystick.quotations.types import Quotation, QuotationFilter, QuotationRow
from tallystick.store import rows
from tallystick.store.db import Tx
from tallystick.store.paging import Page, PageRequest, fetch, stream
from tallystick.store.prepared import Statement
from tallystick.store.tables import (
    quotations,
)

bills = QUOTATIONS.rows
lines: Lines[LineRow] = QUOTATIONS.own_lines

SORTS: Mapping[str, ColumnElement[Any]] = {
    "created_at": quotations.c.id,
    "issue_date": quotations.c.issue_date,
    "valid_until": quotations.c.valid_until,
    "total": quotations.c.total,
    "number": quotations.c.number_order,
}
SHARED = (quotations.c.share_token == bindparam("token"), quotations.c.state != QuotationState.DRAFT)
BY_ID = bills.one(quotations.c.id == bindparam("quotation"))
BY_ID_LOCKED = BY_ID.with_for_update(of=quotations)
BY_TOKEN = bills.one(*SHARED)
ID_OF_TOKEN = select(quotations.c.id).where(quotations.c.account_id == bindparam("account"), *SHARED)
# Tells by a row that the account has this quotation.
KNOWN = select(quotations.c.id).where(
    quotations.c.account_id == bindparam("account"), quotations.c.id == bindparam("quotation")
)
DELETE = delete(quotations).where(
    quotations.c.account_id == bindparam("account"), quotations.c.id == bindparam("quotation")
)


def get(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """One quotation, whole, or NotFound."""
    found, own_lines = tx.together(
        bills.reading(tx, account, BY_ID, quotation=quotation_id), lines.reading(account, quotation_id)
    )
    row, customer = bills.only(found)
    return Quotation(row=row, lines=own_lines, customer=customer)


def get_locked(tx: Tx, account: Account, quotation_id: int) -> Quotation:
    """As ``get``, and nobody else changes the quotation before this transaction ends."""
    return _whole(tx, account, BY_ID_LOCKED, quotation=quotation_id)


def get_shared(tx: Tx, account: Account, token: str) -> Quotation:
    """The issued quotation that the share token opens, or NotFound."""
    return _whole(tx, account, BY_TOKEN, token=token)


def id_of(tx: Tx, account: Account, token: str) -> int:
    """The id of the issued quotation that the share token opens, or NotFound."""
    quotation_id = tx.row(ID_OF_TOKEN, int, account=account.id, token=token)
    if quotation_id is None:
        raise rows.not_found(quotations)
    return quotation_id


def check_known(tx: Tx, account: Account, quotation_id: int) -> None:
    """Raises NotFound where the account has no such quotation."""
    if tx.row(KNOWN, int, account=account.id, quotation=quotation_id) is None:
        raise rows.not_found(quotations)


def _whole(tx: Tx, account: Account, statement: Statement, **wanted: Any) -> Quotation:
    row, customer = bills.read(tx, account, statement, **wanted)
    return Quotation(row=row, lines=lines.of(tx, account, row.id), customer=customer)


def page(tx: Tx, account: Account, wanted: QuotationFilter, request: PageRequest) -> Page[QuotationRow]:
    """A page of the quotations that the filter selects."""
    query = bills.some(*conditions(account, wanted, account.today(tx.now)))
    with planned(tx, wanted):
        return fetch(tx, query, request, sorts=SORTS, kind=bills.as_of(account, tx.now))


def every(tx: Tx, account: Account, wanted: QuotationFilter, request: PageRequest) -> Iterator[QuotationRow]:
    """As ``page``, all of them."""
    query = bills.some(*conditions(account, wanted, account.today(tx.now)))
    return stream(tx, query, request, sorts=SORTS, kind=bills.as_of(account, tx.now))


def conditions(account: Account, wanted: QuotationFilter, today: date) -> list[ColumnElement[bool]]:
    """What a row must satisfy to be selected."""
    tests = bills.conditions(account, wanted, today)
    if wanted.statuses:
        tests.append(or_(*(shows(status, today) for status in sorted(wanted.statuses))))
    return tests


def shows(status: QuotationStatus, today: date) -> ColumnElement[bool]:
    """The test that a row shows this status on this day: ``core.states.quotation_status`` in SQL."""
    is_past = and_(quotations.c.state == QuotationState.SENT, quotations.c.valid_until < today)
    if status is QuotationStatus.EXPIRED:
        return is_past
    return and_(quotations.c.state == QuotationState(status), not_(is_past))


def remove(tx: Tx, account: Account, quotation_id: int) -> None:
    """Deletes a quotation's row and its lines for ever."""
    tx.write(DELETE, account=account.id, quotation=quotation_id)
