"""The settings, read once from the environment."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from platformdirs import user_data_path
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from tallystick.core.errors import Hindrance
from tallystick.http.addresses import networks
from tallystick.store import secrets
from tallystick.store.seals import MIN_KEY_LENGTH

POSTGRESQL = "postgresql+psycopg"
MAX_PORT = 65_535
MAX_PER_SECOND = 10_000
HOME = Path(__file__).parents[2]
"""The checkout, where the program runs from one."""


def default_file(home: Path = HOME) -> Path:
    """Where the database is if nobody says: in the checkout, or in the platform's folder for data (ADR 39)."""
    folder = home if (home / "pyproject.toml").is_file() else user_data_path("tallystick")
    return folder / "tallystick.db"


def _default_url() -> str:
    return f"sqlite:///{default_file()}"


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How this process runs.

    ``public_url`` is the origin in links; the server's own address where it is not set. ``seal_key`` is what seals are
    made with, so that nobody without it can make any. ``trusted_proxies`` are addresses and networks whose
    X-Forwarded-For is believed. ``key_requests_per_second`` is what each API key may send; without it, any number.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str = msgspec.field(default_factory=_default_url)
    api_key: str | None = None
    seal_key: str | None = None
    public_url: str | None = None
    trusted_proxies: str = ""
    key_requests_per_second: int | None = None

    @property
    def origin(self) -> str:
        """The origin of every absolute link, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


class BadSetting(Hindrance):
    """A setting in the environment has a value that cannot be used."""


def from_environment(environment: Mapping[str, str] = os.environ) -> ProcessSettings:
    """The settings. An empty variable counts as not set. Raises BadSetting, naming the variable."""
    given = {
        name: environment[name.upper()] for name in ProcessSettings.__struct_fields__ if environment.get(name.upper())
    }
    for name, text in given.items():
        wrong = CHECKS[name](text) if name in CHECKS else None
        if wrong:
            raise BadSetting(f"{name.upper()}: {wrong}")
    return msgspec.convert(given, ProcessSettings, strict=False)


def _wrong_with_port(text: str) -> str | None:
    return _wrong_with_number(text, most=MAX_PORT, example=8000)


def _wrong_with_rate(text: str) -> str | None:
    return _wrong_with_number(text, most=MAX_PER_SECOND, example=20)


def _wrong_with_number(text: str, *, most: int, example: int) -> str | None:
    is_good = text.isascii() and text.isdecimal() and 1 <= int(text) <= most
    return None if is_good else f"Must be a number from 1 to {most}, as {example}."


def _wrong_with_seal_key(text: str) -> str | None:
    is_good = len(text) >= MIN_KEY_LENGTH
    return None if is_good else f"Must have at least {MIN_KEY_LENGTH} characters, as `openssl rand -hex 32` makes them."


def _wrong_with_database_url(text: str) -> str | None:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return f"Must be sqlite:///FILE or {POSTGRESQL}://USER:PASSWORD@HOST/DATABASE."
    if url.drivername == "sqlite":
        return _wrong_with_file(url.database, is_plain=not (url.host or url.query))
    if url.drivername not in ("postgresql", POSTGRESQL):
        return f"Must begin with sqlite:/// or {POSTGRESQL}://, not with {url.drivername}://."
    return None


def _wrong_with_file(file: str | None, *, is_plain: bool) -> str | None:
    if not file or file == ":memory:":
        return "Must name a file, as sqlite:////var/lib/tallystick/tallystick.db: a database in memory is lost."
    if not is_plain:
        return "Must be sqlite:///FILE, without a host or options; a path from the root has four slashes."
    return None


def _wrong_with_public_url(text: str) -> str | None:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    has_more = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc
    is_good = parts.scheme in ("http", "https") and parts.hostname and not has_more
    return None if is_good else "Must be an origin with its scheme, as https://billing.example.com."


def _wrong_with_proxies(text: str) -> str | None:
    try:
        networks(text)
    except ValueError:
        return "Must be addresses or networks with commas between, as 127.0.0.1,10.0.0.0/8."
    return None


CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "api_key": secrets.wrong_with_chosen,
    "database_url": _wrong_with_database_url,
    "key_requests_per_second": _wrong_with_rate,
    "port": _wrong_with_port,
    "public_url": _wrong_with_public_url,
    "seal_key": _wrong_with_seal_key,
    "trusted_proxies": _wrong_with_proxies,
}
