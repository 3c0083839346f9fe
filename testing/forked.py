"""The program in processes forked from one that has it loaded, for to load it takes longer than most commands take.

Each is a process as any other, with its own arguments, environment and files, which ends and is killed by itself.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from select import select
from typing import Final

STANDARD: Final = 3
"""Input, output and errors."""
LONGEST: Final = 1 << 17
"""Of what is told of a process, in bytes."""


class Forked:
    """A running ``tallystick``, in a group of its own; used as a ``subprocess.Popen`` is."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], files: Sequence[int]) -> None:
        self.returncode: int | None = None
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._told.connect(_loaded())
        told = json.dumps([list(arguments), dict(environment), str(Path.cwd())]).encode()
        socket.send_fds(self._told, [told], list(files))
        self.pid = int(self._told.recv(LONGEST))

    def poll(self) -> int | None:
        """The exit code, minus the signal's number where one ended it; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout_s: float | None = None) -> int:
        """Waits for its end, and answers as ``poll``. Raises TimeoutExpired where it goes on for longer."""
        if self.returncode is None:
            if not select([self._told], [], [], timeout_s)[0]:
                raise subprocess.TimeoutExpired(["tallystick"], timeout_s or 0)
            self.returncode = int(self._told.recv(LONGEST))
            self._told.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Sends it a signal, where it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)


@cache
def _loaded() -> str:
    """The address of a process that has the program loaded, which ends with this one."""
    address = f"\0tallystick-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen()
        process = subprocess.Popen(
            # Not -m, for a program that is called so names itself by it.
            [sys.executable, "-c", f"from {__name__} import fork; fork({listener.fileno()})"],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
    # Its input is open for as long as this process lives.
    atexit.register(process.communicate)
    return address


def fork(listener: int) -> None:
    """Loads the program, and forks for each who asks at the socket, until nobody can any more."""
    # Not at the top: whoever asks need not load it.
    from tallystick.cli import main  # noqa: PLC0415

    gc.freeze()
    with socket.socket(fileno=listener) as waiting:
        sys.argv[:] = ["tallystick", *_next_process(waiting)]
    main()


def _next_process(listener: socket.socket) -> list[str]:
    """Forks for each who asks; returns in the process that was asked for, with its arguments."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while sys.stdin not in select([listener, sys.stdin], [], [])[0]:
        asked, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return _guarded(asked)
        asked.close()
    os._exit(0)


def _guarded(asked: socket.socket) -> list[str]:
    """As above, below a process that waits for its end and tells of it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    told, files, _, _ = socket.recv_fds(asked, LONGEST, STANDARD)
    pid = os.fork()
    if pid == 0:
        asked.close()
        return _become(files, *json.loads(told))
    for file in files:
        os.close(file)
    asked.send(str(pid).encode())
    _, status = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):
        asked.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(files: Sequence[int], arguments: list[str], environment: Mapping[str, str], folder: str) -> list[str]:
    os.setsid()
    os.chdir(folder)
    for standard, file in enumerate(files):
        os.dup2(file, standard)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    return arguments
