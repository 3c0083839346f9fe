"""Group commit on SQLite: one COMMIT for those who wait, and each is atomic by itself."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from tallystick.store import group
from tallystick.store.db import Database, Tx
from tallystick.store.engines import driver_of, sqlite_engine
from tallystick.store.tx import TryAgain
from tallystick.store.writer import BEGIN, Writer

SCHEMA = """
    CREATE TABLE kept (name TEXT PRIMARY KEY, other TEXT REFERENCES kept DEFERRABLE INITIALLY DEFERRED);
"""
PATIENCE_S = 30.0

Work = Callable[[Connection], object]


class Books:
    """A file with one table, its writer, and the statements of transactions that it has run."""

    def __init__(self, file: Path) -> None:
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(SCHEMA)
        self.file = file
        self.writer = Writer(sqlite_engine(f"sqlite:///{file}", begin=BEGIN), file)
        with self.writer.begin() as connection:
            driver_of(connection).set_trace_callback(self._traced)
        self.commits = 0

    def _traced(self, statement: str) -> None:
        self.commits += statement == "COMMIT"

    def write(self, work: Work) -> None:
        with self.writer.join() as connection:
            work(connection)

    def names(self) -> set[str]:
        with closing(sqlite3.connect(self.file)) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM kept")}

    @contextmanager
    def together(self, *works: Work) -> Iterator[list[Future[None]]]:
        """Has the works wait for one turn, each in a thread, so that the first leaves the transaction to the next."""
        with ThreadPoolExecutor(len(works)) as threads:
            with self.writer.turn:
                running = []
                for number, work in enumerate(works, 1):
                    running.append(threads.submit(self.write, work))
                    wait_until(lambda number=number: self.writer.turn.going_on == number)  # type: ignore[misc]
            yield running


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.001)


def keep(name: str, other: str | None = None) -> Work:
    return lambda connection: driver_of(connection).execute("INSERT INTO kept VALUES (?, ?)", (name, other))


def refuse(name: str) -> Work:
    def work(connection: Connection) -> None:
        keep(name)(connection)
        raise InterruptedError

    return work


def undo_all(connection: Connection) -> None:
    """What SQLite does by itself where the disk is full."""
    driver_of(connection).execute("ROLLBACK")
    raise InterruptedError


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    monkeypatch.setattr(group, "OPEN_FOR_S", PATIENCE_S)
    ours = Books(tmp_path / "kept.db")
    with closing(ours.writer):
        yield ours


def test_who_waits_is_committed_together(books: Books) -> None:
    with books.together(*(keep(name) for name in "abcde")) as running:
        assert [each.result() for each in running] == [None] * 5
    assert books.commits == 1
    assert books.names() == set("abcde")


def test_who_is_alone_waits_for_nobody(books: Books) -> None:
    books.write(keep("a"))
    books.write(keep("b"))
    assert (books.commits, books.names()) == (2, {"a", "b"})


@pytest.mark.parametrize("refused", range(3))
def test_who_raises_is_undone_alone(books: Books, refused: int) -> None:
    works = [refuse(name) if number == refused else keep(name) for number, name in enumerate("abc")]
    with books.together(*works) as running:
        raised = [type(each.exception()) for each in running]
    assert raised.count(InterruptedError) == 1
    assert raised.count(type(None)) == 2
    assert books.names() == {name for number, name in enumerate("abc") if number != refused}


def test_a_refusal_too_waits_for_what_it_rests_on(books: Books) -> None:
    seen = []
    with books.together(keep("a"), keep("a"), keep("b")) as running:
        for each in running:
            each.add_done_callback(lambda _done: seen.append(books.names()))
    assert seen == [{"a", "b"}] * 3
    assert sum(isinstance(each.exception(), sqlite3.IntegrityError) for each in running) == 1


def test_one_who_undoes_all_has_the_others_try_again(books: Books) -> None:
    with books.together(keep("a"), undo_all) as running:
        first = running[0].exception()
    # Which one had its turn first is the lock's.
    assert first is None or isinstance(first, TryAgain)
    assert ("a" in books.names()) is (first is None)
    books.write(keep("z"))
    assert "z" in books.names()


def test_a_commit_that_is_refused_has_all_try_again(books: Books) -> None:
    with books.together(keep("a"), keep("b", "nobody"), keep("c")) as running:
        raised = [type(each.exception()) for each in running]
    assert raised == [TryAgain] * 3
    assert books.names() == set()
    # Alone, each learns what is its own.
    with pytest.raises(IntegrityError), books.writer.begin() as connection:
        keep("b", "nobody")(connection)
    books.write(keep("a"))
    assert books.names() == {"a"}


def test_a_commit_whose_outcome_nobody_knows_is_told_to_all(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "leaves_unknown", lambda _error: True)
    with books.together(keep("a"), keep("b", "nobody")) as running:
        raised = [each.exception() for each in running]
    assert all(isinstance(each, DBAPIError) for each in raised)
    assert raised[0] is not raised[1]


def test_who_is_left_alone_ends_it(books: Books) -> None:
    """One who was to come gave up, so that nobody is left to commit but who waits for it."""

    def work(connection: Connection) -> None:
        keep("a")(connection)
        gone.append(None)

    gone = books.writer.turn._going_on
    books.write(work)
    gone.pop()
    assert books.names() == {"a"}


def test_another_turn_ends_it_first(books: Books) -> None:
    def work(connection: Connection) -> None:
        keep("a")(connection)
        books.writer.turn._going_on.append(None)

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(books.write, work)
        wait_until(lambda: books.writer.turn.ended > 0)
        with books.writer.begin() as connection:
            keep("b")(connection)
        running.result()
    assert books.names() == {"a", "b"}


def test_it_takes_up_no_more_than_so_many(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "MOST_MEMBERS", 2)
    with books.together(*(keep(name) for name in "abcd")) as running:
        assert [each.result() for each in running] == [None] * 4
    assert books.commits == 2


def test_nor_for_longer_than_so(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "OPEN_FOR_S", 0.0)
    with books.together(*(keep(name) for name in "abc")) as running:
        assert [each.result() for each in running] == [None] * 3
    assert books.commits == 3


def test_work_that_was_undone_with_others_is_done_again_alone(database_url: str) -> None:
    attempts: list[bool] = []

    def work(tx: Tx) -> str:
        attempts.append(True)
        if len(attempts) == 1:
            raise TryAgain
        return tx.actor

    with closing(Database(database_url)) as database:
        assert database.transact_with_others("tests", work) == "tests"
    assert len(attempts) == 2
