"""The least that a database must be asked and told for a request, written by hand for the bare driver.

Each function makes a kind of request ready over a connection, and answers what does it to the invoice of an id. What
it writes is like the rows of a model, which is an invoice that the application took from draft to paid. Limits begin
here, so that a better statement of the application comes nearer to its limit, and does not move it.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from itertools import cycle, repeat
from typing import Any, Final, TypeVar

from bench.bare import Do, DoAll, Driver
from tallystick.store.tables import metadata
from testing.server import KEY

DRAFT: Final = 1
PAID: Final = 2
"""The ids of the models."""

PAGE: Final = 50
SEARCHED: Final = "ampl"
READS_A_WRITE: Final = 9
DIGEST: Final = sha256(KEY.encode()).digest()
HASH: Final = bytes(32)
CALLER: Final = (
    "SELECT k.id, k.scopes, k.expires_at, a.* FROM api_keys k JOIN accounts a ON a.id = k.account_id "
    "WHERE k.account_id = 1 AND k.secret_hash = ? AND k.revoked_at IS NULL"
)
BILL: Final = (
    "SELECT i.*, c.* FROM invoices i JOIN customers c ON c.account_id = i.account_id AND c.id = i.customer_id "
    "WHERE i.account_id = 1 AND i.id = ? AND i.deleted_at IS NULL"
)
LINES: Final = "SELECT * FROM invoice_lines WHERE account_id = 1 AND invoice_id = ? ORDER BY position"
PAYMENTS: Final = (
    "SELECT p.*, a.amount FROM payment_allocations a JOIN payments p ON p.account_id = a.account_id "
    "AND p.id = a.payment_id WHERE a.account_id = 1 AND a.invoice_id = ?"
)
NOTES: Final = "SELECT * FROM credit_notes WHERE account_id = 1 AND invoice_id = ?"
NAME: Final = "(SELECT name FROM customers c WHERE c.account_id = i.account_id AND c.id = i.customer_id)"
ROWS: Final = f"SELECT i.*, {NAME} FROM invoices i WHERE i.account_id = 1 AND i.deleted_at IS NULL"
LISTED: Final = f"{ROWS} AND i.id < ? ORDER BY i.id DESC LIMIT {PAGE + 1}"
FOUND: Final = f"{ROWS} AND (i.number LIKE ? OR {NAME} LIKE ?) ORDER BY i.id DESC LIMIT {PAGE + 1}"
CUSTOMER: Final = "SELECT * FROM customers WHERE account_id = 1 AND id = 1"
PRODUCT: Final = "SELECT * FROM products WHERE account_id = 1 AND id = 1"
TAX: Final = "SELECT * FROM taxes WHERE account_id = 1 AND (is_default OR id = 1)"
TAKE: Final = "UPDATE sequences SET value = value + 1 WHERE account_id = 1 AND kind = ? RETURNING value"
IN_USE: Final = "SELECT id FROM invoices WHERE account_id = 1 AND number_key = ? AND number IS NOT NULL"
SEAL: Final = "SELECT hash, form FROM seals WHERE account_id = 1 AND position = ?"
FIXED: Final = ("state", "issue_date", "due_date", "issued_at", "customer", "customer_name", "seller", "updated_at")
ISSUE: Final = (
    f"UPDATE invoices SET version = 2, {', '.join(f'{name} = ?' for name in FIXED)}, number = ?, number_key = ?, "
    "number_order = ?, number_sequence = ?, share_token = ? WHERE account_id = 1 AND id = ? AND version = 1"
)
BILLS: Final = BILL.replace("i.id = ?", "i.id IN ({})")
LINES_OF_ALL: Final = LINES.replace("invoice_id = ?", "invoice_id IN ({})")
TAKE_ALL: Final = TAKE.replace("+ 1", "+ ?")
VOID: Final = "UPDATE invoices SET state = 'voided', version = version + 1 WHERE account_id = 1 AND id = ?"
PAY: Final = "UPDATE invoices SET paid = paid + 1, version = version + 1 WHERE account_id = 1 AND id = ?"


T = TypeVar("T")


class Like:
    """Writes rows like those of a table that ``where`` names, in one INSERT; but for the columns ``given``."""

    def __init__(self, driver: Driver, table: str, where: str, *given: str) -> None:
        kept = [column.name for column in metadata.tables[table].columns if column.name not in ("id", *given)]
        self._driver = driver
        self._table = table
        self._columns = (*given, *kept)
        self._models = driver.run(f"SELECT {', '.join(kept)} FROM {table} WHERE account_id = 1 AND {where}")
        row = f"({', '.join('?' * len(self._columns))})"
        rows = ", ".join([row] * len(self._models))
        self._sql = f"INSERT INTO {table} ({', '.join(self._columns)}) VALUES {rows}"

    def write(self, *given: Any) -> None:
        """Writes the rows."""
        self._driver.run(self._sql, *self._values(given))

    def write_all(self, many: Iterable[tuple[Any, ...]]) -> None:
        """Writes the rows for each of ``many``, as fast as the driver can."""
        rows = ((*given, *model) for given in many for model in self._models)
        self._driver.write(self._table, self._columns, rows)

    def write_one(self, *given: Any) -> int:
        """Writes the only row, and answers its id."""
        made: int = self._driver.run(f"{self._sql} RETURNING id", *self._values(given))[0][0]
        return made

    def _values(self, given: tuple[Any, ...]) -> list[Any]:
        return [value for model in self._models for value in (*given, *model)]


def get(driver: Driver) -> Do:
    """Reads a bill whole."""
    return _read(driver, lambda bill: [driver.run(sql, bill) for sql in (BILL, LINES, PAYMENTS, NOTES)])


def page(driver: Driver) -> Do:
    """Reads the rows of a list that stand behind a bill."""
    return _read(driver, lambda bill: driver.run(LISTED, bill))


def search(driver: Driver) -> Do:
    """Reads the newest rows with a number or a customer's name in which SEARCHED stands."""
    return _read(driver, lambda _bill: driver.run(FOUND, f"%{SEARCHED}%", f"%{SEARCHED}%"))


