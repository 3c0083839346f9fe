"""The SQL of payments."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from msgspec import structs
from sqlalchemy import ColumnElement, Select, and_, bindparam, select, update

from tallystick.core.account import Account
from tallystick.core.payment import PaymentStatus
from tallystick.payments.types import Allocation, Payment, PaymentFilter
from tallystick.store import labels, rows
from tallystick.store.db import Tx
from tallystick.store.ids import next_ids
from tallystick.store.paging import Page, PageRequest, fetch, stream
from tallystick.store.search import mentions
from tallystick.store.tables import customers, invoices, payment_allocations, payments
from tallystick.store.tx import Objections

SORTS: Mapping[str, ColumnElement[Any]] = {"created_at": payments.c.id, "date": payments.c.date}
COLUMNS = tuple(name for name in Payment.__struct_fields__ if name != "allocations")
PAYMENT_COLUMNS = [payments.c[name] for name in COLUMNS]

CUSTOMER_NAME = (
    select(customers.c.name)
    .where(customers.c.account_id == payments.c.account_id, customers.c.id == payments.c.customer_id)
    .correlate(payments)
    .scalar_subquery()
)
EXPORTED_AT_ONCE = 200

INSERT = payments.insert()
ONE: Select[Any] = select(*PAYMENT_COLUMNS).where(
    payments.c.account_id == bindparam("account"), payments.c.id == bindparam("payment")
)
ONE_LOCKED = ONE.with_for_update()
# The next payments in the order of their ids.
SOME_AFTER: Select[Any] = (
    select(*PAYMENT_COLUMNS)
    .where(payments.c.account_id == bindparam("account"), payments.c.id > bindparam("after"))
    .order_by(payments.c.id)
    .limit(bindparam("limit"))
)
# What some payments settle, and the numbers of the invoices.
ALLOCATIONS: Select[Any] = (
    select(
        payment_allocations.c.id,
        payment_allocations.c.payment_id,
        payment_allocations.c.invoice_id,
        invoices.c.number,
        payment_allocations.c.amount,
    )
    .join(
        invoices,
        and_(
            invoices.c.account_id == payment_allocations.c.account_id,
            invoices.c.id == payment_allocations.c.invoice_id,
        ),
    )
    .where(
        payment_allocations.c.account_id == bindparam("account"),
        payment_allocations.c.payment_id.in_(bindparam("payments", expanding=True)),
    )
)
# Of each attempt to pay some invoices, what it would have settled and how it ended.
ATTEMPTS: Select[Any] = (
    select(payments.c.id, payment_allocations.c.invoice_id, payments.c.status)
    .join(
        payments,
        and_(
            payments.c.account_id == payment_allocations.c.account_id,
            payments.c.id == payment_allocations.c.payment_id,
        ),
    )
    .where(
        payment_allocations.c.account_id == bindparam("account"),
        payment_allocations.c.invoice_id.in_(bindparam("invoices", expanding=True)),
    )
)


class _Share(NamedTuple):
    """What a payment settles of an invoice."""

    id: int
    payment_id: int
    invoice_id: int
    number: str | None
    amount: int

    @property
    def allocation(self) -> Allocation:
        """It as a payment holds it."""
        return Allocation(self.invoice_id, self.number, self.amount)


class _Attempt(NamedTuple):
    """A payment of an invoice, and how it ended."""

    id: int
    invoice_id: int
    status: PaymentStatus


def insert_all(tx: Tx, account: Account, new: Sequence[Payment]) -> list[Payment]:
    """Writes payments and what they settle, and answers them with their ids.

    Raises Conflict where the ``external_id`` of a single one is taken, IntegrityError where one of several is.
    """
    made = [_inserted(tx, account, *new)] if len(new) == 1 else _all_inserted(tx, account, new)
    placed = [(account.id, each.id, share.invoice_id, share.amount) for each in made for share in each.allocations]
    tx.insert_many(payment_allocations, ("account_id", "payment_id", "invoice_id", "amount"), placed)
    return made


def _inserted(tx: Tx, account: Account, new: Payment) -> Payment:
    values = dict(zip(COLUMNS, structs.astuple(new), strict=False))
    del values["id"]
    objections = Objections(lambda error: labels.refusal_of_a_taken_external_id(payments, values, error) or error)
    return structs.replace(new, id=tx.tell_new(INSERT, objections, account_id=account.id, **values))


def _all_inserted(tx: Tx, account: Account, new: Sequence[Payment]) -> list[Payment]:
    if not new:
        return []
    ids = next_ids(tx, payments, len(new))
    made = [structs.replace(payment, id=payment_id) for payment_id, payment in zip(ids, new, strict=True)]
    width = len(COLUMNS)
    tx.insert_many(
        payments, ("account_id", *COLUMNS), [(account.id, *structs.astuple(payment)[:width]) for payment in made]
    )
    return made


def get(tx: Tx, account: Account, payment_id: int) -> Payment:
    """One payment with its allocations, or NotFound."""
    return _one(tx, account, ONE, payment_id)


def get_locked(tx: Tx, account: Account, payment_id: int) -> Payment:
    """As ``get``, and nobody else changes the payment before this transaction ends."""
    return _one(tx, account, ONE_LOCKED, payment_id)


def _one(tx: Tx, account: Account, statement: Select[Any], payment_id: int) -> Payment:
    found = tx.row(statement, Payment, account=account.id, payment=payment_id)
    if found is None:
        raise rows.not_found(payments)
    return _whole(tx, account, [found])[0]


def change(tx: Tx, account: Account, payment_id: int, changes: Mapping[str, Any]) -> None:
    """Changes a payment, which is locked, and counts its version up; Conflict where its ``external_id`` is taken."""
    statement = update(payments).where(payments.c.account_id == account.id, payments.c.id == payment_id)
    with labels.refusing_a_taken_external_id(payments, changes):
        tx.write(statement.values({**changes, "version": payments.c.version + 1}))


def page(tx: Tx, account: Account, wanted: PaymentFilter, request: PageRequest) -> Page[Payment]:
    """A page of the payments that the filter selects."""
    query = select(*PAYMENT_COLUMNS).where(*_conditions(account, wanted))
    found = fetch(tx, query, request, sorts=SORTS, kind=Payment)
    return structs.replace(found, rows=_whole(tx, account, found.rows))


def every(tx: Tx, account: Account, wanted: PaymentFilter, request: PageRequest) -> Iterator[tuple[Payment, str]]:
    """As ``page``, all of them, each with its customer's name."""
    query = select(*PAYMENT_COLUMNS, CUSTOMER_NAME).where(*_conditions(account, wanted))
    found = stream(tx, query, request, sorts=SORTS, kind=_with_customer)
    while some := list(islice(found, EXPORTED_AT_ONCE)):
        whole = _whole(tx, account, [payment for payment, _customer in some])
        yield from zip(whole, (customer for _payment, customer in some), strict=True)


