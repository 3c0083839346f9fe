"""What is compiled apart from this process, by ``documents.child``: it can neither stop it nor fill its memory."""

import subprocess
import sys
from tempfile import TemporaryDirectory

import msgspec

from tallystick.documents.child import CPU_S, NOT_ARCHIVAL, REFUSED

SECONDS = 60
"""By the clock; what ends a template is its CPU time, which a busy machine gives it late."""
TOO_MUCH = "The template takes too long, or too much memory."
# No proxy is there: what a template would fetch from a network fails at once.
ENVIRONMENT = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "PATH": ""}


class TemplateFault(Exception):
    """The words of the compiler, or that there were none in time."""


class NotArchival(TemplateFault):
    """It cannot be a PDF/A and PDF/UA; another PDF may be made of it."""


FAULTS = {REFUSED: TemplateFault, NOT_ARCHIVAL: NotArchival}


class Request(msgspec.Struct, frozen=True):
    """What is to be compiled: files by their names, ``main`` among them; what they can read; and for how long."""

    files: dict[str, str]
    inputs: dict[str, str]
    timestamp: int
    fonts: str
    is_archival: bool
    cpu_s: int = CPU_S


def compiled(request: Request) -> bytes:
    """The PDF. Raises TemplateFault, and NotArchival where one that is archival was asked for."""
    # Python looks for modules where it starts: in a folder of our own, where nobody else has put any.
    with TemporaryDirectory() as nowhere:
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "tallystick.documents.child"],
                input=msgspec.json.encode(request),
                capture_output=True,
                timeout=SECONDS,
                env=ENVIRONMENT,
                cwd=nowhere,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TemplateFault(TOO_MUCH) from None
    if fault := FAULTS.get(ended.returncode):
        raise fault(ended.stderr.decode(errors="replace"))
    if ended.returncode != 0:
        raise TemplateFault(TOO_MUCH)
    return ended.stdout
