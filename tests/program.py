"""The command line in a process of its own."""

import os
import subprocess

from testing.server import PROGRAM

TIMEOUT_S = 120


def run(*arguments: str, database_url: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs ``tallystick`` with these arguments over a database, and waits for its end."""
    return subprocess.run(
        [PROGRAM, *arguments],
        env={**os.environ, "DATABASE_URL": database_url},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
