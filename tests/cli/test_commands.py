"""The command line itself: its version, its completion, and what it prints for programs."""

import json

import pytest

from tallystick import __version__
from tests.api import opened
from tests.program import run

NOWHERE = "sqlite:////nowhere/books.db"


@pytest.mark.slow
def test_it_tells_its_version() -> None:
    told = run("--version", database_url=NOWHERE)
    assert (told.returncode, told.stdout, told.stderr) == (0, f"tallystick {__version__}\n", "")


@pytest.mark.slow
def test_a_shell_can_complete_its_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    # As a shell asks; --show-completion looks for the shell that has called it, and a test has none.
    monkeypatch.setenv("_TALLYSTICK_COMPLETE", "source_bash")
    told = run(database_url=NOWHERE)
    assert (told.returncode, told.stdout.lstrip().startswith("_tallystick_completion()"), told.stderr) == (0, True, "")


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_programs_read_json_and_people_read_a_table_that_cuts_nothing(database_url: str) -> None:
    name = "A name that is longer than the columns of a narrow terminal have room for"
    with opened(database_url):
        made = run("keys", "create", name, "--scope=read", "--expires=2999-12-31", database_url=database_url)
        secret = made.stdout.strip()
        (newest, first) = json.loads(run("keys", "list", "--json", database_url=database_url).stdout)
        table = run("keys", "list", database_url=database_url).stdout
        accounts = json.loads(run("accounts", "list", "--json", database_url=database_url).stdout)
        processed = json.loads(run("process", "--json", database_url=database_url).stdout)
    assert (newest["name"], newest["scopes"], newest["hint"]) == (name, ["read"], secret[:8])
    assert (newest["expires_at"], newest["last_used_at"]) == ("2999-12-31T00:00:00Z", None)
    assert first["scopes"] == ["admin"]
    assert name in table
    assert "2999-12-31T00:00:00+00:00" in table
    assert accounts == [{"id": 1, "name": "Example Ltd", "currency": "USD", "timezone": "UTC"}]
    assert processed == [{"account": 1, "schedules": 0, "invoices": 0, "nothing_to_bill": 0, "failed": 0}]
