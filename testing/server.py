"""A real ``tallystick serve`` in processes of its own, for what no call within one process can show."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from testing.caller import Caller
from testing.forked import Forked

PROGRAM: Final = str(Path(sys.executable).with_name("tallystick"))
SERVE: Final = (PROGRAM, "serve")
KEY: Final = "the-key-of-these-tests"
START_TIMEOUT_S: Final = 120.0
STOP_TIMEOUT_S: Final = 40.0
REQUEST_TIMEOUT_S: Final = 30.0
POLL_S: Final = 0.05


class Server(Caller):
    """Serves one database on a free port; started, stopped and killed by hand.

    It is called with an admin key, over as many connections as its callers use threads. ``log`` is all that the
    server has printed. A ``program`` is started itself; without one, a process is forked that has it loaded, where one
    is enough.
    """

    key = KEY

    def __init__(
        self,
        database_url: str,
        directory: Path,
        *,
        program: Sequence[str] | None = None,
        workers: int = 1,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._log_path = directory / "server.log"
        self._program = SERVE if program is None and workers > 1 else program
        self._options = [f"--workers={workers}", *options]
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._environment = {
            **os.environ,
            "HOST": "127.0.0.1",
            "PORT": str(self._port),
            "DATABASE_URL": database_url,
            "API_KEY": KEY,
            **(environment or {}),
        }
        self.origin = f"http://127.0.0.1:{self._port}"
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        self.client = httpx.Client(base_url=self.origin, timeout=REQUEST_TIMEOUT_S, limits=limits, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.client.close()
        self.kill()

    @property
    def pid(self) -> int:
        """The id of the process, and of the group of all its processes."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log_path.read_text()

    def start(self) -> None:
        """Starts the server, and waits until it answers."""
        assert self._process is None or self._process.poll() is not None, "the server runs already"
        with self._log_path.open("ab") as log:
            self._process = self._started(log.fileno())
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            assert self._process.poll() is None, f"the server ended by itself:\n{self.log}"
            assert time.monotonic() < deadline, f"the server does not answer:\n{self.log}"
            time.sleep(POLL_S)

    def _started(self, log: int) -> "subprocess.Popen[bytes] | Forked":
        """In a group of its own, so that ``kill`` reaches the workers too."""
        if self._program is None:
            with Path(os.devnull).open("rb") as nothing:
                return Forked(["serve", *self._options], self._environment, (nothing.fileno(), log, log))
        command = [*self._program, *self._options]
        return subprocess.Popen(command, env=self._environment, stdout=log, stderr=log, start_new_session=True)

    def terminate(self) -> None:
        """Asks the server to end, by SIGTERM, and does not wait for it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Waits until the server has ended by itself, and answers its exit code."""
        assert self._process is not None
        return self._process.wait(STOP_TIMEOUT_S)

    def kill(self) -> None:
        """Ends every process of the server at once, by SIGKILL, as the loss of the machine would."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.origin}/health", timeout=1, trust_env=False).is_success
        except httpx.TransportError:
            return False


@contextmanager
def serving(database_url: str, directory: Path, **how: Any) -> Iterator[Server]:
    """A Server over this database that answers, and that is gone at the end. Its log lies in ``directory``."""
    with Server(database_url, directory, **how) as server:
        server.start()
        yield server


def free_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