def create(driver: Driver) -> Do:
    """Writes a draft."""
    bills = Like(driver, "invoices", f"id = {DRAFT}")
    lines = Like(driver, "invoice_lines", f"invoice_id = {DRAFT}", "invoice_id")
    events = Like(driver, "events", f"subject_id = {DRAFT} AND type = 'invoice.created'", "subject_id")

    def work(_bill: int) -> None:
        for sql in (CUSTOMER, PRODUCT, TAX):
            driver.run(sql)
        made = bills.write_one()
        lines.write(made)
        events.write(made)

    return _write(driver, work)


def publish(driver: Driver) -> Do:
    """Issues a draft."""
    return _write(driver, _issuing(driver))


def pay(driver: Driver) -> Do:
    """Records a payment of an issued bill."""
    return _write(driver, _paying(driver))


def mark_paid(driver: Driver) -> Do:
    """Issues a draft, and records its payment."""
    issue, paying = _issuing(driver), _paying(driver)

    def work(bill: int) -> None:
        issue(bill)
        paying(bill)

    return _write(driver, work)


def publish_all(driver: Driver) -> DoAll:
    """Issues drafts, in one transaction."""
    return _write(driver, _issuing_all(driver))


def mark_paid_all(driver: Driver) -> DoAll:
    """Issues drafts, and records their payments, in one transaction."""
    issue, pay = _issuing_all(driver), _paying_all(driver)

    def work(bills: Sequence[int]) -> None:
        issue(bills)
        pay(bills)

    return _write(driver, work)


def void_all(driver: Driver) -> DoAll:
    """Voids issued bills, in one transaction."""
    journal = Like(driver, "journal", f"invoice_id = {PAID} AND event = 'issue'", "invoice_id")
    events = Like(driver, "events", f"subject_id = {PAID} AND type = 'invoice.issued'", "subject_id")

    def work(bills: Sequence[int]) -> None:
        driver.run(BILLS.format(_list(bills)))
        journal.write_all((bill,) for bill in bills)
        events.write_all((bill,) for bill in bills)
        driver.run_all(VOID, [(bill,) for bill in bills])

    return _write(driver, work)


def mixed(driver: Driver) -> Do:
    """Reads READS_A_WRITE bills whole, and then writes a draft."""
    turns = cycle([*repeat(get(driver), READS_A_WRITE), create(driver)])

    def work(bill: int) -> None:
        next(turns)(bill)

    return work


