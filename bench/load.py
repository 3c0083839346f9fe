"""Load over HTTP, by wrk, and the CPU time that it costs whoever answers."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

CONNECTIONS: Final = 16
TIMEOUT_S: Final = 30
MOST_A_SECOND: Final = 2_000
"""Requests of which no two are the same, so that none is sent twice to a server that is slower than that."""

SCRIPT: Final = Path(__file__).with_name("load.lua")
HOW_TO_INSTALL: Final = "wrk, the load generator, is not installed. On Debian: apt-get install wrk"
TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


class Request(NamedTuple):
    """The requests of one measurement, to be sent one after the other: each a line of a method and a path.

    ``body`` goes with those that are no GET. Each is sent once, and after the last one of a list it begins anew.
    """

    lines: Iterable[str]
    body: bytes = b""


class Load(msgspec.Struct, frozen=True):
    """What wrk counted. ``refused`` had a status from 400 on, ``lost`` had no reply."""

    requests: int
    duration_us: int
    p50_us: int
    p99_us: int
    refused: int
    lost: int
    cpu_us: float = 0
    """What a request cost the processes that answered, in all their threads."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests * 1e6 / self.duration_us


class CannotMeasure(Exception):
    """What stands in the way, and what to do about it."""


def check_installed() -> None:
    """Raises CannotMeasure where there is no wrk."""
    if shutil.which("wrk") is None:
        raise CannotMeasure(HOW_TO_INSTALL)


def load(origin: str, pid: int, header: str, request: Request, seconds: int, connections: int = CONNECTIONS) -> Load:
    """Sends the requests over so many connections at a time, to the processes of the group ``pid``.

    ``header`` goes with each. Raises CannotMeasure unless every reply was a success.
    """
    lines = list(islice(request.lines, MOST_A_SECOND * seconds))
    with tempfile.TemporaryDirectory() as directory:
        wanted, body = Path(directory, "lines"), Path(directory, "body")
        wanted.write_text("\n".join(lines))
        body.write_bytes(request.body)
        options = ["--threads=1", f"--connections={connections}", f"--duration={seconds}s", f"--timeout={TIMEOUT_S}s"]
        script = [f"--script={SCRIPT}", origin, "--", header, str(wanted), str(body)]
        before_s = cpu_s(pid)
        output = subprocess.run(["wrk", *options, *script], capture_output=True, text=True, check=True).stdout
        spent_s = cpu_s(pid) - before_s
    measured = msgspec.json.decode(output.splitlines()[-1], type=Load)
    if measured.refused or measured.lost or not measured.requests:
        raise CannotMeasure(f"Not every request like {lines[0]} succeeded: {measured}")
    return msgspec.structs.replace(measured, cpu_us=spent_s * 1e6 / measured.requests)


def cpu_s(pid: int) -> float:
    """The CPU time that the processes of the group have spent."""
    return sum(int(user) + int(system) for user, system in (_status(each)[11:13] for each in _group(pid))) / (
        TICKS_A_SECOND
    )


def resident_mib(pid: int) -> float:
    """The memory that the processes of the group hold, each shared page by its share."""
    sizes = [line.split()[1] for each in _group(pid) for line in _rollup(each) if line.startswith("Pss:")]
    return sum(map(int, sizes)) / 1024


def _group(pid: int) -> list[int]:
    ids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [each for each in ids if _status(each)[2:3] == [str(pid)]]


def _status(pid: int) -> list[str]:
    """The fields of /proc/PID/stat (proc_pid_stat(5)) behind the name, the third and so on; none of one gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _rollup(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
