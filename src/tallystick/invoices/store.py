"""The SQL of invoices."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from tallystick.bills.store import Lines, planned
from tallystick.bills.types import LineRow
from tallystick.core import numbering
from tallystick.core.account import Account
from tallystick.core.party import Buyer
from tallystick.core.states import InvoiceState, InvoiceStatus
from tallystick.invoices.kind import INVOICES
from tallystick.invoices.types import CreditNoteOfInvoice, Invoice, InvoiceFilter, InvoiceRow, PaymentLine
from tallystick.store import outbox, rows, search_index
from tallystick.store.by_days import ByDays, Merge
from tallystick.store.db import Tx
from tallystick.store.lists import in_list
from tallystick.store.outbox import Recorded
from tallystick.store.paging import Found, ListPart, Page, PageRequest, fetch, stream, walk
from tallystick.store.prepared import Statement
from tallystick.store.tables import (
    credit_notes,
    events,
    invoices,
    payment_allocations,
    payments,
)
from tallystick.store.together import Reading
from tallystick.store.unindexed import tested_unindexed, unindexed

bills = INVOICES.rows
lines: Lines[LineRow] = INVOICES.own_lines

SORTS: Mapping[str, ColumnElement[Any]] = {
    "created_at": invoices.c.id,
    "issue_date": invoices.c.issue_date,
    "due_date": invoices.c.due_date,
    "total": invoices.c.total,
    "number": invoices.c.number_order,
}
# Written into the statement, because with a parameter SQLite could not tell that the index of open invoices will do.
ISSUED = invoices.c.state == literal_column(f"'{InvoiceState.ISSUED}'")
OWED = invoices.c.total > invoices.c.paid + invoices.c.credited
NOT_ISSUED = invoices.c.state != literal_column(f"'{InvoiceState.ISSUED}'")
OPEN_STATUSES = frozenset({InvoiceStatus.SENT, InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.OVERDUE})
NOT_DUE_STATUSES = frozenset({InvoiceStatus.SENT, InvoiceStatus.PARTIALLY_PAID})
NOT_ISSUED_STATUSES = frozenset({InvoiceStatus.DRAFT, InvoiceStatus.VOIDED})
NOT_DELETED = invoices.c.deleted_at.is_(None)
# True of every row. SQLite, which plans without knowing how many rows there are, takes the narrowest index that will
# do; a condition on its second column leads it to the one that holds all it takes, so that no row need be looked at.
BY_CURRENCY = invoices.c.currency > ""
EVERY = InvoiceFilter()
OF_ACCOUNT: Select[Any] = bills.some(invoices.c.account_id == bindparam("account"), NOT_DELETED)
# The columns that lead to the index of a sort: in minor units, one currency's totals are apart from another's.
WALKED_BY: Mapping[Any, Sequence[ColumnElement[Any]]] = {invoices.c.total: (invoices.c.currency, invoices.c.total)}
OF_EVERY_LIST = (invoices.c.account_id, invoices.c.deleted_at)
FILTERED: Mapping[Any, frozenset[Any]] = {
    sort: frozenset(invoices.c).difference(OF_EVERY_LIST, WALKED_BY.get(sort, (sort,))) for sort in SORTS.values()
}
IN_TRASH = invoices.c.deleted_at.is_not(None)

ONE = bills.one(invoices.c.id == bindparam("invoice"))
BY_ID = ONE.where(NOT_DELETED)
BY_ID_LOCKED = BY_ID.with_for_update(of=invoices)
TRASHED_LOCKED = ONE.where(IN_TRASH).with_for_update(of=invoices)
# What a share link opens: an invoice once it is issued; of a draft with a token, only the PDF.
BY_TOKEN = bills.one(invoices.c.share_token == bindparam("token"), invoices.c.state != InvoiceState.DRAFT, NOT_DELETED)
BY_TOKEN_IN_ANY_STATE = bills.one(invoices.c.share_token == bindparam("token"), NOT_DELETED)
KNOWN = select(invoices.c.id).where(
    invoices.c.account_id == bindparam("account"), invoices.c.id == bindparam("invoice"), NOT_DELETED
)
ID_OF_NUMBER = select(invoices.c.id).where(
    invoices.c.account_id == bindparam("account"), invoices.c.number_key == bindparam("key"), NOT_DELETED
)
# Always in the order of the ids, so that two transactions that want the same rows cannot wait for each other.
ALL_LOCKED: Select[Any] = (
    bills.some(invoices.c.account_id == bindparam("account"), in_list(invoices.c.id, "ids"), NOT_DELETED)
    .order_by(invoices.c.id)
    .with_for_update(of=invoices)
)
ROWS_LOCKED: Select[Any] = (
    bills.some(
        invoices.c.account_id == bindparam("account"), invoices.c.id.in_(bindparam("ids", expanding=True)), NOT_DELETED
    )
    .order_by(invoices.c.id)
    .with_for_update(of=invoices)
)
# The issued invoices on which a customer owes something in one currency.
OPEN_LOCKED: Select[Any] = (
    bills.some(
        invoices.c.account_id == bindparam("account"),
        invoices.c.customer_id == bindparam("customer"),
        invoices.c.currency == bindparam("in_currency"),
        ISSUED,
        OWED,
    )
    .order_by(invoices.c.id)
    .with_for_update(of=invoices)
)


def _settlements(of_invoice: Callable[[ColumnElement[int]], ColumnElement[bool]]) -> CompoundSelect[Any]:
    """The payments of some invoices and their credit notes, in the same columns."""
    return union_all(
        select(
            payment_allocations.c.invoice_id,
            literal("payment").label("kind"),
            payments.c.id,
            payments.c.amount,
            payment_allocations.c.amount.label("part"),
            cast(payments.c.method, Text).label("name"),
            payments.c.reference.label("reason"),
            payments.c.date,
            payments.c.notes,
            payments.c.status,
            payments.c.created_at,
        )
        .join_from(
            payment_allocations,
            payments,
            and_(
                payments.c.account_id == payment_allocations.c.account_id,
                payments.c.id == payment_allocations.c.payment_id,
            ),
        )
        .where(payment_allocations.c.account_id == bindparam("account"), of_invoice(payment_allocations.c.invoice_id)),
        select(
            credit_notes.c.invoice_id,
            literal("credit_note"),
            credit_notes.c.id,
            credit_notes.c.total,
            credit_notes.c.to_credit,
            credit_notes.c.number,
            credit_notes.c.reason,
            credit_notes.c.issue_date,
            cast(null(), Text),
            cast(null(), Text),
            credit_notes.c.created_at,
        ).where(credit_notes.c.account_id == bindparam("account"), of_invoice(credit_notes.c.invoice_id)),
    )


HISTORY = _settlements(lambda invoice_id: invoice_id == bindparam("invoice"))
HISTORIES = _settlements(lambda invoice_id: in_list(invoice_id, "invoices"))
# The events of an invoice, of its payments and of its credit notes.
ACTIVITY = union_all(
    outbox.about("invoice", events.c.subject_id == bindparam("invoice")),
    outbox.about(
        "payment",
        events.c.subject_id.in_(
            select(payment_allocations.c.payment_id).where(
                payment_allocations.c.account_id == bindparam("account"),
                payment_allocations.c.invoice_id == bindparam("invoice"),
            )
        ),
    ),
    outbox.about(
        "credit_note",
        events.c.subject_id.in_(
            select(credit_notes.c.id).where(
                credit_notes.c.account_id == bindparam("account"), credit_notes.c.invoice_id == bindparam("invoice")
            )
        ),
    ),
)
# The invoice that bills a period of a schedule and is not voided; one in the trash, too.
OF_PERIOD: Select[Any] = bills.some(
    invoices.c.account_id == bindparam("account"),
    invoices.c.recurring_id == bindparam("schedule"),
    invoices.c.period_start == bindparam("start"),
    invoices.c.state != InvoiceState.VOIDED,
)
READ = rows.reader(invoices, InvoiceRow)
Settling = PaymentLine | CreditNoteOfInvoice
DELETE = delete(invoices).where(invoices.c.account_id == bindparam("account"), invoices.c.id == bindparam("invoice"))


def get(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """One invoice, whole, or NotFound."""
    found, *parts = tx.together(
        bills.reading(tx, account, BY_ID, invoice=invoice_id), *_readings_of_parts(account, invoice_id)
    )
    return _joined(bills.only(found), *parts)


def get_locked(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """As ``get``, and nobody else changes the invoice before this transaction ends."""
    return _whole(tx, account, BY_ID_LOCKED, invoice=invoice_id)


def get_trashed_locked(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """As ``get_locked``, of an invoice in the trash."""
    return _whole(tx, account, TRASHED_LOCKED, invoice=invoice_id)


def get_shared(tx: Tx, account: Account, token: str) -> Invoice:
    """The issued or voided invoice that the share token opens, or NotFound."""
    return _whole(tx, account, BY_TOKEN, token=token)


def get_by_token(tx: Tx, account: Account, token: str) -> Invoice:
    """The invoice in any state whose share token it is, or NotFound: a draft that has one, too, shows its PDF."""
    return _whole(tx, account, BY_TOKEN_IN_ANY_STATE, token=token)


def of_period(tx: Tx, account: Account, period: Mapping[str, Any]) -> InvoiceRow | None:
    """The invoice that bills a schedule's period and is not voided, be it in the trash, if there is one."""
    schedule, start = period["recurring_id"], period["period_start"]
    return tx.row(OF_PERIOD, READ, account=account.id, schedule=schedule, start=start)


