"""Whatever hinders the program is one line, which says what to do, and exit code 2; or 1 where a service may wait."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tallystick.cli import main
from testing.server import PROGRAM, free_port
from tests.program import run

SERVE, VERIFY = ["serve"], ["verify"]
# How a command is called, and what is said of it.
MISUSED = [
    ("keys create x --scope wirte", "--scope: Must be one of read, write, admin. Did you mean write?"),
    ("keys create x --expires tomorrow", "--expires: Must be a date, as 2026-03-31."),
    ("keys revoke abc", "key_id: Must be a whole number."),
    ("keys revoke", "key_id: Is required."),
    ("process --as-of 31.12.2026", "--as-of: Must be a date, as 2026-03-31."),
    ("verify --head abc", "--head: Must be the hash of a seal: 64 hexadecimal digits."),
    ("verify --json=1", "--json: Takes no value."),
    ("usage load events.txt", "file: Must end in .csv or .jsonl."),
    ("serve --workers 0", "--workers: Must be a whole number of at least 1."),
    ("serve --workers", "--workers: Needs a value."),
    ("serve --wrokers 2", "--wrokers: Is not an option of this command. Did you mean --workers?"),
    ("serve --worker 2", "2: Is one argument too many. Did you mean --workers?"),
    ("serve now", "now: Is one argument too many."),
    ("serv", "serv: Is not a command. Did you mean serve?"),
    ("keys crate x", "crate: Is not a command. Did you mean create?"),
]
# What is run, a setting, and the line; {} is the test's own folder, where there are only the files of ``litter``.
REFUSED: list[tuple[Sequence[str], tuple[str, str], str]] = [
    (SERVE, ("PORT", "99999"), "PORT: Must be a number from 1 to 65535, as 8000."),
    (SERVE, ("API_KEY", "short"),
     "API_KEY: Must have 20 to 512 characters, as `openssl rand -base64 32` makes them."),
    (SERVE, ("DATABASE_URL", "mysql://me:secret@localhost/books"),
     "DATABASE_URL: Must begin with sqlite:/// or postgresql+psycopg://, not with mysql://."),
    (SERVE, ("DATABASE_URL", "sqlite:///{}/missing/books.db"),
     "DATABASE_URL: There is no folder {}/missing. Make it first."),
    (SERVE, ("DATABASE_URL", "sqlite:///{}"), "DATABASE_URL: {} is a folder. Name a file in it."),
    (SERVE, ("DATABASE_URL", "sqlite:///{}/text"),
     "DATABASE_URL: {}/text is not a SQLite database. Name another file."),
    (VERIFY, ("DATABASE_URL", "sqlite:///{}/text"),
     "DATABASE_URL: {}/text is not a SQLite database. Name another file."),
    (VERIFY, ("DATABASE_URL", "postgresql+psycopg://me:secret@127.0.0.1:1/books"),
     'DATABASE_URL: The PostgreSQL cannot be used: connection failed: connection to server at "127.0.0.1", port 1 f'),
    (SERVE, ("DATABASE_URL", "postgresql+psycopg://me:secret@/books?host={}&colour=red"),
     'DATABASE_URL: The PostgreSQL cannot be used: invalid connection option "colour"'),
    *((command, ("DATABASE_URL", "sqlite:///{}/books.db"),
       "DATABASE_URL: There is no database at {}/books.db. `tallystick serve` makes one.")
      for command in (VERIFY, ["keys", "list"], ["accounts", "create", "Second Ltd"], ["process"], ["worker"],
                      ["export"])),
    (["backup", "copy.db"], ("DATABASE_URL", "sqlite:///{}/books.db"),
     "There is no database at {}/books.db. DATABASE_URL says which one to back up."),
    (["backup", "missing/copy.db"], ("DATABASE_URL", "sqlite:///{}/text"),
     "There is no folder {}/missing. Make it first."),
    (["backup", "copy.db"], ("DATABASE_URL", "sqlite:///{}/text"),
     "DATABASE_URL: {}/text is not a SQLite database. Name another file."),
    (["import", "missing.jsonl"], ("DATABASE_URL", "sqlite:///{}/books.db"),
     "missing.jsonl: No such file or directory."),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


# What a service may find otherwise when it is started again.
PASSING: list[tuple[Sequence[str], tuple[str, str], str]] = [
    *((command, ("DATABASE_URL", "postgresql+psycopg://me:secret@nope.invalid/books"),
       "DATABASE_URL: The PostgreSQL cannot be used: failed to resolve host 'nope.invalid': [Errno ")
      for command in (SERVE, ["worker"])),
    (SERVE, ("DATABASE_URL", "postgresql+psycopg://me:secret@127.0.0.1:1/books"),
     'DATABASE_URL: The PostgreSQL cannot be used: connection failed: connection to server at "127.0.0.1", port 1 f'),
]  # fmt: skip
HINDERED = [*((*case, 2) for case in REFUSED), *((*case, 1) for case in PASSING)]


@pytest.mark.parametrize(("command", "setting", "line", "status"), HINDERED)
def test_what_hinders_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: Sequence[str],
    setting: tuple[str, str],
    line: str,
    status: int,
) -> None:
    litter = {tmp_path / "text": b"Not a database, though as long as one has to be at least. " * 20}
    for path, content in litter.items():
        path.write_bytes(content)
    name, value = setting
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv(name, value.format(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [PROGRAM, *command])
    with pytest.raises(SystemExit) as ended:
        main()
    printed, told = capsys.readouterr()
    assert (ended.value.code, printed) == (status, "")
    assert told.startswith(f"tallystick: {line.format(tmp_path)}")
    assert told.count("\n") == 1
    assert "secret" not in told
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == litter


@pytest.mark.slow
def test_the_program_ends_with_that_line(tmp_path: Path) -> None:
    refused = run("verify", database_url=f"sqlite:///{tmp_path / 'books.db'}")
    line = f"tallystick: DATABASE_URL: There is no database at {tmp_path}/books.db. `tallystick serve` makes one.\n"
    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", line)


@pytest.mark.parametrize(("call", "line"), MISUSED)
def test_what_is_wrong_with_a_call_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], call: str, line: str
) -> None:
    monkeypatch.setattr("sys.argv", [PROGRAM, *call.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, *capsys.readouterr()) == (2, "", f"tallystick: {line}\n")


def test_a_group_without_a_command_shows_its_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [PROGRAM, "keys"])
    with pytest.raises(SystemExit) as ended:
        main()
    printed, told = capsys.readouterr()
    assert (ended.value.code, "Make a key" in printed, told) == (2, True, "")