def of_invoice(tx: Tx, account: Account, invoice_id: int) -> list[Payment]:
    """Every payment of an invoice, oldest first: failed and reversed ones too."""
    conditions = _conditions(account, PaymentFilter(invoice_id=invoice_id))
    query = select(*PAYMENT_COLUMNS).where(*conditions).order_by(payments.c.id)
    return _whole(tx, account, tx.rows(query, Payment))


def failed_last(tx: Tx, account: Account, invoice_ids: Collection[int]) -> set[int]:
    """Those of these invoices whose last payment is an attempt that failed."""
    if not invoice_ids:
        return set()
    found = sorted(tx.rows(ATTEMPTS, _Attempt, account=account.id, invoices=invoice_ids))
    last = {attempt.invoice_id: attempt.status for attempt in found}
    return {invoice_id for invoice_id, status in last.items() if status == PaymentStatus.FAILED}


def _conditions(account: Account, wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    equal = ("external_id", "customer_id", "method", "status", "currency")
    tests = [payments.c.account_id == account.id]
    tests += [payments.c[name] == value for name in equal if (value := getattr(wanted, name)) is not None]
    if wanted.invoice_id is not None:
        settling = select(payment_allocations.c.payment_id).where(
            payment_allocations.c.account_id == account.id, payment_allocations.c.invoice_id == wanted.invoice_id
        )
        tests.append(payments.c.id.in_(settling))
    if wanted.from_date is not None:
        tests.append(payments.c.date >= wanted.from_date)
    if wanted.to_date is not None:
        tests.append(payments.c.date <= wanted.to_date)
    if wanted.search:
        tests.append(mentions(wanted.search, payments.c.reference))
    return tests


def some_after(tx: Tx, account: Account, payment_id: int, limit: int) -> list[Payment]:
    """The first payments after an id, in the order of their ids; at most ``limit``."""
    return _whole(tx, account, tx.rows(SOME_AFTER, Payment, account=account.id, after=payment_id, limit=limit))


def _whole(tx: Tx, account: Account, found: Sequence[Payment]) -> list[Payment]:
    """The payments with what each of them settles."""
    settled: dict[int, list[Allocation]] = defaultdict(list)
    # Sorted here: told to sort, SQLite would go through all the allocations of the account in the order of their ids.
    ids = [payment.id for payment in found]
    for share in sorted(tx.rows(ALLOCATIONS, _Share, account=account.id, payments=ids)):
        settled[share.payment_id].append(share.allocation)
    return [structs.replace(payment, allocations=settled[payment.id]) for payment in found]


def _with_customer(*columns: Any) -> tuple[Payment, str]:
    return Payment(*columns[:-1]), columns[-1]
