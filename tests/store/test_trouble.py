"""What is told of a database that does not work; the program's own lines are in tests/cli/test_refusals.py."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tallystick.store.trouble import DatabaseTrouble, explained, fault_of_sqlite

VERSIONS = [
    ((3, 40, 1), True),
    ((3, 44, 5), True),
    ((3, 44, 6), False),
    ((3, 45, 0), True),
    ((3, 50, 6), True),
    ((3, 50, 7), False),
    ((3, 51, 2), True),
    ((3, 51, 3), False),
    ((3, 51, 4), False),
    ((3, 52, 0), False),
    ((4, 0, 0), False),
]


@pytest.mark.parametrize(("version", "is_faulty"), VERSIONS)
def test_a_sqlite_with_the_wal_reset_bug_is_known(version: tuple[int, ...], is_faulty: bool) -> None:
    assert (fault_of_sqlite(version) is not None) is is_faulty


def test_a_damaged_page_is_told_as_one(tmp_path: Path) -> None:
    file = tmp_path / "books.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE bills (id INTEGER PRIMARY KEY, text TEXT)")
        connection.executemany("INSERT INTO bills (text) VALUES (?)", [["a" * 1000]] * 100)
        connection.commit()
    with file.open("r+b") as pages:
        pages.seek(4096)
        pages.write(b"\xff" * 4096)
    with (
        pytest.raises(DatabaseTrouble, match=f"^DATABASE_URL: {file} is damaged. Move it away, and restore a backup"),
        explained(f"sqlite:///{file}"),
        closing(sqlite3.connect(file)) as connection,
    ):
        connection.execute("SELECT count(text) FROM bills").fetchall()


def test_a_mistake_of_the_program_is_raised_as_it_is() -> None:
    with (
        pytest.raises(sqlite3.OperationalError, match="no such table"),
        explained("sqlite:////books.db"),
        closing(sqlite3.connect(":memory:")) as connection,
    ):
        connection.execute("SELECT * FROM bills")
