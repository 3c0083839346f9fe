"""What the command line prints steers no terminal; what programs read is as it was kept."""

import json

import pytest

from tallystick.console import show

DECEIVING = "Ann \u202eelpmaxE\x1b[2J\x07"


def test_a_table_leaves_out_what_deceives(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"name": DECEIVING}], ["name"], as_json=False)
    printed = capsys.readouterr().out
    assert "Ann elpmaxE[2J" in printed
    assert not set("\u202e\x1b\x07") & {*printed}


def test_json_keeps_it(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"name": DECEIVING}], ["name"], as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"name": DECEIVING}]
