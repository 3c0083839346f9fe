"""The SQL that every kind of bill shares."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime
from functools import partial
from typing import Any, Generic, TypeVar

from msgspec import structs
from sqlalchemy import (
    ColumnElement,
    Index,
    Select,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import insert as insert_into
from sqlalchemy.exc import IntegrityError

from tallystick.bills.numbers import NumberInUse
from tallystick.bills.sums import Sums
from tallystick.bills.types import BillFilter, BillRow, Item, LineRow, References
from tallystick.core.account import Account
from tallystick.core.bill import Bill, Line
from tallystick.core.party import Buyer
from tallystick.core.periods import due_date
from tallystick.core.totals import LineTotals, Totals
from tallystick.customers.types import Customer
from tallystick.products.types import Product
from tallystick.store import labels, rows
from tallystick.store.db import TryAgain, Tx, violates
from tallystick.store.lists import in_list
from tallystick.store.prepared import Statement
from tallystick.store.search import holds, searchable
from tallystick.store.tables import customers, products, taxes
from tallystick.store.together import Reading
from tallystick.store.tx import Objections
from tallystick.taxes.types import Tax

R = TypeVar("R", bound=BillRow)
A = TypeVar("A", bound=BillRow)
L = TypeVar("L", bound=LineRow)

UNDATED = date.max
"""What is stored as the date of a draft that nobody dated: so lists and statistics have it among the newest."""

SEARCHED = frozenset({"number", "wanted_number", "customer_id", "customer_name"})
"""The columns of which what a search looks in is made."""

READ_CUSTOMER = rows.reader(customers, Customer)
READ_BUYER = rows.reader(customers, Buyer)
CUSTOMER: Select[Any] = select(*rows.columns(customers, Customer)).where(
    customers.c.account_id == bindparam("account"), customers.c.id == bindparam("wanted")
)
NAME: Select[Any] = select(customers.c.name).where(
    customers.c.account_id == bindparam("account"), customers.c.id == bindparam("wanted")
)
BUYERS: Select[Any] = select(*rows.columns(customers, Buyer)).where(
    customers.c.account_id == bindparam("account"), in_list(customers.c.id, "wanted")
)
PRODUCTS: Select[Any] = select(*rows.columns(products, Product)).where(
    products.c.account_id == bindparam("account"), products.c.id.in_(bindparam("wanted", expanding=True))
)
# The taxes of these ids, those of these products, and the default one.
TAXES: Select[Any] = select(*rows.columns(taxes, Tax)).where(
    taxes.c.account_id == bindparam("account"),
    or_(
        taxes.c.is_default,
        taxes.c.id.in_(bindparam("wanted", expanding=True)),
        taxes.c.id.in_(
            select(products.c.tax_id).where(
                products.c.account_id == bindparam("account"), products.c.id.in_(bindparam("priced", expanding=True))
            )
        ),
    ),
)


def gather(
    tx: Tx, account: Account, customer_id: int, items: Sequence[Item], customer: Customer | None = None
) -> References:
    """The rows that a new bill names: at most three queries, of which that for a ``customer`` who is given is saved."""
    product_ids = {item.product_id for item in items if item.product_id}
    readings = {}
    if customer is None:
        readings["customer"] = Reading(CUSTOMER, READ_CUSTOMER, {"account": account.id, "wanted": customer_id})
    if product_ids:
        readings["products"] = Reading(PRODUCTS, Product, {"account": account.id, "wanted": product_ids})
    if any(item.tax_rate is None or item.tax_id is not None for item in items):
        readings["taxes"] = _reading_of_taxes(account, {item.tax_id for item in items}, product_ids)
    found = dict(zip(readings, tx.together(*readings.values()), strict=True))
    return References(
        customer=customer or next(iter(found["customer"]), None),
        products={product.id: product for product in found.get("products", ())},
        taxes={tax.id: tax for tax in found.get("taxes", ())},
        default_tax=next((tax for tax in found.get("taxes", ()) if tax.is_default), None),
    )


def taxes_of(tx: Tx, account: Account, lines: Sequence[LineRow]) -> dict[int, Tax]:
    """The taxes that stored lines name, as they are by now."""
    (found,) = tx.together(_reading_of_taxes(account, {line.tax_id for line in lines}))
    return {tax.id: tax for tax in found}


def _reading_of_taxes(account: Account, wanted: set[int | None], priced: Collection[int] = ()) -> Reading:
    named = [tax_id for tax_id in wanted if tax_id]
    return Reading(TAXES, Tax, {"account": account.id, "wanted": named, "priced": priced})


def dated_within(
    issue_date: ColumnElement[date], first: date | None, last: date | None, today: date
) -> list[ColumnElement[bool]]:
    """The tests that a bill is dated from the first to the last day, both inclusive; a draft without a date, today."""
    tests = []
    if first is not None:
        tests.append(issue_date >= first)
        if first > today:
            tests.append(issue_date < UNDATED)
    if last is not None:
        tests.append(issue_date <= last if last < today else or_(issue_date <= last, issue_date == UNDATED))
    return tests


def planned(tx: Tx, wanted: BillFilter[Any]) -> AbstractContextManager[None]:
    """The block in which a list is read: a search is planned for its text."""
    if not wanted.search:
        return nullcontext()
    # How far the index goes is asked first.
    tx.keep_snapshot()
    return tx.unprepared()


def bill_values(bill: Bill, totals: Totals) -> dict[str, Any]:
    """The columns of a bill's row that follow from the bill and its totals."""
    return {
        "currency": bill.currency,
        "discount_type": bill.discount and bill.discount.type.value,
        "discount_value": bill.discount and bill.discount.value,
        "prices_include_tax": bill.prices_include_tax,
        "rounding": bill.rounding.value,
        "rounding_mode": bill.rounding_mode.value,
        "calculation": bill.calculation.value,
        "sums": Sums.of(totals),
        "taxes": totals.taxes,
    }


