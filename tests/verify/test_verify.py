"""`verify` is silent after everything that can happen, and names each row that was altered behind our back."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from tallystick import demo
from tallystick.accounts import store as account_store
from tallystick.invoices.kind import INVOICES
from tallystick.store.db import Database
from tallystick.verify import bills, checks
from tests.api import Api, opened, unwatched
from tests.bills import a_customer, an_invoice, pay
from tests.business import do_business
from tests.clock import Clock
from tests.program import run
from tests.verify.tampering import report, unguarded

pytestmark = pytest.mark.slow

AT = "2026-03-31T12:00:00Z"
SEALED_1 = "invoices 1 (INV-2026-0001): its content is not what it was when seal 1 was set on it"
SEALED_2 = "invoices 2 (INV-2026-0002): its content is not what it was when seal 2 was set on it"

# What is done to the rows, and how a line of the report begins then.
ALTERATIONS = [
    # Lines and totals.
    (
        "UPDATE invoice_lines SET unit_price = '34.33' WHERE id = 1",
        "invoice_lines 1 (INV-2026-0001): amount is 99.99 USD, should be 102.99 USD",
    ),
    ("UPDATE invoice_lines SET unit_price = '34.33' WHERE id = 1", SEALED_1),
    (
        "UPDATE invoice_lines SET discount = 999 WHERE id = 1",
        "invoice_lines 1 (INV-2026-0001): discount is 9.99 USD, should be 9.44 USD",
    ),
    (
        "UPDATE invoice_lines SET tax = 1721 WHERE id = 1",
        "invoice_lines 1 (INV-2026-0001): tax is 17.21 USD, should be 17.20 USD",
    ),
    ("UPDATE invoice_lines SET position = position + 10 WHERE id = 1", SEALED_1),
    ("UPDATE invoice_lines SET description = 'Art' WHERE id = 1", SEALED_1),
    ("UPDATE invoice_lines SET invoice_id = 99 WHERE id = 4", "invoice_lines 4: its invoice 99 is missing"),
    (
        "UPDATE invoice_lines SET invoice_id = 99 WHERE id = 4",
        "invoices 2 (INV-2026-0002): cannot be computed again: {'items': ['Must hold from 1 to 1000 lines.']}",
    ),
    (
        "UPDATE invoices SET total = 17386 WHERE id = 1",
        "invoices 1 (INV-2026-0001): total is 173.86 USD, should be 173.85 USD",
    ),
    (
        "UPDATE invoices SET subtotal = subtotal + 1 WHERE id = 12",
        "invoices 12 (INV-2026-0010): subtotal is 335 JPY, should be 334 JPY",
    ),
    (
        "UPDATE invoices SET taxes = '[]' WHERE id = 2",
        "invoices 2 (INV-2026-0002): taxes are [], should be [['0', 'Z', None, 10000, 0]]",
    ),
    ("UPDATE invoices SET rounding = 'up' WHERE id = 13", "invoices 13: cannot be computed again: 'up' is not a valid"),
    ("UPDATE invoices SET total = 1 WHERE id = 13", "invoices 13: total is 0.01 USD, should be 107.09 USD"),
    # What was issued.
    ("""UPDATE invoices SET customer = '{"name": "Eve"}' WHERE id = 2""", SEALED_2),
    (
        "UPDATE invoices SET customer_name = 'Eve' WHERE id = 2",
        "invoices 2 (INV-2026-0002): customer_name is 'Eve', should be 'Ann Example'",
    ),
    ("UPDATE invoices SET notes = 'Pay Eve' WHERE id = 2", SEALED_2),
    ("UPDATE invoices SET due_date = '2027-01-01' WHERE id = 2", SEALED_2),
    (
        "UPDATE invoices SET number = 'INV-7' WHERE id = 2",
        "invoices 2 (INV-7): its content is not what it was when seal 2 was set on it",
    ),
    ("DELETE FROM invoices WHERE id = 2", "invoices 2: is missing, and seal 2 is set on it"),
    ("DELETE FROM invoices WHERE id = 2", "journal 5: its invoice 2 is missing"),
    (
        "UPDATE invoices SET state = 'draft' WHERE id = 10",
        "invoices 10 (INV-2026-0009): is a draft, but was issued at 2026-03-31T12:00:00Z",
    ),
    (
        "UPDATE invoices SET state = 'draft', issued_at = NULL WHERE id = 10",
        "invoices 10 (INV-2026-0009): is not issued, but seal 16 says that it is",
    ),
    (
        "UPDATE invoices SET state = 'issued', issued_at = created_at WHERE id = 9",
        "invoices 9 (OWN-7): is issued, but no seal is set on it",
    ),
    (
        "UPDATE invoices SET state = 'voided' WHERE id = 4",
        "invoices 4 (INV-2026-0004): its receivable in the journal is 40.00 USD, should be 0.00 USD",
    ),
    (
        "UPDATE invoices SET state = 'issued' WHERE id = 8",
        "invoices 8 (INV-2026-0008): its receivable in the journal is 0.00 USD, should be 10.00 USD",
    ),
    (
        "UPDATE quotation_lines SET quantity = '4' WHERE quotation_id = 1",
        "quotations 1 (QUO-2026-0001): subtotal is 99.99 USD, should be 133.32 USD",
    ),
    (
        "UPDATE quotations SET valid_until = '2027-01-01' WHERE id = 4",
        "quotations 4 (QUO-2026-0004): its content is not what it was when seal 21 was set on it",
    ),
    # Payments.
    (
        "UPDATE invoices SET paid = 4000 WHERE id = 1",
        "invoices 1 (INV-2026-0001): paid is 40.00 USD, should be 50.00 USD",
    ),
    (
        "UPDATE payments SET status = 'failed' WHERE id = 1",
        "invoices 1 (INV-2026-0001): paid is 50.00 USD, should be 10.00 USD",
    ),
    (
        "UPDATE payments SET status = 'succeeded' WHERE id = 6",
        "invoices 3 (INV-2026-0003): paid is 15.00 USD, should be 20.00 USD",
    ),
    (
        "UPDATE payments SET amount = 5000 WHERE id = 1",
        "payments 1 (TX-1): amount is 50.00 USD, should be 40.00 USD",
    ),
    (
        "UPDATE payments SET to_credit = 0 WHERE id = 3",
        "payments 3: amount is 120.00 USD, should be 100.00 USD",
    ),
    (
        "UPDATE payment_allocations SET amount = 4100 WHERE id = 1",
        "payments 1 (TX-1): the sum of its allocations is 41.00 USD, should be 40.00 USD",
    ),
    (
        "UPDATE payment_allocations SET amount = 3001 WHERE payment_id = 5",
        "payments 5: the sum of its allocations is 30.01 USD, should be 30.00 USD",
    ),
    (
        "DELETE FROM payment_allocations WHERE invoice_id = 12",
        "invoices 12 (INV-2026-0010): paid is 100 JPY, should be 0 JPY",
    ),
    (
        "UPDATE payments SET customer_id = 2 WHERE id = 2",
        "payment_allocations 2: is of customer 2 in USD, should be of customer 1 in USD, as its invoice 1",
    ),
    (
        "UPDATE invoices SET currency = 'EUR' WHERE id = 2",
        "payment_allocations 3: is of customer 1 in USD, should be of customer 1 in EUR, as its invoice 2",
    ),
    # Credit notes.
    (
        "UPDATE credit_notes SET total = 3571 WHERE id = 1",
        "credit_notes 1 (CN-2026-0001): total is 35.71 USD, should be 35.70 USD",
    ),
    (
        "UPDATE credit_notes SET total = 20000 WHERE id = 2",
        "invoices 6 (INV-2026-0006): the sum of its credit notes is 235.70 USD, should be 196.34 USD",
    ),
    (
        "UPDATE credit_notes SET to_credit = 0 WHERE id = 3",
        "invoices 7 (INV-2026-0007): credited is 0.00 USD, should be 40.00 USD",
    ),
    (
        "UPDATE invoices SET credited = 19633 WHERE id = 6",
        "invoices 6 (INV-2026-0006): credited is 196.33 USD, should be 196.34 USD",
    ),
    (
        "UPDATE credit_notes SET reason = 'Bribe' WHERE id = 2",
        "credit_notes 2 (CN-2026-0002): its content is not what it was when seal 8 was set on it",
    ),
    (
        "UPDATE credit_note_lines SET amount = 3334 WHERE id = 1",
        "invoice_lines 9 (INV-2026-0006): credited amount is 100.00 USD, should be at most 99.99 USD",
    ),
    (
        "UPDATE credit_note_lines SET quantity = '1.5' WHERE id = 1",
        "invoice_lines 9 (INV-2026-0006): credited quantity is 3.5, should be at most 3",
    ),
    (
        "UPDATE credit_note_lines SET amount = 3334 WHERE id = 1",
        "credit_notes 2 (CN-2026-0002): takes more than was left: {'items': ['At 19 % (S) these lines come to ",
    ),
    (
        "UPDATE credit_note_lines SET tax = 571 WHERE id = 1",
        "credit_note_lines 1 (CN-2026-0001): tax is 5.71 USD, should be 5.70 USD",
    ),
    (
        "UPDATE credit_note_lines SET invoice_line_id = 1 WHERE id = 1",
        "credit_note_lines 1 (CN-2026-0001): credits the line 1, which is none of its invoice 6",
    ),
    # The journal.
    (
        "DELETE FROM journal WHERE id = 3",
        "invoices 1 (INV-2026-0001): its receivable in the journal is 163.85 USD, should be 123.85 USD",
    ),
    (
        "DELETE FROM journal WHERE id = 1",
        "invoices 1 (INV-2026-0001): its revenue in the journal is 0.00 USD, should be 153.11 USD",
    ),
    (
        "DELETE FROM journal WHERE id = 21",
        "invoices 6 (INV-2026-0006): its tax in the journal is 25.65 USD, should be 0.00 USD",
    ),
    (
        "DELETE FROM journal WHERE id = 21",
        "credit_notes 2 (CN-2026-0002): its tax in the journal is 0.00 USD, should be 25.65 USD",
    ),
    (
        "DELETE FROM journal WHERE id = 24",
        "credit_notes 3 (CN-2026-0003): its receivable in the journal is -40.00 USD, should be 0.00 USD",
    ),
    (
        "DELETE FROM journal WHERE id = 25",
        "credit_notes 3 (CN-2026-0003): its customer credit in the journal is 0.00 USD, should be 40.00 USD",
    ),
    (
        "DELETE FROM journal WHERE id = 7",
        "payments 3: its customer credit in the journal is 0.00 USD, should be 20.00 USD",
    ),
    (
        "UPDATE journal SET debit = 'revenue' WHERE id = 3",
        "payments 1 (TX-1): its cash in the journal is 0.00 USD, should be 40.00 USD",
    ),
    (
        "UPDATE journal SET customer_id = 2 WHERE id = 3",
        "journal 3: is of customer 2 in USD, should be of customer 1 in USD, as its invoice 1",
    ),
    (
        "UPDATE journal SET currency = 'EUR' WHERE id = 7",
        "journal 7: is of customer 1 in EUR, should be of customer 1 in USD, as its payment 3",
    ),
    (
        "UPDATE customer_credits SET amount = 5000",
        "customer_credits of customer 1: amount is 50.00 USD, should be 45.00 USD, as in the journal",
    ),
    (
        "DELETE FROM customer_credits",
        "customer_credits of customer 1: amount is 0.00 USD, should be 45.00 USD, as in the journal",
    ),
    # Numbers.
    (
        "UPDATE invoices SET number_sequence = NULL WHERE id = 2",
        "sequences invoice 2026: place 2 is taken by no bill",
    ),
    (
        "UPDATE invoices SET number_sequence = 1 WHERE id = 2",
        "invoices 2 (INV-2026-0002): has place 1 of the sequence 2026, as another bill has",
    ),
    (
        "UPDATE invoices SET number_sequence = 12 WHERE id = 12",
        "invoices 12 (INV-2026-0010): has place 12 of the sequence 2026, whose counter is at 10",
    ),
    (
        "UPDATE invoices SET number_sequence = 12 WHERE id = 12",
        "sequences invoice 2026: place 10 is taken by no bill",
    ),
    (
        "UPDATE sequences SET value = 12 WHERE kind = 'invoice'",
        "sequences invoice 2026: places 11 to 12 are taken by no bill",
    ),
    (
        "UPDATE sequences SET value = 2 WHERE kind = 'credit_note'",
        "credit_notes 3 (CN-2026-0003): has place 3 of the sequence 2026, whose counter is at 2",
    ),
    (
        "DELETE FROM sequences WHERE kind = 'quotation'",
        "quotations 1 (QUO-2026-0001): has place 1 of the sequence 2026, whose counter is at 0",
    ),
    (
        "UPDATE invoices SET number_key = 'inv-2026-0099' WHERE id = 2",
        "invoices 2 (INV-2026-0002): number_key is 'inv-2026-0099', should be 'inv-2026-0002'",
    ),
    (
        "INSERT INTO stepped_over VALUES (1, 'invoice', '2026', 11, 'own-7')",
        "stepped_over invoice 2026: has place 11 of the sequence 2026, whose counter is at 10",
    ),
    (
        "INSERT INTO stepped_over VALUES (1, 'invoice', '2026', 2, 'own-8')",
        "sequences invoice 2026: place 2 was stepped over for own-8, which no bill has",
    ),
    # Seals.
    ("UPDATE seals SET hash = (SELECT hash FROM seals WHERE position = 1) WHERE position = 5", "seals 5: hash is "),
    ("UPDATE seals SET subject_id = 3 WHERE position = 2", "seals 2: hash is "),
    ("UPDATE seals SET content_hash = NULL WHERE position = 2", "seals 2: hash is "),
    ("DELETE FROM seals WHERE position = 5", "seals 5: missing from the chain"),
    ("DELETE FROM seals WHERE position BETWEEN 5 AND 7", "seals 5 to 7: missing from the chain"),
    ("DELETE FROM seals WHERE position = 21", "sequences seal: value is 21, should be 20, the last seal's place"),
    (
        "DELETE FROM seals WHERE position = 21",
        "quotations 4 (QUO-2026-0004): is issued, but no seal is set on it",
    ),
]


@pytest.fixture
def business(database_url: str) -> Iterator[Api]:
    """An account with some of everything."""
    with opened(database_url, clock=Clock(AT)) as api:
        do_business(api)
        yield api


def test_an_alteration_is_named(business: Api) -> None:
    missed = {}
    with unguarded(business) as tx:
        for statement, expected in ALTERATIONS:
            savepoint = tx.connection.begin_nested()
            assert tx.connection.execute(text(statement)).rowcount > 0, statement
            found = report(tx, business)
            savepoint.rollback()
            if not any(line.startswith(expected) for line in found):
                missed[statement, expected] = found
    assert missed == {}


def test_nothing_is_found_after_some_of_everything(business: Api) -> None:
    with business.database.read() as tx:
        assert report(tx, business) == []
        assert checks.counted_bills(tx, [business.account]) == 14 + 5 + 3


def test_nothing_is_found_after_an_invoice_went_to_another_customer_and_currency(business: Api) -> None:
    other, money = a_customer(business, name="Bob"), {"currency": "EUR", "discount_type": None}
    invoice = an_invoice(business, 100, customer_id=1)
    path = f"/invoices/{invoice['id']}"
    payment = business.data(pay(business, invoice, 150, excess="credit"))
    business.data(business.delete(f"/payments/{payment['id']}"))
    for customer_id, currency in ((other, "EUR"), (1, "JPY"), (other, "USD")):
        business.data(business.post(f"{path}/unpublish"))
        items = [{"description": "Work", "unit_price": 70}]
        business.data(business.put(path, {**money, "customer_id": customer_id, "currency": currency, "items": items}))
        assert business.differences() == []
        business.data(business.post(f"{path}/publish"))
        assert business.differences() == []
    business.data(pay(business, invoice, 70))
    assert business.differences() == []
    ledgers = [business.data(business.get(f"/customers/{customer_id}"))["summary"] for customer_id in (1, other)]
    assert ("JPY" in ledgers[0] and ledgers[0]["JPY"]["outstanding"], ledgers[1]["USD"]["outstanding"]) == (0, 0)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        # The posting of the issue that was taken back, and the one in force.
        (
            "UPDATE journal SET customer_id = 2 WHERE id = {first}",
            "invoices {id} ({number}): what customer 1 owed on it before it was taken back is -100.00 USD",
        ),
        (
            "UPDATE journal SET customer_id = 2 WHERE id = {last}",
            "journal {last}: is of customer 2 in USD, should be of customer 1 in USD, as its invoice {id}",
        ),
    ],
)
def test_a_posting_is_compared_on_either_side_of_an_unpublish(business: Api, statement: str, expected: str) -> None:
    invoice = an_invoice(business, 100, customer_id=1)
    for verb in ("unpublish", "publish"):
        business.data(business.post(f"/invoices/{invoice['id']}/{verb}"))
    with unguarded(business) as tx:
        of_invoice = text(f"SELECT id FROM journal WHERE invoice_id = {invoice['id']} ORDER BY id")
        first, *_, last = tx.connection.execute(of_invoice).scalars()
        words = {"first": first, "last": last, "id": invoice["id"], "number": invoice["invoice_number"]}
        tx.connection.execute(text(statement.format(**words)))
        assert any(line.startswith(expected.format(**words)) for line in report(tx, business))


def test_nothing_is_found_after_the_demo_year(database_url: str) -> None:
    demo.fill(database_url, datetime.fromisoformat(AT))
    with closing(Database(database_url)) as database, database.read() as tx:
        owners = account_store.every(tx)
        assert list(checks.differences(tx, owners, unwatched)) == []
        assert checks.counted_bills(tx, owners) > 400


def test_one_alteration_of_a_seal_breaks_the_chain_in_one_place(business: Api) -> None:
    with unguarded(business) as tx:
        tx.connection.execute(
            text("UPDATE seals SET hash = (SELECT hash FROM seals WHERE position = 1) WHERE position = 5")
        )
        broken = [line.partition(":")[0] for line in report(tx, business)]
    # The link to the altered seal is broken too.
    assert broken == ["seals 5", "seals 6"]


@pytest.mark.parametrize("batch", [1, 3, 14, 15])
def test_no_bill_falls_between_two_batches(business: Api, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(bills, "BATCH", batch)
    check = bills.check_of(INVOICES)
    with unguarded(business) as tx:
        tx.connection.execute(text("UPDATE invoices SET total = total + 1"))
        found = [str(difference) for difference in check.run(tx, business.account, lambda _done: None)]
    named = [line.split()[1].rstrip(":") for line in found if ": total is" in line]
    assert named == [str(number) for number in range(1, 15)]


def verified(url: str, *options: str) -> tuple[int, list[str]]:
    """The exit code of the command, and the lines that it prints."""
    done = run("verify", *options, database_url=url)
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stdout or done.stderr).splitlines()


def test_the_command_prints_each_difference_and_fails(business: Api, database_url: str) -> None:
    other = Api(business.database)
    an_invoice(other, 10)
    assert verified(database_url) == (0, ["ok: accounts 2, bills 23"])
    with business.database.transaction("tests") as tx:
        tx.connection.execute(text("UPDATE invoices SET paid = 4000 WHERE id = 1"))
    altered = [
        "invoices 1 (INV-2026-0001): paid is 40.00 USD, should be 50.00 USD",
        "invoices 1 (INV-2026-0001): its receivable in the journal is 123.85 USD, should be 133.85 USD",
    ]
    assert verified(database_url) == (1, altered)
    assert verified(database_url, "--account", "2") == (0, ["ok: accounts 1, bills 1"])


def test_the_command_looks_for_a_head_that_was_kept(business: Api, database_url: str) -> None:
    kept = business.data(business.get("/stats"))["seal_head"]
    an_invoice(business, 10)
    assert verified(database_url, "--head", kept)[0] == 0
    lost = "ab" * 32
    finding = f"seals head {lost}: is in no chain: seals were cut off, or made anew, since this head was kept"
    assert verified(database_url, "--head", kept, "--head", lost) == (1, [finding])
    assert verified(database_url, "--head", "abc")[0] == 2


def test_the_command_makes_no_database(tmp_path: Path) -> None:
    code, lines = verified(f"sqlite:///{tmp_path / 'none.db'}")
    assert (code, list(tmp_path.iterdir())) == (2, [])
    assert "There is no database at" in lines[0]
