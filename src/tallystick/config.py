"""The settings, read once from the environment."""

import os
from collections.abc import Mapping
from typing import Annotated

import msgspec

from tallystick.store.seals import MIN_KEY_LENGTH


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How this process runs.

    ``public_url`` is the origin in links; the server's own address where it is not set. ``seal_key`` is what seals are
    made with, so that nobody without it can make any.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str = "sqlite:///tallystick.db"
    api_key: str | None = None
    seal_key: Annotated[str, msgspec.Meta(min_length=MIN_KEY_LENGTH)] | None = None
    public_url: str | None = None

    @property
    def origin(self) -> str:
        """The origin of every absolute link, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


class BadSetting(Exception):
    """A setting in the environment has a value that cannot be used."""


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings. An empty variable counts as not set. Raises BadSetting, naming the variable."""
    given = {name: environment[name.upper()] for name in Settings.__struct_fields__ if environment.get(name.upper())}
    try:
        return msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        sentence, _, field = str(error).partition(" - at `$.")
        if field.startswith("seal_key"):
            sentence = f"Must have at least {MIN_KEY_LENGTH} characters, as `openssl rand -hex 32` makes them"
        raise BadSetting(f"{field.rstrip('`').upper()}: {sentence}.") from None
