"""The settings: what is taken, and the sentence for what is not."""

from pathlib import Path

import pytest

from tallystick.config import BadSetting, ProcessSettings, default_file, from_environment

NUMBER = "Must be a number from 1 to 65535, as 8000."
ORIGIN = "Must be an origin with its scheme, as https://billing.example.com."
RATE = "Must be a number from 1 to 10000, as 20."
PROXIES = "Must be addresses or networks with commas between, as 127.0.0.1,10.0.0.0/8."
DATABASE = "Must be sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE."
A_FILE = "Must name a file, as sqlite:////var/lib/tallystick/tallystick.db: a database in memory is lost."
PLAIN = "Must be sqlite:///FILE, without a host or options; a path from the root has four slashes."
LENGTH = "Must have 20 to 512 characters, as `openssl rand -base64 32` makes them."
VISIBLE = "Must consist of visible ASCII characters, without spaces."
ANOTHERS = "Must not begin with digits and a dot: a key that does so is another account's."

WRONG = [
    ("PORT", "abc", NUMBER),
    ("PORT", "0", NUMBER),
    ("PORT", "65536", NUMBER),
    ("PORT", "²", NUMBER),
    ("DATABASE_URL", "tallystick.db", DATABASE),
    ("DATABASE_URL", "postgresql+psycopg://me@localhost:port/books", DATABASE),
    ("DATABASE_URL", "mysql://localhost/books", "Must begin with sqlite:/// or postgresql+psycopg://, not with mysql://."),
    ("DATABASE_URL", "postgres://me:secret@localhost/books",
     "Must begin with sqlite:/// or postgresql+psycopg://, not with postgres://."),
    ("DATABASE_URL", "sqlite://", A_FILE),
    ("DATABASE_URL", "sqlite:///:memory:", A_FILE),
    ("DATABASE_URL", "sqlite://var/lib/books.db", PLAIN),
    ("DATABASE_URL", "sqlite:///file:books?mode=memory&uri=true", PLAIN),
    ("API_KEY", "short", LENGTH),
    ("API_KEY", "a" * 19, LENGTH),
    ("API_KEY", "a" * 513, LENGTH),
    ("API_KEY", "2.0-my-long-and-secret-key", ANOTHERS),
    ("API_KEY", "20260101.abcdefghijklmnop", ANOTHERS),
    ("API_KEY", "schlüssel-für-die-rechnungen", VISIBLE),
    ("API_KEY", " a-key-with-space-before-it", VISIBLE),
    ("API_KEY", "a-key-with-a-line's-end\n", VISIBLE),
    ("SEAL_KEY", "a" * 31, "Must have at least 32 characters, as `openssl rand -hex 32` makes them."),
    ("PUBLIC_URL", "billing.example.com", ORIGIN),
    ("TRUSTED_PROXIES", "10.0.0.0/8 ::1", PROXIES),
    ("TRUSTED_PROXIES", "proxy.example.com", PROXIES),
    ("TRUSTED_PROXIES", "10.0.0.1/8", PROXIES),
    ("KEY_REQUESTS_PER_SECOND", "0", RATE),
    ("KEY_REQUESTS_PER_SECOND", "10001", RATE),
    ("KEY_REQUESTS_PER_SECOND", "0.5", RATE),
    ("PUBLIC_URL", "billing.example.com:8000", ORIGIN),
    ("PUBLIC_URL", "ftp://billing.example.com", ORIGIN),
    ("PUBLIC_URL", "https://", ORIGIN),
    ("PUBLIC_URL", "https://example.com/billing", ORIGIN),
    ("PUBLIC_URL", "https://me:secret@example.com", ORIGIN),
    ("PUBLIC_URL", "https://me@example.com", ORIGIN),
    ("PUBLIC_URL", "https://[::1", ORIGIN),
    ("PUBLIC_URL", "https://billing.example.com/?a=b", ORIGIN),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "sentence"), WRONG)
def test_a_wrong_setting_is_named_with_what_is_right(name: str, value: str, sentence: str) -> None:
    with pytest.raises(BadSetting) as refused:
        from_environment({name: value})
    assert str(refused.value) == f"{name}: {sentence}"


TAKEN = [
    ("PORT", "65535", ProcessSettings(port=65535)),
    ("PORT", "", ProcessSettings()),
    ("DATABASE_URL", "sqlite:////srv/a b.db", ProcessSettings(database_url="sqlite:////srv/a b.db")),
    ("DATABASE_URL", "postgresql://localhost/books", ProcessSettings(database_url="postgresql://localhost/books")),
    ("API_KEY", "a" * 20, ProcessSettings(api_key="a" * 20)),
    ("API_KEY", "1." + "a" * 43, ProcessSettings(api_key="1." + "a" * 43)),
    ("API_KEY", "x2.0-my-long-and-secret-key", ProcessSettings(api_key="x2.0-my-long-and-secret-key")),
    ("TRUSTED_PROXIES", "::1, 10.0.0.0/8", ProcessSettings(trusted_proxies="::1, 10.0.0.0/8")),
    ("KEY_REQUESTS_PER_SECOND", "20", ProcessSettings(key_requests_per_second=20)),
    ("SEAL_KEY", "a" * 32, ProcessSettings(seal_key="a" * 32)),
    ("PUBLIC_URL", "https://billing.example.com:8443", ProcessSettings(public_url="https://billing.example.com:8443")),
]


@pytest.mark.parametrize(("name", "value", "settings"), TAKEN)
def test_a_good_setting_is_taken(name: str, value: str, settings: ProcessSettings) -> None:
    assert from_environment({name: value}) == settings


ORIGINS = [
    (ProcessSettings(), "http://127.0.0.1:8000"),
    (ProcessSettings(host="::1", port=80), "http://[::1]:80"),
    (ProcessSettings(public_url="https://billing.example.com/"), "https://billing.example.com"),
]


@pytest.mark.parametrize(("settings", "origin"), ORIGINS)
def test_links_begin_with_the_origin(settings: ProcessSettings, origin: str) -> None:
    assert settings.origin == origin


def test_a_checkout_has_a_database_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert default_file(tmp_path) == tmp_path / "data" / "tallystick" / "tallystick.db"
    (tmp_path / "pyproject.toml").touch()
    assert default_file(tmp_path) == tmp_path / "tallystick.db"