def id_called(tx: Tx, account: Account, name: str) -> int:
    """The id of the invoice with a number, else the id that the name is, or NotFound."""
    found = tx.row(ID_OF_NUMBER, int, account=account.id, key=numbering.key(name))
    if found is None and not name.isdecimal():
        raise rows.not_found(invoices)
    return found or int(name)


def check_known(tx: Tx, account: Account, invoice_id: int) -> None:
    """Raises NotFound where the account has no such invoice outside the trash."""
    if tx.row(KNOWN, int, account=account.id, invoice=invoice_id) is None:
        raise rows.not_found(invoices)


def all_locked(tx: Tx, account: Account, ids: Sequence[int]) -> dict[int, Invoice]:
    """As ``get_locked``, those of these invoices that there are, by their ids: four queries."""
    found = bills.whole_rows(tx, account, ALL_LOCKED, ids=ids)
    known = [row.id for row, _customer in found]
    lines_of = lines.of_each(tx, account, known)
    history: dict[int, list[Settling]] = {invoice_id: [] for invoice_id in known}
    for invoice_id, settling in tx.rows(HISTORIES, _settling_of, account=account.id, invoices=known):
        history[invoice_id].append(settling)
    return {each[0].id: _joined(each, lines_of[each[0].id], history[each[0].id]) for each in found}


