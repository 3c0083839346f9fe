"""``tallystick usage load``: events from files."""

import json
from pathlib import Path

import pytest

from tests.api import Api
from tests.bills import a_customer
from tests.program import run
from tests.usage.test_report import meter, report, rows

pytestmark = pytest.mark.slow

GOOD = '{"id": "e%d", "customer_id": 1, "meter": "calls", "at": "2026-03-01T00:00:00Z", "quantity": 2}'


@pytest.fixture
def url(api: Api, database_url: str) -> str:
    a_customer(api)
    meter(api, "calls")
    return database_url


def load(url: str, file: Path, *options: str) -> tuple[int, str]:
    done = run("usage", "load", str(file), "--account", "1", *options, database_url=url)
    return done.returncode, done.stdout or done.stderr


def forget(url: str, before: str, *options: str) -> tuple[int, str]:
    done = run("usage", "forget", "--before", before, "--account", "1", *options, database_url=url)
    return done.returncode, done.stdout or done.stderr


def test_each_event_of_a_file_is_taken_once(api: Api, url: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("\n\n".join(GOOD % number for number in range(6_000)))
    assert load(url, file) == (0, "6000 events are new, 0 had come before, 0 are wrong.\n")
    code, printed = load(url, file, "--json")
    assert (code, json.loads(printed)) == (
        0,
        {"accepted": 0, "duplicates": 6000, "kept": 0, "wrong": 0, "rejected": []},
    )
    assert rows(report(api)) == [("12000", "0.00")]


def test_a_table_has_the_fields_as_its_header(api: Api, url: str, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text(
        "\ufeffid,customer_id,meter,at,quantity,properties.color\n"
        "a,1,calls,2026-03-01T00:00:00Z,0.1,red\n"
        'b,1,calls,2026-03-02T00:00:00Z,,"blue, dark"\n'
    )
    assert load(url, file)[0] == 0
    assert rows(report(api, "group_by=color")) == [("blue, dark", "1", "0.00"), ("red", "0.1", "0.00")]


WRONG = ("{", "[]", '{"id": "x"}', GOOD.replace("calls", "none") % 7, GOOD.replace("2}", "3}") % 1)


def test_a_file_with_a_wrong_line_is_left_whole_and_each_line_told(api: Api, url: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join([GOOD % 1, *WRONG]))
    code, printed = load(url, file)
    first, *lines = printed.splitlines()
    assert (code, first) == (1, "0 events are new, 0 had come before, 5 are wrong.")
    fields = ["event: ", "event: Must be one event", "customer_id: Is required.", "meter: ", "id: "]
    for number, (line, field) in enumerate(zip(lines, fields, strict=True), 2):
        assert line.startswith(f"Line {number}: {field}")
    assert rows(report(api)) == []
    code, printed = load(url, file, "--partial", "--json")
    told = json.loads(printed)
    assert (code, told["accepted"], [each["line"] for each in told["rejected"]]) == (1, 1, [2, 3, 4, 5, 6])


def test_another_kind_of_file_is_refused(url: str, tmp_path: Path) -> None:
    file = tmp_path / "events.xml"
    file.write_text("")
    code, printed = load(url, file)
    assert (code, ".csv or .jsonl" in printed) == (2, True)


def test_events_are_forgotten(api: Api, url: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(GOOD % number for number in range(3)))
    assert load(url, file)[0] == 0
    code, printed = forget(url, "2026-05")
    assert (code, printed) == (0, "3 events are gone; what was used up to 2026-04-30 is forgotten.\n")
    code, printed = forget(url, "2026-05", "--json")
    assert (code, json.loads(printed)) == (0, {"events": 0, "forgotten_until": "2026-04-30"})
    assert forget(url, "2999-01")[0] == 2
