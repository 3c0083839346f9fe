"""The limit: the statements of a request, as the application itself runs them, through a bare driver without HTTP.

They were captured with their parameters and the bounds of their transactions, and are replayed as prepared statements:
on SQLite over one connection, since it has one writer; on PostgreSQL over as many as the server has threads, each in a
process of its own.
"""

import multiprocessing
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from itertools import cycle
from typing import Any

import psycopg
from sqlalchemy import make_url

from bench.capture import Slot, Statement, Transaction

Execute = Callable[[Statement, Any], Sequence[Any]]
Do = Callable[[Transaction], None]
Timed = Callable[[Sequence[list[Transaction]], Do], float]


def rate(url: str, requests: Sequence[list[Transaction]], seconds: float, *, connections: int) -> float:
    """How many of these requests a second the database itself can do."""
    if make_url(url).get_backend_name() == "sqlite":
        return _on_sqlite(url, requests, partial(_over_and_over, seconds))
    with ProcessPoolExecutor(connections, multiprocessing.get_context("fork")) as pool:
        running = [
            pool.submit(_on_postgresql, url, requests, partial(_over_and_over, seconds)) for _ in range(connections)
        ]
        return sum(each.result() for each in running)


def rate_once(url: str, requests: Sequence[list[Transaction]]) -> float:
    """As ``rate``, for requests that cannot be done twice: each once, in order, over one connection."""
    run = _on_sqlite if make_url(url).get_backend_name() == "sqlite" else _on_postgresql
    return run(url, requests, _each_once)


def _on_sqlite(url: str, requests: Sequence[list[Transaction]], timed: Timed) -> float:
    with closing(sqlite3.connect(str(make_url(url).database), isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

        def execute(statement: Statement, parameters: Any) -> Sequence[Any]:
            run = connection.executemany if statement.is_many else connection.execute
            return run(statement.sql, parameters).fetchall()

        def do(transaction: Transaction) -> None:
            if transaction.begin:
                connection.execute(transaction.begin)
            _replay(transaction, execute)
            connection.commit()

        return timed(requests, do)


def _on_postgresql(url: str, requests: Sequence[list[Transaction]], timed: Timed) -> float:
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo) as connection:

        def execute(statement: Statement, parameters: Any) -> Sequence[Any]:
            cursor = connection.cursor()
            if statement.is_many:
                cursor.executemany(statement.sql, parameters, returning=statement.returns)
            else:
                cursor.execute(statement.sql, parameters, prepare=True)
            return cursor.fetchall() if statement.returns else ()

        def do(transaction: Transaction) -> None:
            connection.autocommit, connection.isolation_level, connection.read_only = transaction.begin
            _replay(transaction, execute)
            connection.commit()

        return timed(requests, do)


def _replay(transaction: Transaction, execute: Execute) -> None:
    made: int | None = None
    for statement in transaction.statements:
        found = execute(statement, _filled(statement, made) if statement.names_made else statement.parameters)
        if made is None and found and statement.writes:
            made = found[0][0]


def _filled(statement: Statement, made: int | None) -> Any:
    return statement.changed(lambda value: made if value is Slot.MADE else value)


def _each_once(requests: Sequence[list[Transaction]], do: Do) -> float:
    began = time.perf_counter()
    for transactions in requests:
        for transaction in transactions:
            do(transaction)
    return len(requests) / (time.perf_counter() - began)


def _over_and_over(seconds: float, requests: Sequence[list[Transaction]], do: Do) -> float:
    done, began, again = 0, time.perf_counter(), cycle(requests)
    while (elapsed := time.perf_counter() - began) < seconds:
        for transaction in next(again):
            do(transaction)
        done += 1
    return done / elapsed
