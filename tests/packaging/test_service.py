"""What docs/ tell an operator to do works as it stands, in an environment that has nothing else in it.

Only the paths are others: a test must not write below ``/etc``, ``/opt`` and ``/var``.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tallystick.store.backup import back_up
from testing.server import PROGRAM
from tests.api import opened

DOCS = Path(__file__).parents[2] / "docs"
FOLDERS = ("/etc", "/opt", "/usr/local/bin", "/var")
BARE = {"PATH": "/usr/bin:/bin"}


def block(page: str, kind: str, having: str) -> str:
    """The block of a page that holds these words."""
    blocks = re.findall(rf"^```{kind}\n(.*?)^```$", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)
    (found,) = (text for text in blocks if having in text)
    return str(found)


def below(root: Path, text: str) -> str:
    """The text with its paths below ``root``."""
    return re.sub(rf"(?<![\w.])({'|'.join(FOLDERS)})(?=[/:])", rf"{root}\1", text)


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as cron does: by sh, with next to no environment."""
    return subprocess.run(
        ["/bin/sh", "-c", command], env={**BARE, **environment}, cwd="/", capture_output=True, text=True, check=False
    )


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The root of a machine on which the program is installed as the page says, but for its user."""
    for folder in ("etc", "opt/tallystick/bin", "usr/local/bin", "var/lib/tallystick"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "opt/tallystick/bin/tallystick").symlink_to(PROGRAM)
    lines = below(tmp_path, block("running.md", "sh", "useradd")).splitlines()
    skipped = ("useradd", "python3 -m venv", f"{tmp_path}/opt/tallystick/bin/pip")
    assert all(any(line.startswith(start) for line in lines) for start in skipped)
    kept = [line.replace(" -g tallystick", "") for line in lines if not line.startswith(skipped)]
    done = shell("set -e\n" + "\n".join(kept))
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@pytest.mark.database("sqlite")
def test_the_nightly_backup_is_made_and_verified(machine: Path, database_url: str) -> None:
    with opened(database_url):
        back_up(Path(database_url.removeprefix("sqlite:///")), machine / "var/lib/tallystick/tallystick.db")
    folder = below(machine, block("backup.md", "sh", "install -d")).replace(" -o tallystick", "")
    assert shell(folder).returncode == 0
    table = below(machine, block("backup.md", "cron", "backup")).splitlines()
    environment = dict(line.split("=", 1) for line in table if re.match(r"[A-Z]+=", line))
    (line,) = (line for line in table if line.startswith("15 3 "))
    *_when, user, command = line.split(maxsplit=6)
    assert user == "tallystick"
    done = shell(command.replace(r"\%", "%"), **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Backed up ")
    assert done.stdout.splitlines()[-1].startswith("ok: accounts ")
    (copy,) = (machine / "var/backups/tallystick").iterdir()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d[.]db", copy.name)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@pytest.mark.database("sqlite")
def test_a_command_beside_the_service_has_its_settings(machine: Path, database_url: str) -> None:
    with opened(database_url):
        back_up(Path(database_url.removeprefix("sqlite:///")), machine / "var/lib/tallystick/tallystick.db")
    line = below(machine, block("running.md", "sh", "runuser")).replace("-u tallystick", "-u root")
    listed = shell(line, PATH=f"{machine}/usr/local/bin:/usr/sbin:{BARE['PATH']}")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "admin" in listed.stdout


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@pytest.mark.database("sqlite")
def test_a_backup_is_restored(machine: Path, database_url: str) -> None:
    data, backups = machine / "var/lib/tallystick", machine / "var/backups/tallystick"
    backups.mkdir(parents=True)
    with opened(database_url):
        back_up(Path(database_url.removeprefix("sqlite:///")), backups / "2026-03-31.db")
    for name in ("tallystick.db", "tallystick.db-wal", "tallystick.db-shm"):
        (data / name).write_text("lost")
    lines = below(machine, block("backup.md", "sh", "replaced")).splitlines()
    assert (lines[0], lines[-1]) == ("systemctl stop tallystick", "systemctl start tallystick")
    commands = "\n".join(lines[1:-1]).replace("-u tallystick", "-u root").replace(" -o tallystick", "")
    restored = shell(f"set -e\n{commands}", PATH=f"{machine}/usr/local/bin:/usr/sbin:{BARE['PATH']}")
    assert (restored.returncode, restored.stderr) == (0, "")
    assert restored.stdout.startswith("ok: accounts 1")
    assert len(list((data / "replaced").iterdir())) == 3


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_unit_is_one_and_leaves_little_to_attack(tmp_path: Path) -> None:
    unit = tmp_path / "tallystick.service"
    program = block("running.md", "ini", "ExecStart").replace("/opt/tallystick/bin/tallystick", PROGRAM)
    unit.write_text(program.replace("User=tallystick", "User=daemon"))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, [line for line in checked.stderr.splitlines() if unit.name in line]) == (0, [])
    judge = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit)]
    judged = subprocess.run(judge, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout
