"""The command line itself: its version, its completion, and what it prints for programs."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tallystick import __version__
from tallystick.cli import COMMANDS
from tallystick.store.tables import invoices
from tests.api import opened
from tests.bills import an_invoice
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


@pytest.mark.slow
@pytest.mark.alters
@pytest.mark.database("sqlite")
def test_programs_read_what_was_made_and_found(database_url: str, tmp_path: Path) -> None:
    def told(*arguments: str) -> tuple[int, Any]:
        done = run(*arguments, "--json", database_url=database_url)
        return done.returncode, json.loads(done.stdout)

    with opened(database_url) as api:
        number = an_invoice(api, 100)["invoice_number"]
        _, key = told("keys", "create", "Shop", "--scope=read")
        _, account = told("accounts", "create", "Other Ltd")
        assert api.get("/invoices/1", headers={"X-API-Key": key["key"]}).status_code == 200
        assert api.data(api.get("/settings", headers={"X-API-Key": account["key"]}))["id"] == account["id"] == 2
        status, copied = told("backup", str(tmp_path / "copy.db"))
        sound = told("verify", f"--head={copied['heads']['1']}")
        with api.database.transaction("tests") as tx:
            tx.connection.execute(update(invoices).values(total=1))
        failed, altered = told("verify")
    assert (key["name"], key["scopes"], key["hint"]) == ("Shop", ["read"], key["key"][:8])
    assert sound == (0, {"ok": True, "accounts": 2, "bills": 1, "differences": [], "notes": []})
    assert (status, copied["file"], len(copied["heads"]["1"])) == (0, str(tmp_path / "copy.db"), 64)
    assert (failed, altered["ok"], altered["bills"]) == (1, False, 1)
    assert {"table": "invoices", "row": f"1 ({number})"}.items() <= altered["differences"][0].items()


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_tells_what_it_is_for(command: str) -> None:
    told = run(command, "--help", database_url=NOWHERE)
    assert (told.returncode, f"tallystick {command}" in told.stdout, told.stderr) == (0, True, "")