def _issuing(driver: Driver) -> Do:
    (model,) = driver.run(f"SELECT {', '.join(FIXED)} FROM invoices WHERE account_id = 1 AND id = {PAID}")
    journal = Like(driver, "journal", f"invoice_id = {PAID} AND event = 'issue'", "invoice_id")
    events = Like(driver, "events", f"subject_id = {PAID} AND type = 'invoice.issued'", "subject_id")
    seals = Like(driver, "seals", f"subject_id = {PAID} AND kind = 'invoice'", "position", "subject_id", "hash")

    def issue(bill: int) -> None:
        driver.run(BILL, bill)
        driver.run(LINES, bill)
        journal.write(bill)
        events.write(bill)
        place = driver.run(TAKE, "invoice")[0][0]
        number = f"BARE-{place:04}"
        driver.run(IN_USE, number)
        driver.run(ISSUE, *model, number, number, number, place, f"1.{place:043}", bill)
        place = driver.run(TAKE, "seal")[0][0]
        driver.run(SEAL, place - 1)
        seals.write(place, bill, HASH)

    return issue


def _paying(driver: Driver) -> Do:
    payments = Like(driver, "payments", "id = 1")
    shares = Like(driver, "payment_allocations", "payment_id = 1", "payment_id", "invoice_id")
    created = Like(driver, "events", "subject_id = 1 AND type = 'payment.created'", "subject_id")
    journal = Like(driver, "journal", "payment_id = 1", "payment_id", "invoice_id")

    def paying(bill: int) -> None:
        driver.run(BILL, bill)
        made = payments.write_one()
        shares.write(made, bill)
        created.write(made)
        driver.run(PAY, bill)
        journal.write(made, bill)

    return paying


def _issuing_all(driver: Driver) -> DoAll:
    (model,) = driver.run(f"SELECT {', '.join(FIXED)} FROM invoices WHERE account_id = 1 AND id = {PAID}")
    journal = Like(driver, "journal", f"invoice_id = {PAID} AND event = 'issue'", "invoice_id")
    events = Like(driver, "events", f"subject_id = {PAID} AND type = 'invoice.issued'", "subject_id")
    seals = Like(driver, "seals", f"subject_id = {PAID} AND kind = 'invoice'", "position", "subject_id", "hash")

    def issue(bills: Sequence[int]) -> None:
        driver.run(BILLS.format(_list(bills)))
        driver.run(LINES_OF_ALL.format(_list(bills)))
        journal.write_all((bill,) for bill in bills)
        events.write_all((bill,) for bill in bills)
        numbers = enumerate(bills, driver.run(TAKE_ALL, len(bills), "invoice")[0][0] - len(bills) + 1)
        driver.run_all(ISSUE, [(*model, *_numbered(place), bill) for place, bill in numbers])
        first = driver.run(TAKE_ALL, len(bills), "seal")[0][0] - len(bills) + 1
        driver.run(SEAL, first - 1)
        seals.write_all((place, bill, HASH) for place, bill in enumerate(bills, first))

    return issue


def _numbered(place: int) -> tuple[Any, ...]:
    number = f"BARE-{place:04}"
    return number, number, number, place, f"1.{place:043}"


def _paying_all(driver: Driver) -> DoAll:
    payments = Like(driver, "payments", "id = 1", "id")
    shares = Like(driver, "payment_allocations", "payment_id = 1", "payment_id", "invoice_id")
    created = Like(driver, "events", "subject_id = 1 AND type = 'payment.created'", "subject_id")
    journal = Like(driver, "journal", "payment_id = 1", "payment_id", "invoice_id")

    def pay(bills: Sequence[int]) -> None:
        # Far above those that the application has made, and apart for each bill.
        made = [(1_000_000 + bill, bill) for bill in bills]
        payments.write_all((payment,) for payment, _bill in made)
        shares.write_all(made)
        created.write_all((payment,) for payment, _bill in made)
        driver.run_all(PAY, [(bill,) for bill in bills])
        journal.write_all(made)

    return pay


def _list(bills: Sequence[int]) -> str:
    return ", ".join(map(str, bills))


def _read(driver: Driver, work: Do) -> Do:
    return _in_transaction(driver, "BEGIN", work)


def _write(driver: Driver, work: Callable[[T], object]) -> Callable[[T], object]:
    return _in_transaction(driver, driver.begin_to_write, work)


def _in_transaction(driver: Driver, begin: str, work: Callable[[T], object]) -> Callable[[T], object]:
    def do(bill: T) -> None:
        driver.run(begin)
        driver.run(CALLER, DIGEST)
        work(bill)
        driver.run("COMMIT")

    return do
