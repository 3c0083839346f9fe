"""A backup is a whole database, taken while others write, or it is nothing."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import pytest

from tallystick.store.backup import CannotBackUp, back_up, new_file
from testing.server import serving
from tests.api import Api
from tests.bills import a_customer, an_invoice
from tests.program import run

ONLY_SQLITE = pytest.mark.database("sqlite")


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        rows: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return rows


@ONLY_SQLITE
def test_a_backup_holds_what_was_committed(api: Api, database_url: str, tmp_path: Path) -> None:
    an_invoice(api, 100)
    target = tmp_path / "copies" / "backup.db"
    target.parent.mkdir()
    with api.database.transaction("tests") as tx:
        # Still in the write-ahead log, and not committed: none of it may be waited for, or copied.
        tx.connection.exec_driver_sql("UPDATE customers SET name = 'Half done'")
        back_up(path_of(database_url), target)
    assert [path.name for path in target.parent.iterdir()] == ["backup.db"]
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT name FROM customers").fetchall() == [("Ann Example",)]
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@pytest.mark.slow
@ONLY_SQLITE
def test_a_backup_tells_the_newest_seal_of_each_account(api: Api, database_url: str, tmp_path: Path) -> None:
    other = Api(api.database)
    for each in (api, other, api):
        an_invoice(each, 100)
    told = run("backup", str(tmp_path / "a #1?.db"), database_url=database_url).stdout.splitlines()
    heads = {each.account.id: each.data(each.get("/stats"))["seal_head"] for each in (api, other)}
    assert told[1:] == [f"The newest seal of account {account}: {head}" for account, head in heads.items()]


@ONLY_SQLITE
def test_a_file_that_is_there_is_not_overwritten(api: Api, database_url: str, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("precious")
    with pytest.raises(CannotBackUp, match="is not overwritten"):
        back_up(path_of(database_url), target)
    assert target.read_text() == "precious"


@ONLY_SQLITE
def test_what_a_stopped_backup_left_goes_away_with_the_next(api: Api, database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for litter in ("monday.db.tallystick-part", "monday.db.tallystick-part-journal", "tuesday.db.tallystick-part"):
        (folder / litter).write_text("half a copy")
    (folder / "film.part").write_text("somebody else's")
    back_up(path_of(database_url), folder / "tuesday.db")
    assert sorted(path.name for path in folder.iterdir()) == ["film.part", "tuesday.db"]
    assert count(folder / "tuesday.db", "accounts") == 1


@ONLY_SQLITE
def test_two_backups_at_once_leave_each_other_alone(api: Api, database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    with new_file(folder / "lines") as part:
        part.write_text("all of it")
        back_up(path_of(database_url), folder / "books.db")
    assert (folder / "lines").read_text() == "all of it"
    assert sorted(path.name for path in folder.iterdir()) == ["books.db", "lines"]


def test_of_two_that_write_one_file_the_second_is_refused(tmp_path: Path) -> None:
    def write(content: str) -> None:
        with new_file(tmp_path / "file") as part:
            part.write_text(content)

    with ThreadPoolExecutor(1) as pool:
        with new_file(tmp_path / "file") as part:
            second = pool.submit(write, "second")
            wait([second], timeout=0.2)
            part.write_text("first")
        assert isinstance(second.exception(), CannotBackUp)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["first"]


def test_there_must_be_something_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(CannotBackUp, match="no database at"):
        back_up(tmp_path / "none.db", tmp_path / "backup.db")
    assert list(tmp_path.iterdir()) == []


@ONLY_SQLITE
def test_a_damaged_database_is_not_backed_up(api: Api, database_url: str, tmp_path: Path) -> None:
    for _ in range(50):
        a_customer(api)
    api.database.close()
    source, target = path_of(database_url), tmp_path / "backup.db"
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM accounts")
        connection.commit()
    with pytest.raises(CannotBackUp, match="foreign_key_check says"):
        back_up(source, target)
    assert not target.exists()


@pytest.mark.slow
@ONLY_SQLITE
def test_a_server_writes_on_while_it_is_backed_up(database_url: str, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    with serving(database_url, tmp_path) as server:
        customer = a_customer(server)
        done = threading.Event()
        made = []

        def write() -> None:
            while not done.is_set():
                made.append(an_invoice(server, 10, customer_id=customer)["id"])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            backed_up = run("backup", str(target), database_url=database_url)
        finally:
            done.set()
            writer.join()
        assert (backed_up.returncode, backed_up.stderr) == (0, "")
    assert 0 < count(target, "invoices") < len(made)
    assert run("verify", database_url=f"sqlite:///{target}").returncode == 0


@pytest.mark.slow
@pytest.mark.database("postgresql")
def test_a_postgresql_is_left_to_its_own_tools(database_url: str, tmp_path: Path) -> None:
    refused = run("backup", str(tmp_path / "backup"), database_url=database_url)
    assert (refused.returncode, "pg_dump" in refused.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
