"""The API in this process: the real application over a test's own database, called with an admin key."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from functools import lru_cache
from wsgiref.types import WSGIApplication

import httpx
from sqlalchemy import select

from tallystick.accounts import ops
from tallystick.accounts.types import Scope
from tallystick.core.facts import facts_of
from tallystick.http.endpoint import Server
from tallystick.serve import application
from tallystick.store.db import Database, utc_now
from tallystick.store.tables import events
from tallystick.verify import checks
from testing.caller import Caller
from tests.lent import lent

ORIGIN = "http://tallystick.test"


class Api(Caller):
    """Calls the application in this process, over an account of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.application = _application(database)
        # An exception that the application lets through would be a broken connection; here it fails the test.
        transport = httpx.WSGITransport(self.application, raise_app_exceptions=True)
        self.client = httpx.Client(transport=transport, base_url=ORIGIN)
        self.account = database.transact("tests", lambda tx: ops.create(tx, "Example Ltd"))
        self.key = self.new_key(Scope.ADMIN)

    def differences(self) -> list[str]:
        """What ``tallystick verify`` finds in this account."""
        with self.database.read() as tx:
            return [str(difference) for difference in checks.differences(tx, [self.account], unwatched)]

    def new_key(self, *scopes: Scope) -> str:
        """The secret of one more key of this account."""
        return self.database.transact("tests", lambda tx: ops.create_key(tx, self.account, "test", scopes)[1])


@lru_cache(maxsize=8)
def _application(database: Database) -> WSGIApplication:
    return application(Server.of(database, ORIGIN))


def unwatched(_title: str, _rows: int) -> AbstractContextManager[Callable[[int], None]]:
    """Shows no progress to anybody."""
    return nullcontext(lambda _done: None)


def check_facts(database: Database) -> None:
    """Holds every event that was recorded against the shape of its facts; raises where one has another."""
    with database.read() as tx:
        for event, data in tx.connection.execute(select(events.c.type, events.c.data)).all():
            facts_of(event, data)


@contextmanager
def opened(url: str, *, clock: Callable[[], datetime] = utc_now) -> Iterator[Api]:
    """The API over the migrated database at the URL, with an account and an admin key of its own."""
    with lent(url, clock=clock) as database:
        yield Api(database)
        check_facts(database)
