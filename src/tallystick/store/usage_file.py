"""The file of usage events beside a SQLite database: made with the first event, its schema by steps (docs/adr/0048).

A batch of events holds a file's one lock to write for long, and would hold up invoices in the same file. Within a
transaction of this one the tables of the database beside it can be read, in a snapshot of it.
"""

import re
import sqlite3
from contextlib import closing
from decimal import Context, Decimal, Inexact, InvalidOperation
from pathlib import Path
from urllib.parse import quote

from tallystick.core.errors import DomainError

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE usage_events (
            seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL, event_id TEXT NOT NULL,
            hash BLOB NOT NULL, customer_id INTEGER NOT NULL, meter TEXT, service TEXT, region TEXT,
            at_us BIGINT NOT NULL, end_us BIGINT, quantity BIGINT NOT NULL, parts BIGINT NOT NULL, cost BIGINT,
            cost_parts BIGINT, resource_id TEXT, resource_name TEXT, properties TEXT)""",
        "CREATE UNIQUE INDEX uq_usage_events_event ON usage_events (account_id, event_id)",
        # All that is added up, so that a sum reads nothing else.
        """CREATE INDEX ix_usage_events_customer ON usage_events (
            account_id, customer_id, at_us, meter, service, region, quantity, parts, cost, cost_parts)""",
        """CREATE TABLE usage_arrivals (
            account_id INTEGER NOT NULL, last_seq BIGINT NOT NULL, first_seq BIGINT NOT NULL,
            earliest_us BIGINT NOT NULL, at_us BIGINT NOT NULL, PRIMARY KEY (account_id, last_seq)) WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE usage_rejected (
            account_id INTEGER NOT NULL, event_id TEXT NOT NULL, at_us BIGINT NOT NULL, tried_us BIGINT NOT NULL,
            event TEXT NOT NULL, errors TEXT NOT NULL, PRIMARY KEY (account_id, event_id)) WITHOUT ROWID""",
        "CREATE INDEX ix_usage_rejected_tried ON usage_rejected (account_id, tried_us, event_id)",
    ),
    (
        """CREATE TABLE usage_forgotten (
            account_id INTEGER NOT NULL, day DATE NOT NULL, at_us BIGINT NOT NULL, PRIMARY KEY (account_id))""",
        """CREATE TABLE usage_totals (
            account_id INTEGER NOT NULL, day DATE NOT NULL, place BIGINT NOT NULL, customer_id INTEGER NOT NULL,
            meter TEXT, group_values TEXT NOT NULL, service TEXT, region TEXT, adds_up BOOLEAN NOT NULL,
            has_cost BOOLEAN NOT NULL, events BIGINT NOT NULL, quantity TEXT NOT NULL, costs TEXT NOT NULL,
            PRIMARY KEY (account_id, day, place)) WITHOUT ROWID""",
        "CREATE INDEX ix_usage_totals_customer ON usage_totals (account_id, customer_id, day)",
    ),
)
"""The statements of each version of the schema after the one before it; one that was released never changes."""

MEASURABLE = r"-?[0-9]{1,15}(\.[0-9]{1,12})?"
"""A number of a property that can be measured."""

NUMBER = re.compile(f'"?{MEASURABLE}"?')
EXACT = Context(prec=200, traps=[InvalidOperation, Inexact])

CACHE_KIB = 32 * 1024
"""Random ids go to random pages of an index: with SQLite's own 2 MB, each costs twice as much."""

CHECKPOINT_COMMITS = 8
"""Batches after which the log is moved: each of 1,000 events writes some 10 MB of it."""


class NewerUsageFile(DomainError):
    """The file of usage events was made by a newer Tallystick."""

    code = "UNAVAILABLE"


def usage_file_of(database: Path) -> Path:
    """The file of the usage events of a database."""
    return database.with_name(f"{database.stem}-usage{database.suffix}")


def prepare(connection: sqlite3.Connection, database: Path) -> None:
    """Brings the file to this schema, and shows it the tables of the database beside it. Raises NewerUsageFile."""
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    _migrate(connection)
    connection.execute("ATTACH DATABASE ? AS books", [f"file:{quote(str(database))}?mode=ro"])
    connection.create_aggregate("exact_sum", 1, ExactSum)  # type: ignore[arg-type]  # it takes only one argument
    connection.create_aggregate("exact_max", 1, ExactMax)  # type: ignore[arg-type]  # it takes only one argument
    connection.create_function("is_number", 1, is_number, deterministic=True)


def _migrate(connection: sqlite3.Connection) -> None:
    if _version(connection) == len(STEPS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[_known(connection) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _known(connection: sqlite3.Connection) -> int:
    version = _version(connection)
    if version > len(STEPS):
        raise NewerUsageFile(
            f"The file of usage events is at the schema {version}, which this version of Tallystick does not know. "
            "Start the newer version that made it, or restore a backup from before."
        )
    return version


def _version(connection: sqlite3.Connection) -> int:
    with closing(connection.execute("PRAGMA user_version")) as found:
        return int(found.fetchone()[0])


def is_number(text: str | None) -> bool:
    """Whether a text of JSON is a number that can be measured, or a text of one."""
    return text is not None and NUMBER.fullmatch(text) is not None


class ExactSum:
    """The sum of numbers in texts of JSON, as a text; what is no number counts for nothing."""

    def __init__(self) -> None:
        self._value: Decimal | None = None

    def step(self, text: str | None) -> None:
        """Takes one more."""
        if is_number(text):
            number = Decimal(str(text).strip('"'))
            self._value = number if self._value is None else self._joined(self._value, number)

    def _joined(self, value: Decimal, number: Decimal) -> Decimal:
        return EXACT.add(value, number)

    def finalize(self) -> str | None:
        """The result; None where there was no number."""
        return None if self._value is None else format(self._value, "f")


class ExactMax(ExactSum):
    """The largest of numbers in texts of JSON, as a text; what is no number counts for nothing."""

    def _joined(self, value: Decimal, number: Decimal) -> Decimal:
        return max(value, number)