def _whole(tx: Tx, account: Account, statement: Statement, **wanted: Any) -> Invoice:
    # A row that is locked may have been waited for, and with it what follows.
    found = bills.read(tx, account, statement, **wanted)
    return _joined(found, *tx.together(*_readings_of_parts(account, found[0].id)))


def _readings_of_parts(account: Account, invoice_id: int) -> tuple[Reading, Reading]:
    return (
        lines.reading(account, invoice_id),
        Reading(HISTORY, _settling, {"account": account.id, "invoice": invoice_id}),
    )


def _joined(found: tuple[InvoiceRow, Buyer], own_lines: list[LineRow], history: list[Settling]) -> Invoice:
    row, customer = found
    # Sorted here: told to sort, SQLite would go through all the payments of the account in the order of their ids.
    oldest_first = sorted(history, key=lambda settling: settling.id)
    return Invoice(
        row=row,
        lines=own_lines,
        customer=customer,
        payments=[each for each in oldest_first if isinstance(each, PaymentLine)],
        credit_notes=[each for each in oldest_first if isinstance(each, CreditNoteOfInvoice)],
    )


def _settling_of(invoice_id: int, *columns: Any) -> tuple[int, Settling]:
    return invoice_id, _settling(invoice_id, *columns)


def _settling(_invoice_id: int, kind: str, *columns: Any) -> Settling:
    if kind == "payment":
        return PaymentLine(*columns)
    note_id, total, to_credit, number, reason, issue_date, *_of_payments = columns
    return CreditNoteOfInvoice(
        id=note_id, number=number, issue_date=issue_date, total=total, to_credit=to_credit, reason=reason
    )


