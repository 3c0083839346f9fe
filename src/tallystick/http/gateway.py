"""From a request as Granian has it to one of WSGI (PEP 3333), and what the application answers to it."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from io import BytesIO
from sys import stderr
from typing import Any, NamedTuple
from wsgiref.types import WSGIApplication

from granian.rsgi import Scope

from tallystick.http.spool import OnDisk

INPUT = "wsgi.input"
HEADERS_KEPT = 256


class Sent(NamedTuple):
    """An answer of the application: the ``file``, where there is one, else the ``body``."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    file: OnDisk | None


class FileWrapper:
    """An answer that is a file, which the server may send by itself (PEP 3333, "Optional Platform-Specific File")."""

    def __init__(self, file: OnDisk, block_bytes: int) -> None:
        self.file = file
        self._block_bytes = block_bytes

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(self._block_bytes), b"")


# Whoever needs its own address has it from PUBLIC_URL, and not from here.
SAME_ALWAYS: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
    "wsgi.file_wrapper": FileWrapper,
}


def environ_of(scope: Scope) -> dict[str, Any]:
    """The request without its body."""
    headers = scope.headers
    environ = {
        **SAME_ALWAYS,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        INPUT: BytesIO(),
    }
    others = len(environ)
    for header, value in headers.items():
        name = _name(header)
        environ[name] = f"{environ[name]},{value}" if name in environ else value
    if len(environ) - others < len(headers.keys()):
        # Granian leaves out a value that is not ASCII; the header must not look as if it had not been sent.
        for header in headers.keys():  # noqa: SIM118  # it is no mapping
            environ.setdefault(_name(header), "")
    environ.pop("", None)
    return environ


@lru_cache(HEADERS_KEPT)
def _name(header: str) -> str:
    """The name in an environ; none for one with an underscore, which would pass for the one with a hyphen."""
    if "_" in header:
        return ""
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def call(application: WSGIApplication, environ: dict[str, Any]) -> Sent:
    """The answer of the application."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return _write

    body = application(environ, start)
    ((status, headers),) = started
    if isinstance(body, FileWrapper):
        return Sent(int(status[:3]), headers, b"", body.file)
    return Sent(int(status[:3]), headers, b"".join(body), None)


def _write(_part: bytes) -> None:
    raise NotImplementedError("an answer is returned")
