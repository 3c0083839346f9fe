"""Ends what hangs at a PostgreSQL that is frozen (docs/adr/0041).

No setting of the driver or of the kernel helps there: the server's kernel goes on acknowledging what nobody reads, and
the server's own time limits are frozen with it. So a thread looks at each connection a few times a second. Where one
has waited for an answer at every look for a while, it asks the server for a new connection; where that is not even
refused in time, it shuts the socket of whoever waits, and the statement fails as by a lost connection. A statement
that only takes long goes on. None of this costs a request anything.
"""

import os
import select
import socket
import threading
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import DisconnectionError

LOOKS_EVERY_S = 0.25
SUSPECT_AFTER_LOOKS = 8


class Watchdog:
    """Watches the connections that an engine makes, until it is closed. Its thread begins with the first of them."""

    def __init__(self, engine: Engine) -> None:
        self._waited: WeakKeyDictionary[psycopg.Connection, int] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._parameters: dict[str, Any] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog of PostgreSQL", daemon=True)
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "checkout", _refuse_one_that_ended)

    def close(self) -> None:
        """Watches no longer."""
        self._closing.set()

    def _connect(self, dialect: Dialect, _record: object, arguments: Any, parameters: dict[str, Any]) -> Any:
        connection: Any = dialect.connect(*arguments, **parameters)
        with self._lock:
            self._waited[connection] = 0
            if not self._parameters:
                self._parameters = parameters
                self._thread.start()
        return connection

    def _run(self) -> None:
        while not self._closing.wait(LOOKS_EVERY_S):
            suspects = self._look()
            if suspects and not self._answers():
                for connection in suspects:
                    _shut(connection)

    def _look(self) -> list[psycopg.Connection]:
        """The connections that have waited for long; from now on they are counted anew."""
        with self._lock:
            for connection, looks in list(self._waited.items()):
                self._waited[connection] = looks + 1 if _waits(connection) else 0
            suspects = [each for each, looks in self._waited.items() if looks >= SUSPECT_AFTER_LOOKS]
            for each in suspects:
                self._waited[each] = 0
        return suspects

    def _answers(self) -> bool:
        try:
            psycopg.connect(**self._parameters).close()
        except psycopg.errors.ConnectionTimeout:
            return False
        except psycopg.Error:
            # Who refuses is awake.
            return True
        return True


def _waits(connection: psycopg.Connection) -> bool:
    return connection.pgconn.transaction_status == TransactionStatus.ACTIVE


def _shut(connection: psycopg.Connection) -> None:
    # By a handle of our own, and looking again once we have it: else its number might be another file's by now.
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.pgconn.socket)) as handle:
        if _waits(connection):
            handle.shutdown(socket.SHUT_RDWR)


def _refuse_one_that_ended(connection: psycopg.Connection, _record: object, _proxy: object) -> None:
    """Lets the pool connect anew where the server has ended a connection meanwhile, which needs no round trip to see.

    An idle connection has nothing to read but that, or a notice, which is read away.
    """
    try:
        while _has_input(connection):
            connection.pgconn.consume_input()
    except psycopg.OperationalError as error:
        raise DisconnectionError from error


def _has_input(connection: psycopg.Connection) -> bool:
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))