def activity(tx: Tx, account: Account, invoice_id: int) -> list[Recorded]:
    """What happened to an invoice, to its payments and to its credit notes, oldest first; NotFound in the trash."""
    check_known(tx, account, invoice_id)
    found = tx.rows(ACTIVITY, Recorded, account=account.id, invoice=invoice_id)
    return sorted(found, key=lambda event: event.id)


def trash(tx: Tx, account: Account, request: PageRequest) -> Page[InvoiceRow]:
    """A page of the trash."""
    query = bills.some(invoices.c.account_id == account.id, IN_TRASH)
    return fetch(tx, query, request, sorts=SORTS, kind=bills.as_of(account, tx.now))


def page(tx: Tx, account: Account, wanted: InvoiceFilter, request: PageRequest) -> Page[InvoiceRow]:
    """A page of the invoices that the filter selects."""
    kind = bills.as_of(account, tx.now)
    if wanted == EVERY:
        of_account = {"account": account.id}
        return walk(tx, OF_ACCOUNT, of_account, request, sorts=SORTS, kind=kind, counting=BY_CURRENCY)
    tests = conditions(account, wanted, account.today(tx.now))
    sort = SORTS.get(request.sort or "created_at", invoices.c.id)
    walked = bills.some(*(tested_unindexed(test, FILTERED[sort]) for test in tests))
    with planned(tx, wanted):
        few = _few(tx, account, wanted, tests, order_of_ids=request.order if sort is invoices.c.id else None)
        return fetch(tx, walked, request, sorts=SORTS, kind=kind, few=few)


def _few(
    tx: Tx, account: Account, wanted: InvoiceFilter, tests: Sequence[ColumnElement[bool]], *, order_of_ids: str | None
) -> Found | None:
    """How the filter's own indexes find what it selects; PostgreSQL knows how many that may be, and chooses itself."""
    query = _by_own_index(wanted, tests)
    if wanted.search:
        return search_index.found(tx, account, query, wanted.search, order_of_ids=order_of_ids)
    today = account.today(tx.now)
    if wanted.to_date is not None and wanted.to_date < today:
        # A walk from the newest on would pass over all that came since, be they ever so many.
        merge = _merge(tx, account, wanted, wanted.to_date)
        return Found([[ListPart(query, invoices.c.id + literal_column("0"), merge)]], are_in_order_of_ids=True)
    if tx.is_postgresql:
        return None
    is_range_of_days = _are_by_due_date(wanted) or wanted.from_date is not None
    key = unindexed(invoices.c.id) if is_range_of_days else invoices.c.id
    return Found([[ListPart(query, key)]], are_in_order_of_ids=not is_range_of_days)


def _by_own_index(wanted: InvoiceFilter, tests: Sequence[ColumnElement[bool]]) -> Select[Any]:
    # Of all that were ever due, few are still open; and of these, few are not due yet.
    less_telling = invoices.c.currency if _are_by_due_date(wanted) else invoices.c.due_date
    return bills.some(*(tested_unindexed(test, {less_telling}) for test in tests))


