"""A PostgreSQL of one's own that is stopped, frozen, and full of others."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from tallystick.core.errors import OutcomeUnknown, Unavailable
from tallystick.store.db import Database, Tx
from tallystick.store.migrate import migrate
from testing.postgresql import VOLATILE, Server, running
from tests.api import Api
from tests.faults.test_unavailable import NOTHING_DONE, create

pytestmark = pytest.mark.slow

SLOTS = 12
FROZEN_FOR_AT_MOST_S = 8
"""A look, two seconds of suspicion and two of asking; the rest is for a busy machine."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running({**VOLATILE, "max_connections": str(SLOTS)}) as started:
        yield started


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    with psycopg.connect(server.conninfo, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS books WITH (FORCE)")
        admin.execute("CREATE DATABASE books")
    with closing(Database(server.url("books"), connections=4)) as database:
        migrate(database)
        yield Api(database)


def test_one_that_is_stopped_is_told_at_once_and_found_again(api: Api, server: Server) -> None:
    server.stop()
    refused = create(api)
    assert api.client.get("/health").status_code == 200
    told = api.client.get("/ready")
    server.start_again()
    assert (refused.status_code, refused.json()["error"]) == (503, NOTHING_DONE)
    reasons = ["The database takes no writes: PostgreSQL does not answer, or is busy."]
    assert (told.status_code, told.json()["reasons"]) == (503, reasons)
    # Every pooled connection is dead, and none of the requests after the start sees one.
    assert create(api).status_code == 201
    assert len(api.data(api.get("/customers"))) == 1


def test_one_that_is_frozen_is_given_up(api: Api, server: Server) -> None:
    with server.frozen():
        began_s = time.monotonic()
        refused = create(api)
        elapsed_s = time.monotonic() - began_s
    assert (refused.status_code, refused.json()["error"]) == (503, NOTHING_DONE)
    assert elapsed_s < FROZEN_FOR_AT_MOST_S
    assert create(api).status_code == 201


def freeze_early(tx: Tx, freeze: Callable[[], None]) -> None:
    freeze()
    tx.connection.execute(text("UPDATE accounts SET name = 'changed' WHERE id = 1"))


def freeze_late(tx: Tx, freeze: Callable[[], None]) -> None:
    tx.connection.execute(text("UPDATE accounts SET name = 'changed' WHERE id = 1"))
    freeze()


@pytest.mark.parametrize(("work", "told"), [(freeze_early, Unavailable), (freeze_late, OutcomeUnknown)])
def test_what_was_under_way_is_given_up(api: Api, server: Server, work: Any, told: type[Unavailable]) -> None:
    """Only where its COMMIT was sent is it not known what became of it."""
    with ExitStack() as frozen:

        def freeze() -> None:
            frozen.enter_context(server.frozen())

        with pytest.raises(Unavailable) as raised:
            api.database.transact("tests", lambda tx: work(tx, freeze))
    assert raised.type is told
    assert create(api).status_code == 201


def test_a_statement_that_only_takes_long_goes_on(api: Api) -> None:
    with api.database.read() as tx:
        assert tx.connection.execute(text("SELECT pg_sleep(5)")).all()


def test_one_that_is_full_of_others_is_told(api: Api, server: Server) -> None:
    with ExitStack() as others:
        # The request needs a second connection beside this one.
        others.enter_context(api.database.read())
        with suppress(psycopg.OperationalError):
            for _ in range(SLOTS):
                others.enter_context(psycopg.connect(server.conninfo))
        refused = create(api)
    assert (refused.status_code, refused.json()["error"]) == (503, NOTHING_DONE)
    assert create(api).status_code == 201