def unstored_lines(bill: Bill, totals: Totals) -> list[LineRow]:
    """The lines as they would be stored, with the id 0."""
    return [_unstored_line(*pair) for pair in zip(bill.lines, totals.lines, strict=True)]


def _unstored_line(line: Line, totals: LineTotals) -> LineRow:
    return LineRow(
        id=0,
        product_id=line.product_id,
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        discount_type=line.discount and line.discount.type.value,
        discount_value=line.discount and line.discount.value,
        tax_id=line.tax_id,
        tax_rate=line.tax.rate,
        tax_category=line.tax.category,
        exemption_reason=line.tax.exemption_reason,
        amount=totals.amount,
        discount=totals.discount,
        tax=totals.tax,
    )


def _searchable(tx: Tx, account: Account, row: BillRow, changes: Mapping[str, Any]) -> str:
    """What a search looks in, of a row with these changes; a draft shows the name that its customer has."""
    number, wanted = (changes.get(column, getattr(row, column)) for column in ("number", "wanted_number"))
    name = changes.get("customer_name", row.customer_name)
    if name is None or ("customer_id" in changes and "customer_name" not in changes):
        name = tx.one(NAME, str, account=account.id, wanted=changes.get("customer_id", row.customer_id))
    return searchable(number or wanted, name)


def _stamps(tx: Tx, row: BillRow) -> dict[str, Any]:
    """The columns by which every change of a row shows."""
    return {"version": row.version + 1, "updated_at": tx.now}


class Lines(Generic[L]):
    """The lines of one kind of bill: their table, the column that names their bill, and the struct that holds one."""

    def __init__(self, table: Table, owner: str, line: type[L]) -> None:
        self._table = table
        self._line = line
        self._columns = ("account_id", owner, "position", *line.__struct_fields__[1:])
        belonging = (table.c.account_id == bindparam("account"), table.c[owner] == bindparam("bill"))
        self._of_bill: Select[Any] = select(*rows.columns(table, line)).where(*belonging).order_by(table.c.position)
        self._of_bills: Select[Any] = (
            select(table.c[owner], *rows.columns(table, line))
            .where(table.c.account_id == bindparam("account"), in_list(table.c[owner], "bills"))
            .order_by(table.c[owner], table.c.position)
        )
        self._delete = delete(table).where(*belonging)

    def insert(self, tx: Tx, account: Account, bill_id: int, lines: Sequence[L]) -> list[L]:
        """Writes the lines of a bill and answers them with their ids."""
        ids = tx.insert_new(self._table, self._columns, self._placed(account, bill_id, lines))
        return [structs.replace(line, id=line_id) for line_id, line in zip(ids, lines, strict=True)]

    def insert_many(self, tx: Tx, account: Account, owned: Sequence[tuple[int, list[L]]]) -> None:
        """Writes the lines of many bills, each beside its bill's id; the ids that the lines have are not kept."""
        placed = [row for bill_id, lines in owned for row in self._placed(account, bill_id, lines)]
        tx.insert_many(self._table, self._columns, placed)

    def _placed(self, account: Account, bill_id: int, lines: Sequence[L]) -> list[tuple[Any, ...]]:
        """The rows of a bill's lines, in the order of the columns."""
        return [(account.id, bill_id, position, *structs.astuple(line)[1:]) for position, line in enumerate(lines)]

    def reading(self, account: Account, bill_id: int) -> Reading:
        """Reads the lines of a bill, in order."""
        return Reading(self._of_bill, self._line, {"account": account.id, "bill": bill_id})

    def replace(self, tx: Tx, account: Account, bill_id: int, lines: Sequence[L]) -> list[L]:
        """Puts other lines in the place of a draft's."""
        tx.write(self._delete, account=account.id, bill=bill_id)
        return self.insert(tx, account, bill_id, lines)

    def of(self, tx: Tx, account: Account, bill_id: int) -> list[L]:
        """The lines of a bill, in order."""
        return tx.rows(self._of_bill, self._line, account=account.id, bill=bill_id)

    def of_each(self, tx: Tx, account: Account, bill_ids: Sequence[int]) -> dict[int, list[L]]:
        """The lines of bills, in order, by the bills' ids."""
        found: dict[int, list[L]] = {bill_id: [] for bill_id in bill_ids}
        for bill_id, line in tx.rows(self._of_bills, self._owned, account=account.id, bills=bill_ids):
            found[bill_id].append(line)
        return found

    def _owned(self, bill_id: int, *columns: Any) -> tuple[int, L]:
        return bill_id, self._line(*columns)


