"""Load over HTTP, by wrk."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

CONNECTIONS: Final = 16
TIMEOUT_S: Final = 30
SCRIPT: Final = Path(__file__).with_name("load.lua")
HOW_TO_INSTALL: Final = "wrk, the load generator, is not installed. On Debian: apt-get install wrk"


class Request(NamedTuple):
    """The requests of one measurement: one method and body, and the paths to send it to in turn."""

    method: str
    paths: Sequence[str]
    body: bytes = b""


class Load(msgspec.Struct, frozen=True):
    """What wrk counted. ``refused`` had a status from 400 on, ``lost`` had no reply."""

    requests: int
    duration_us: int
    p50_us: int
    p99_us: int
    refused: int
    lost: int

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


def load(origin: str, key: str, request: Request, seconds: float, connections: int) -> Load:
    """Sends the requests in turn, over so many connections at a time.

    Raises CannotMeasure unless every reply was a success.
    """
    with tempfile.TemporaryDirectory() as directory:
        paths, body = Path(directory, "paths"), Path(directory, "body")
        paths.write_text("\n".join(request.paths))
        body.write_bytes(request.body)
        options = ["--threads=1", f"--connections={connections}", f"--duration={max(1, round(seconds))}s"]
        options.append(f"--timeout={TIMEOUT_S}s")
        script = [f"--script={SCRIPT}", origin, "--", request.method, key, str(paths), str(body)]
        output = subprocess.run(["wrk", *options, *script], capture_output=True, text=True, check=True).stdout
    measured = msgspec.json.decode(output.splitlines()[-1], type=Load)
    if measured.refused or measured.lost or not measured.requests:
        raise CannotMeasure(f"Not every request to {request.paths[0]} succeeded: {measured}")
    return measured
