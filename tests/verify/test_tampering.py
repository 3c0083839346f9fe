"""What somebody with a SQL prompt can do to the books, one attempt a row, and how `verify` names it."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from tallystick.invoices import ops as invoices
from tallystick.store import figures, record_seals
from tallystick.store.db import Database, Tx
from tallystick.store.seals import BEFORE_THE_FIRST, Form, Seal, WrongSealKey, check_key, link
from tallystick.store.tables import seals
from tallystick.verify import chain, records
from tests.api import Api, opened
from tests.bills import a_draft, an_invoice
from tests.business import do_business
from tests.clock import Clock
from tests.verify.tampering import report, unguarded

pytestmark = pytest.mark.slow

KEY = "a key of thirty-two characters."
AT = "2026-03-31T12:00:00Z"
TIME = "'2026-03-31 12:00:00'"
POSTING = f"""
    INSERT INTO journal (id, account_id, at, customer_id, currency, debit, credit, amount, event)
    VALUES (35, 1, {TIME},"""
PAYMENT = f"""
    INSERT INTO payments (id, account_id, customer_id, currency, amount, method, date, status, created_at)
    VALUES (10, 1, 1, 'USD', 1200, 'cash', '2026-03-31', 'succeeded', {TIME})"""
DRAFT = "state = 'draft', issued_at = NULL, customer = NULL, seller = NULL, share_token = NULL"

# What is attempted, by which statements, and how a line of the report begins then. The records were sealed before: the
# events by seal 22, the postings by seal 23.
TAMPERINGS: list[tuple[str, list[str], str]] = [
    # Bills.
    (
        "a higher total",
        ["UPDATE invoices SET total = 11000 WHERE id = 2"],
        "invoices 2 (INV-2026-0002): total is 110.00 USD, should be 100.00 USD",
    ),
    (
        "a higher total, consistently",
        [
            "UPDATE invoices SET total = 11000, subtotal = 11000 WHERE id = 2",
            """UPDATE invoices SET taxes = '[["0", "Z", null, 11000, 0]]' WHERE id = 2""",
            "UPDATE invoice_lines SET unit_price = '110', amount = 11000 WHERE invoice_id = 2",
            "UPDATE journal SET amount = 11000 WHERE invoice_id = 2 AND event = 'issue'",
        ],
        "journal 5: is not what it was when seal 23 was set on it",
    ),
    (
        "an invoice that is found by another name",
        ["UPDATE invoices SET search = ' inv-2026-0001 zoe' WHERE id = 1"],
        "invoices 1 (INV-2026-0001): is searched as inv-2026-0001 zoe, should be inv-2026-0001 ann",
    ),
    (
        "a figure of statistics",
        ["UPDATE figures SET total = total + 100 WHERE kind = 'payment'"],
        "figures of payment USD 2026-03-",
    ),
    ("a figure gone", ["DELETE FROM figures WHERE state = 'draft'"], "figures of invoice draft "),
    ("figures added twice", ["INSERT INTO figure_changes SELECT * FROM figures"], "figures of credit_note "),
    ("a quotation that nothing finds", ["UPDATE quotations SET search = '' WHERE id = 1"], "quotations 1 "),
    ("the newest invoice gone", ["DELETE FROM invoices WHERE id = 12"], "invoices 12: is missing, and seal 17"),
    (
        "the newest invoice gone, with its events and counter",
        [
            "DELETE FROM invoices WHERE id = 12",
            "DELETE FROM events WHERE subject_id = 12 AND type LIKE 'invoice.%'",
            "UPDATE sequences SET value = 9 WHERE kind = 'invoice'",
        ],
        "invoices 12: is missing, and seal 17",
    ),
    (
        "two numbers swapped",
        [
            "UPDATE invoices SET number = 'X' WHERE id = 1",
            "UPDATE invoices SET number = 'INV-2026-0001', number_sequence = 1 WHERE id = 2",
            "UPDATE invoices SET number = 'INV-2026-0002', number_sequence = 2 WHERE id = 1",
        ],
        "invoices 1 (INV-2026-0002): its content is not what it was when seal 1 was set on it",
    ),
    (
        "another name in the copy",
        ["""UPDATE invoices SET customer = '{"name": "Eve"}', customer_name = 'Eve' WHERE id = 2"""],
        "invoices 2 (INV-2026-0002): its content is not what it was when seal 2 was set on it",
    ),
    (
        "another IBAN in the copy",
        ["""UPDATE invoices SET seller = '{"iban": "DE00"}' WHERE id = 2"""],
        "invoices 2 (INV-2026-0002): its content is not what it was when seal 2 was set on it",
    ),
    (
        "another name in the list",
        ["UPDATE invoices SET customer_name = 'Eve' WHERE id = 2"],
        "invoices 2 (INV-2026-0002): customer_name is 'Eve', should be 'Ann Example'",
    ),
    (
        "a counter put back",
        ["UPDATE sequences SET value = 9 WHERE kind = 'invoice'"],
        "invoices 12 (INV-2026-0010): has place 10 of the sequence 2026, whose counter is at 9",
    ),
    (
        "a state alone",
        ["UPDATE invoices SET state = 'voided' WHERE id = 10"],
        "invoices 10: state is voided, should be issued, as event 49 tells",
    ),
    (
        "a later due date",
        ["UPDATE invoices SET due_date = '2027-01-01' WHERE id = 2"],
        "invoices 2 (INV-2026-0002): its content is not what it was when seal 2 was set on it",
    ),
    (
        "another description",
        ["UPDATE invoice_lines SET description = 'Art' WHERE id = 4"],
        "invoices 2 (INV-2026-0002): its content is not what it was when seal 2 was set on it",
    ),
    (
        "another order of lines",
        ["UPDATE invoice_lines SET position = 9 WHERE id = 1"],
        "invoice_lines 1 (INV-2026-0001): position is 9, should be 2",
    ),
    (
        "an offer changed",
        ["UPDATE quotations SET valid_until = '2027-01-01' WHERE id = 4"],
        "quotations 4 (QUO-2026-0004): its content is not what it was when seal 21 was set on it",
    ),
    (
        "an offer's answer turned",
        ["UPDATE quotations SET state = 'accepted', accepted_at = rejected_at, rejected_at = NULL WHERE id = 4"],
        "quotations 4: state is accepted, should be rejected, as event 68 tells",
    ),
    (
        "an answer put into somebody else's mouth",
        ["UPDATE quotations SET answered_by = 'Bob' WHERE id = 4"],
        "quotations 4: answered_by is Bob, should be Ann, as event 68 tells",
    ),
    (
        "another reason for an answer",
        ["UPDATE quotations SET answer_reason = NULL WHERE id = 4"],
        "quotations 4: answer_reason is None, should be Too dear, as event 68 tells",
    ),
    (
        "an invoice made a draft again",
        [f"UPDATE invoices SET {DRAFT} WHERE id = 10"],
        "invoices 10: state is draft, should be issued, as event 49 tells",
    ),
    (
        "another number",
        ["UPDATE invoices SET number = 'INV-7' WHERE id = 2"],
        "invoices 2 (INV-7): its content is not what it was when seal 2 was set on it",
    ),
    (
        "an issued invoice hidden in the trash",
        [f"UPDATE invoices SET deleted_at = {TIME} WHERE id = 10"],
        "invoices 10: deleted_at is 2026-03-31 12:00:00+00:00, should be None, as event 46 tells",
    ),
    (
        "voided by hand, with the mirror of its posting",
        [
            "UPDATE invoices SET state = 'voided' WHERE id = 10",
            f"{POSTING} 1, 'USD', 'revenue', 'receivable', 1200, 'void')",
            "UPDATE journal SET invoice_id = 10 WHERE id = 35",
        ],
        "invoices 10: state is voided, should be issued, as event 49 tells",
    ),
    (
        "issued at another time",
        ["UPDATE invoices SET issued_at = '2026-03-30 12:00:00' WHERE id = 2"],
        "invoices 2 (INV-2026-0002): its content is not what it was when seal 2 was set on it",
    ),
    (
        "another share token",
        ["UPDATE invoices SET share_token = '1.mine' WHERE id = 2"],
        "invoices 2 (INV-2026-0002): its content is not what it was when seal 2 was set on it",
    ),
    (
        "another template",
        ["UPDATE invoices SET template_id = 'mine' WHERE id = 2"],
        "invoices 2 (INV-2026-0002): its content is not what it was when seal 2 was set on it",
    ),
    (
        "another tax named by a line",
        ["UPDATE invoice_lines SET tax_id = 1 WHERE id = 4"],
        "invoices 2 (INV-2026-0002): its content is not what it was when seal 2 was set on it",
    ),
    (
        "a product named by a line",
        ["UPDATE invoice_lines SET product_id = 1 WHERE id = 4"],
        "invoices 2 (INV-2026-0002): its content is not what it was when seal 2 was set on it",
    ),
    # Payments and credit.
    (
        "credit with a posting on its payment",
        [
            "UPDATE customer_credits SET amount = amount + 1000",
            f"{POSTING} 1, 'USD', 'cash', 'customer_credit', 1000, 'payment')",
            "UPDATE journal SET payment_id = 3 WHERE id = 35",
        ],
        "payments 3: its customer credit in the journal is 30.00 USD, should be 20.00 USD",
    ),
    (
        "a payment of another customer",
        ["UPDATE payments SET customer_id = 2 WHERE id = 2"],
        "payments 2: customer_id is 2, should be 1, as event 10 tells",
    ),
    (
        "a payment gone, with all that it did",
        [
            "DELETE FROM payments WHERE id = 2",
            "DELETE FROM payment_allocations WHERE payment_id = 2",
            "DELETE FROM journal WHERE payment_id = 2",
            "UPDATE invoices SET paid = 4000 WHERE id = 1",
        ],
        "payments 2: is missing, and event 10 tells of it",
    ),
    (
        "a payment invented, with all that it would do",
        [
            PAYMENT,
            "INSERT INTO payment_allocations (account_id, payment_id, invoice_id, amount) VALUES (1, 10, 10, 1200)",
            f"{POSTING} 1, 'USD', 'cash', 'receivable', 1200, 'payment')",
            "UPDATE journal SET invoice_id = 10, payment_id = 10 WHERE id = 35",
            "UPDATE invoices SET paid = 1200 WHERE id = 10",
        ],
        "payments 10: is not what an event tells: no event tells of its making",
    ),
    (
        "a payment reversed by hand",
        [
            f"UPDATE payments SET status = 'reversed', reversed_at = {TIME} WHERE id = 2",
            f"{POSTING} 1, 'USD', 'receivable', 'cash', 1000, 'reversal')",
            "UPDATE journal SET invoice_id = 1, payment_id = 2 WHERE id = 35",
            "UPDATE invoices SET paid = 4000 WHERE id = 1",
        ],
        "payments 2: status is reversed, should be succeeded, as event 10 tells",
    ),
    (
        "a part of a payment moved to another invoice",
        [
            "UPDATE payment_allocations SET amount = 1500 WHERE id = 7",
            "UPDATE payment_allocations SET amount = 2500 WHERE id = 8",
            "UPDATE journal SET amount = 1500 WHERE id = 14",
            "UPDATE journal SET amount = 2500 WHERE id = 15",
            "UPDATE invoices SET paid = 1500 WHERE id = 4",
            "UPDATE invoices SET paid = 2500 WHERE id = 5",
        ],
        "payments 7: allocations is [(4, 1500), (5, 2500)], should be [(4, 2000), (5, 2000)], as event 25 tells",
    ),
    *[
        (
            f"another {what} of a payment",
            [f"UPDATE payments SET {what} = '{forged}' WHERE id = 1"],
            f"payments 1 (TX-{place}): {what} is {forged}, should be {true}, as event 9 tells",
        )
        for what, forged, true, place in (
            ("date", "2026-03-01", "2026-03-31", 1),
            ("method", "cash", "bank_transfer", 1),
            ("reference", "TX-9", "TX-1", 9),
            ("notes", "Gift", "None", 1),
        )
    ],
    (
        "a note's credit moved to the customer's",
        [
            "UPDATE credit_notes SET to_credit = 1000 WHERE id = 1",
            "UPDATE invoices SET credited = 18634 WHERE id = 6",
            "UPDATE customer_credits SET amount = amount + 1000",
            f"{POSTING} 1, 'USD', 'receivable', 'customer_credit', 1000, 'credit_note')",
            "UPDATE journal SET invoice_id = 6, credit_note_id = 1 WHERE id = 35",
        ],
        "credit_notes 1 (CN-2026-0001): its content is not what it was when seal 7 was set on it",
    ),
    (
        "a note's line that credits another line",
        ["UPDATE credit_note_lines SET invoice_line_id = 10 WHERE id = 1"],
        "credit_notes 1 (CN-2026-0001): its content is not what it was when seal 7 was set on it",
    ),
    # Records.
    (
        "cash to credit, for nothing",
        [
            f"{POSTING} 1, 'USD', 'cash', 'customer_credit', 1000, 'payment')",
            "UPDATE customer_credits SET amount = amount + 1000",
        ],
        "journal 35: moves 10.00 USD from customer_credit to cash, which no payment with what it names does",
    ),
    (
        "cash to revenue, for nothing",
        [f"{POSTING} 1, 'USD', 'cash', 'revenue', 1000, 'payment')"],
        "journal 35: moves 10.00 USD from revenue to cash, which no payment with what it names does",
    ),
    (
        "another day of a posting",
        ["UPDATE journal SET at = '2026-01-01 12:00:00' WHERE id = 1"],
        "journal 1: is not what it was when seal 23 was set on it",
    ),
    (
        "a posting's hash made anew with it",
        ["UPDATE journal SET row_hash = (SELECT row_hash FROM journal j WHERE j.id = 2) WHERE id = 1"],
        "journal of seal 23: are not the records up to 34 that it was set on: 34 of them are there",
    ),
    (
        "a posting unsealed",
        ["UPDATE journal SET seal_position = NULL, row_hash = NULL WHERE id = 1"],
        "journal of seal 23: are not the records up to 34 that it was set on: 33 of them are there",
    ),
    (
        "an event gone",
        ["DELETE FROM events WHERE id = 2"],
        "events of seal 22: are not the records up to 69 that it was set on: 68 of them are there",
    ),
    (
        "another actor of an event",
        ["UPDATE events SET actor = 'key:2' WHERE id = 8"],
        "events 8: is not what it was when seal 22 was set on it",
    ),
    (
        "the chain cut at its end",
        ["DELETE FROM seals WHERE position > 21", "UPDATE sequences SET value = 21 WHERE kind = 'seal'"],
        "events of seal 22: are more than the records that it was set on",
    ),
    (
        "a seal added on what was altered",
        [
            "UPDATE invoices SET notes = 'Pay Eve' WHERE id = 2",
            (
                "INSERT INTO seals (account_id, position, form, kind, subject_id, content_hash, hash, at) "
                "SELECT 1, 24, 2, 'invoice', 2, content_hash, hash, '2026-04-01 12:00:00' FROM seals WHERE position = 2"
            ),
            "UPDATE sequences SET value = 24 WHERE kind = 'seal'",
        ],
        "seals 24: is set on invoice 2, and no event tells why",
    ),
    (
        "a gap said to be stepped over",
        [
            "INSERT INTO stepped_over VALUES (1, 'credit_note', '2026', 4, 'cn-2026-0001')",
            "UPDATE sequences SET value = 4 WHERE kind = 'credit_note'",
        ],
        "sequences credit_note 2026: place 4 was stepped over for cn-2026-0001, which is not the number of that place",
    ),
    (
        "a number that is compared no more",
        ["UPDATE invoices SET number_key = NULL WHERE id = 2"],
        "invoices 2 (INV-2026-0002): number_key is None, should be 'inv-2026-0002'",
    ),
    (
        "another time of a seal",
        ["UPDATE seals SET at = '2026-01-01 12:00:00' WHERE position = 2"],
        "seals 2: hash is ",
    ),
]


@pytest.fixture
def business(database_url: str) -> Iterator[Api]:
    """An account with some of everything, its records sealed."""
    with opened(database_url, clock=Clock(AT)) as api:
        do_business(api)
        assert api.database.transact("tests", lambda tx: record_seals.seal(tx, api.account)) == 69 + 34
        api.database.transact("tests", lambda tx: figures.add_up(tx, api.account))
        yield api


def test_a_tampering_is_named(business: Api) -> None:
    missed = {}
    with unguarded(business) as tx:
        for attempt, statements, expected in TAMPERINGS:
            savepoint = tx.connection.begin_nested()
            for statement in statements:
                assert tx.connection.execute(text(statement)).rowcount > 0, statement
            found = report(tx, business)
            savepoint.rollback()
            if not any(line.startswith(expected) for line in found):
                missed[attempt] = expected, found
        assert report(tx, business) == []
    assert missed == {}


def made_anew(tx: Tx) -> None:
    """Links the whole chain anew, as somebody does who knows how: only a kept head, or a key, tells."""
    previous = BEFORE_THE_FIRST
    for row in tx.connection.execute(
        select(*(seals.c[name] for name in Seal._fields)).order_by(seals.c.position)
    ).all():
        seal = Seal(*row)._replace(form=Form(row.form))
        previous = link(previous, seal, tx.seal_key or b"a guess")
        tx.connection.execute(update(seals).where(seals.c.position == seal.position).values(hash=previous))


def newest(tx: Tx) -> bytes:
    found: bytes = tx.connection.execute(select(seals.c.hash).order_by(seals.c.position.desc()).limit(1)).scalar_one()
    return found


def test_a_chain_made_anew_is_seen_by_a_kept_head(business: Api) -> None:
    with business.database.read() as tx:
        kept = newest(tx)
    with unguarded(business) as tx:
        assert list(chain.lost_heads(tx, [business.account], [kept])) == []
        tx.connection.execute(text("UPDATE seals SET at = '2026-01-01 12:00:00' WHERE kind = 'journal'"))
        made_anew(tx)
        assert report(tx, business) == []
        lost = [str(each) for each in chain.lost_heads(tx, [business.account], [kept, newest(tx)])]
    assert lost == [
        f"seals head {kept.hex()}: is in no chain: seals were cut off, or made anew, since this head was kept"
    ]


def test_a_chain_with_a_key_cannot_be_made_anew_without_it(database_url: str) -> None:
    with (
        opened(database_url, clock=Clock(AT)) as api,
        closing(Database(database_url, clock=Clock(AT), seal_key=KEY)) as keyed,
    ):
        an_invoice(api, 1)
        draft = a_draft(api, 2)["id"]
        keyed.transact("tests", lambda tx: invoices.publish(tx, api.account, draft))
        with unguarded(api) as tx:
            assert report(tx, api) == [f"seals 2: {chain.NO_KEY}"]
            tx.seal_key = KEY.encode()
            assert report(tx, api) == []
            tx.seal_key = None
            made_anew(tx)
            tx.seal_key = KEY.encode()
            (found,) = report(tx, api)
            assert found.startswith("seals 2: hash is ")
            tx.connection.execute(text("UPDATE seals SET form = 2 WHERE position = 2"))
            tx.seal_key = None
            made_anew(tx)
            assert report(tx, api) == []


def test_no_seal_without_the_key_comes_after_one_with_it(database_url: str) -> None:
    with (
        opened(database_url, clock=Clock(AT)) as api,
        closing(Database(database_url, clock=Clock(AT), seal_key=KEY)) as keyed,
    ):
        first, second = (a_draft(api, each)["id"] for each in (1, 2))
        for draft in (first, second):
            keyed.transact("tests", partial(invoices.publish, account=api.account, invoice_id=draft))
        third = a_draft(api, 3)["id"]
        with pytest.raises(WrongSealKey, match="made with a key"):
            api.database.transact("tests", partial(invoices.publish, account=api.account, invoice_id=third))
        with unguarded(api) as tx:
            tx.seal_key = KEY.encode()
            tx.connection.execute(text("UPDATE seals SET form = 2 WHERE position = 2"))
            made_anew(tx)
            assert report(tx, api) == ["seals 2: is made without the SEAL_KEY, and one before it with it"]


@pytest.mark.parametrize(("key", "sentence"), [(None, "made with a key"), (KEY[::-1], "made with another key")])
def test_a_server_without_the_key_of_its_seals_is_told_at_once(
    database_url: str, key: str | None, sentence: str
) -> None:
    with (
        opened(database_url, clock=Clock(AT)) as api,
        closing(Database(database_url, clock=Clock(AT), seal_key=KEY)) as keyed,
    ):
        draft = a_draft(api, 1)["id"]
        keyed.transact("tests", partial(invoices.publish, account=api.account, invoice_id=draft))
        with (
            closing(Database(database_url, seal_key=key)) as other,
            other.read() as tx,
            pytest.raises(WrongSealKey, match=sentence),
        ):
            check_key(tx, api.account)
        with keyed.read() as tx:
            check_key(tx, api.account)


def test_what_is_not_sealed_or_made_without_the_key_is_told(database_url: str) -> None:
    clock = Clock(AT)
    with opened(database_url, clock=clock) as api, closing(Database(database_url, clock=clock, seal_key=KEY)) as keyed:
        an_invoice(api, 1)
        with keyed.read() as tx:
            assert list(records.notes(tx, api.account)) == []
            told = f"account {api.account.id}: the seals to 1 are made without SEAL_KEY; only a kept head protects them"
            assert list(chain.notes(tx, api.account)) == [told]
        clock.set("2026-03-31T12:11:00Z")
        with api.database.read() as tx:
            late = [note.partition(";")[0] for note in records.notes(tx, api.account)]
            assert list(chain.notes(tx, api.account)) == []
    owner = f"account {api.account.id}"
    assert late == [f"{owner}: 4 events rows are not sealed", f"{owner}: 1 journal rows are not sealed"]


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (f"UPDATE invoices SET deleted_at = {TIME} WHERE id = 1", "issued_is_never_in_the_trash"),
        ("UPDATE invoices SET issued_at = NULL WHERE id = 1", "issued_at_some_time"),
        ("UPDATE invoices SET state = 'voided' WHERE id = 1", "only_issued_is_settled"),
        (f"UPDATE quotations SET issued_at = {TIME} WHERE id = 5", "issued_at_some_time"),
        ("UPDATE payments SET status = 'reversed' WHERE id = 1", "reversed_at_some_time"),
        ("UPDATE journal SET row_hash = NULL WHERE id = 1", "sealed_whole"),
        ("UPDATE events SET seal_position = NULL WHERE id = 1", "sealed_whole"),
    ],
)
def test_the_database_refuses_what_no_row_may_be(business: Api, statement: str, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), business.database.transaction("tests") as tx:
        tx.connection.execute(text(statement))
