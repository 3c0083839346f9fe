"""Where the program writes, and who may read it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tallystick
from tests.api import opened
from tests.program import run

SECRET = 0o600


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_nobody_else_may_read_what_the_program_writes(database_url: str, tmp_path: Path) -> None:
    copy, lines, moved = tmp_path / "backup.db", tmp_path / "lines", tmp_path / "moved.db"
    with opened(database_url):
        assert run("backup", str(copy), database_url=database_url).returncode == 0
        assert run("export", str(lines), database_url=database_url).returncode == 0
    assert run("import", str(lines), database_url=f"sqlite:///{moved}").returncode == 0
    assert [mode(path) for path in (copy, lines, moved)] == [SECRET] * 3


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_an_installed_program_keeps_its_database_with_the_users_data(database_url: str, tmp_path: Path) -> None:
    """Run from a copy of the package, as an installed one, in a folder that it has nothing to do with."""
    installed, data, elsewhere = (tmp_path / name for name in ("installed", "data", "elsewhere"))
    shutil.copytree(Path(tallystick.__file__).parent, installed / "tallystick")
    elsewhere.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(installed), "XDG_DATA_HOME": str(data), "DATABASE_URL": ""}

    def told(command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tallystick", command],
            env=environment,
            cwd=elsewhere,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    file = data / "tallystick" / "tallystick.db"
    missing = told("verify")
    assert (missing.returncode, f"There is no database at {file}. " in missing.stderr) == (2, True)
    assert not data.exists()
    with opened(database_url):
        assert told("import", run("export", database_url=database_url).stdout).returncode == 0
    assert (mode(file), mode(file.parent), list(elsewhere.iterdir())) == (SECRET, 0o700, [])