class BillRows(Generic[R]):
    """The rows of one kind of bill: their table, and the struct that holds one.

    Its statements show a draft under its customer's own name, and an issued bill under the name that it was issued to.
    A draft that nobody dated is read as one of today; stored, it is ``UNDATED``. ``due_column`` names the column of the
    day to pay by, or of validity.
    """

    def __init__(
        self, table: Table, kind: type[R], due_column: str, unique_numbers: Sequence[UniqueConstraint | Index]
    ) -> None:
        self._table = table
        self._due_column = due_column
        self._unique_numbers = unique_numbers
        own = and_(customers.c.account_id == table.c.account_id, customers.c.id == table.c.customer_id)
        # A subquery and not a join: to count and to skip rows of a long list then takes no look at the customers.
        own_name = select(customers.c.name).where(own).correlate(table).scalar_subquery()
        self._shown_name = func.coalesce(table.c.customer_name, own_name)
        shown = [
            self._shown_name.label(column.name) if column.name == "customer_name" else column
            for column in rows.columns(table, kind)
        ]
        self._read = rows.reader(table, kind)
        self._write: Callable[[BillRow], list[Any]] = rows.writer(table, kind)
        self._width = len(shown)
        self._columns = [column.name for column in rows.columns(table, kind)]
        details = [column.label(f"customer_{column.name}") for column in rows.columns(customers, Buyer)]
        # Of these, no statement comes without its tests, of which one must name the account.
        self.some: Callable[..., Select[Any]] = select(*shown).where
        self._with_customer = select(*shown, *details).select_from(table.join(customers, own)).where
        self._insert = insert_into(table)
        self._change = update(table).where(
            table.c.account_id == bindparam("account"),
            table.c.id == bindparam("wanted"),
            table.c.version == bindparam("read_version"),
        )

    def one(self, *wanted: ColumnElement[bool]) -> Select[Any]:
        """The statement for one bill of the parameter ``account``, which is for ``read``."""
        return self._with_customer(self._table.c.account_id == bindparam("account"), *wanted)

    def read(self, tx: Tx, account: Account, statement: Statement, **wanted: Any) -> tuple[R, Buyer]:
        """The row, and the customer's details: the copy taken at issue, or a draft's own customer's. Or NotFound."""
        reading = self.reading(tx, account, statement, **wanted)
        return self.only(tx.rows(reading.statement, reading.kind, **reading.parameters))

    def reading(self, tx: Tx, account: Account, statement: Statement, **wanted: Any) -> Reading:
        """What ``read`` reads, whose answer is for ``only``."""
        return Reading(statement, partial(self._with_details, account.today(tx.now)), {"account": account.id, **wanted})

    def only(self, found: Sequence[tuple[R, Buyer]]) -> tuple[R, Buyer]:
        """The bill that was found, or NotFound."""
        if not found:
            raise rows.not_found(self._table)
        return found[0]

    def _with_details(self, today: date, *columns: Any) -> tuple[R, Buyer]:
        row = self.row(today, *columns[: self._width])
        return row, row.customer or READ_BUYER(*columns[self._width :])

    def row(self, today: date, *columns: Any) -> R:
        """The row of these columns, as it is on this day."""
        row = self._read(*columns)
        if row.issue_date_given:
            return row
        dates: dict[str, Any] = {"issue_date": today}
        if row.terms_days is not None:
            dates[self._due_column] = due_date(today, row.terms_days)
        return structs.replace(row, **dates)

    def whole_rows(self, tx: Tx, account: Account, statement: Statement, **wanted: Any) -> list[tuple[R, Buyer]]:
        """As ``read``, of each bill that the statement answers without its customer; two queries."""
        found = tx.rows(statement, self.as_of(account, tx.now), account=account.id, **wanted)
        drafted = {row.customer_id for row in found if row.customer is None}
        own = {buyer.id: buyer for buyer in tx.rows(BUYERS, READ_BUYER, account=account.id, wanted=sorted(drafted))}
        return [(row, row.customer or own[row.customer_id]) for row in found]

    def as_of(self, account: Account, now: datetime) -> Callable[..., R]:
        """What makes a row of its columns, as it is at the instant ``now``."""
        return partial(self.row, account.today(now))

    def _stored(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The columns as they are stored."""
        values = rows.flat(self._table, values)
        if values.get("issue_date_given", True):
            return values
        dates = {"issue_date": UNDATED}
        if values["terms_days"] is not None:
            dates[self._due_column] = UNDATED
        return {**values, **dates}

    def conditions(self, account: Account, wanted: BillFilter[Any], today: date) -> list[ColumnElement[bool]]:
        """What a row must satisfy to be selected, but for its status."""
        columns = self._table.c
        tests: list[ColumnElement[bool]] = [columns.account_id == account.id]
        if wanted.customer_id is not None:
            tests.append(columns.customer_id == wanted.customer_id)
        tests += dated_within(columns.issue_date, wanted.from_date, wanted.to_date, today)
        if wanted.currency is not None:
            tests.append(columns.currency == wanted.currency)
        if wanted.external_id is not None:
            tests.append(columns.external_id == wanted.external_id)
        if wanted.search:
            tests.append(holds(columns.search, wanted.search))
        return tests

    def values(self, account: Account, row: BillRow) -> dict[str, Any]:
        """The columns of a row as they are stored: a draft keeps no name of its customer, and shows the one it has."""
        values = {"account_id": account.id, **self._stored(dict(zip(self._columns, self._write(row), strict=True)))}
        if row.customer is None:
            values["customer_name"] = None
        return {**values, "search": searchable(row.number or row.wanted_number, row.customer_name)}

    def insert(self, tx: Tx, account: Account, row: BillRow) -> int:
        """Writes a new bill's row and answers its id.

        Raises NumberInUse where its number is taken, Conflict where its ``external_id`` is.
        """
        values = self.values(account, row)
        del values["id"]
        return tx.tell_new(self._insert, self._objections(values), **values)

    def insert_many(self, tx: Tx, account: Account, many: Sequence[BillRow]) -> None:
        """Writes new rows that have their ids."""
        stored = [tuple(self.values(account, row).values()) for row in many]
        tx.insert_many(self._table, ("account_id", *self._columns, "search"), stored)

    def change(self, tx: Tx, account: Account, row: A, changes: Mapping[str, Any]) -> A:
        """Changes the row where it is still in the version that was read, and answers it as it is then.

        Raises Conflict otherwise and where its new ``external_id`` is taken, NumberInUse where its new number is, and
        TryAgain where that is the next of a sequence.
        """
        stamps = _stamps(tx, row)
        advanced = self._advanced(tx, account, row, changes)
        read = {"account": account.id, "wanted": row.id, "read_version": row.version}
        tx.tell(self._change, self._objections(advanced), **advanced, **read)
        return structs.replace(row, **changes, **stamps)

    def change_all(self, tx: Tx, account: Account, many: Sequence[tuple[A, Mapping[str, Any]]]) -> list[A]:
        """As ``change``, of each row beside its changes.

        Of several, an IntegrityError does not tell which of them the database refuses.
        """
        if len(many) == 1:
            return [self.change(tx, account, *many[0])]
        alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
        for row, changes in many:
            advanced = self._advanced(tx, account, row, changes)
            alike[tuple(advanced)].append((*advanced.values(), account.id, row.id, row.version))
        for names, values in alike.items():
            if tx.update_many(self._table, names, values, keys=("account_id", "id", "version")) < len(values):
                raise rows.stale()
        return [structs.replace(row, **changes, **_stamps(tx, row)) for row, changes in many]

    def _advanced(self, tx: Tx, account: Account, row: BillRow, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The columns that changes of a row set, as they are stored."""
        advanced = {**self._stored(changes), **_stamps(tx, row)}
        if SEARCHED & changes.keys():
            advanced["search"] = _searchable(tx, account, row, changes)
        return advanced

    def _objections(self, values: Mapping[str, Any]) -> Objections:
        return Objections(partial(self._refusal, values), rows.stale)

    def _refusal(self, values: Mapping[str, Any], error: IntegrityError) -> Exception:
        if any(violates(error, unique) for unique in self._unique_numbers):
            if values.get("number_sequence") is not None:
                return TryAgain()
            return NumberInUse(self._table.name.removesuffix("s"), values["number"] or values["wanted_number"])
        return labels.refusal_of_a_taken_external_id(self._table, values, error) or error