def _are_by_due_date(wanted: InvoiceFilter) -> bool:
    return bool(wanted.statuses) and wanted.statuses <= NOT_DUE_STATUSES and wanted.customer_id is None


def _merge(tx: Tx, account: Account, wanted: InvoiceFilter, latest: date) -> Merge | None:
    """How the rows of a range of days are merged, where the filter tests nothing else."""
    if wanted != InvoiceFilter(from_date=wanted.from_date, to_date=latest):
        return None
    rows_of_account = bills.some(invoices.c.account_id == account.id, NOT_DELETED)
    return ByDays(rows_of_account, invoices.c.id, invoices.c.issue_date, wanted.from_date, latest).merging(tx)


def every(tx: Tx, account: Account, wanted: InvoiceFilter, request: PageRequest) -> Iterator[InvoiceRow]:
    """As ``page``, all of them."""
    query = bills.some(*conditions(account, wanted, account.today(tx.now)))
    return stream(tx, query, request, sorts=SORTS, kind=bills.as_of(account, tx.now))


def conditions(account: Account, wanted: InvoiceFilter, today: date) -> list[ColumnElement[bool]]:
    """What a row must satisfy to be selected; never one in the trash."""
    tests = [*bills.conditions(account, wanted, today), NOT_DELETED]
    if wanted.statuses:
        tests.append(or_(*(shows(status, today) for status in sorted(wanted.statuses))))
        if wanted.statuses <= OPEN_STATUSES:
            # Implied by each, and said once more because neither database would find out: it opens their index.
            tests += [ISSUED, OWED]
        if wanted.statuses <= NOT_DUE_STATUSES:
            tests.append(invoices.c.due_date >= today)
        if wanted.statuses <= NOT_ISSUED_STATUSES:
            tests.append(NOT_ISSUED)
    if wanted.recurring_id is not None:
        tests.append(invoices.c.recurring_id == wanted.recurring_id)
    return tests


def shows(status: InvoiceStatus, today: date) -> ColumnElement[bool]:
    """The test that a row shows this status on this day: ``core.states.invoice_status`` in SQL."""
    settled = invoices.c.paid + invoices.c.credited
    owed = and_(ISSUED, OWED)
    on_time = and_(owed, invoices.c.due_date >= today)
    return {
        InvoiceStatus.DRAFT: invoices.c.state == InvoiceState.DRAFT,
        InvoiceStatus.VOIDED: invoices.c.state == InvoiceState.VOIDED,
        InvoiceStatus.PAID: and_(ISSUED, invoices.c.total <= settled),
        InvoiceStatus.OVERDUE: and_(owed, invoices.c.due_date < today),
        InvoiceStatus.PARTIALLY_PAID: and_(on_time, settled > 0),
        InvoiceStatus.SENT: and_(on_time, settled == 0),
    }[status]


def insert_many(tx: Tx, account: Account, made: Sequence[Invoice]) -> None:
    """Writes the rows of invoices, whose ids are ``ids.next_ids``, and their lines."""
    bills.insert_many(tx, account, [invoice.row for invoice in made])
    lines.insert_many(tx, account, [(invoice.row.id, invoice.lines) for invoice in made])


def purge(tx: Tx, account: Account, invoice_id: int) -> None:
    """Deletes an invoice's row and its lines for ever; IntegrityError where the journal or a payment names it."""
    tx.write(DELETE, account=account.id, invoice=invoice_id)


def rows_locked(tx: Tx, account: Account, ids: Collection[int]) -> list[InvoiceRow]:
    """The rows of these invoices, in the order of their ids, for this transaction alone to change."""
    return tx.rows(ROWS_LOCKED, READ, account=account.id, ids=ids)


def open_rows_locked(tx: Tx, account: Account, customer_id: int, currency: str) -> list[InvoiceRow]:
    """The issued invoices on which a customer owes something, for this transaction alone to change."""
    return tx.rows(OPEN_LOCKED, READ, account=account.id, customer=customer_id, in_currency=currency)
