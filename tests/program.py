"""The command line in a process of its own."""

import os
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from signal import SIGKILL
from tempfile import TemporaryFile
from typing import Any

from testing.forked import Forked

TIMEOUT_S = 120


def run(
    *arguments: str, database_url: str, stdin: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs ``tallystick`` with these arguments over a database, and waits for its end."""
    with ExitStack() as files:
        given, out, errors = (files.enter_context(TemporaryFile("w+")) for _ in range(3))
        given.write(stdin)
        given.seek(0)
        settings = {**os.environ, "DATABASE_URL": database_url, **(environment or {})}
        process = Forked(arguments, settings, [each.fileno() for each in (given, out, errors)])
        try:
            code = process.wait(TIMEOUT_S)
        finally:
            process.send_signal(SIGKILL)
        printed = [_read(each) for each in (out, errors)]
    return subprocess.CompletedProcess([*arguments], code, *printed)


def _read(file: Any) -> str:
    file.seek(0)
    text: str = file.read()
    return text
