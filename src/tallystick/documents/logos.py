"""The account's logo: kept under the name of its content, so that whoever has seen one knows another from it."""

from base64 import b64encode
from hashlib import sha256
from typing import Any, NamedTuple, Self

from sqlalchemy import Select, bindparam, delete, select

from tallystick.accounts import store as accounts
from tallystick.core.account import Account
from tallystick.core.errors import NotFound
from tallystick.core.events import Event
from tallystick.documents import drawings
from tallystick.documents.images import picture
from tallystick.store import outbox
from tallystick.store.db import Tx
from tallystick.store.tables import logos

ENDINGS = {"image/png": "png", "image/jpeg": "jpg", drawings.MEDIA: "svg"}
MEDIA = {ending: media for media, ending in ENDINGS.items()}
DIGITS = 32
NONE = "There is no logo."
# A picture as a drawing: what typst is given from memory has to be text.
AS_DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
    '<image width="{width}" height="{height}" href="data:{media};base64,{data}"/></svg>'
)
FIND: Select[Any] = select(logos.c.content).where(
    logos.c.account_id == bindparam("account"), logos.c.name == bindparam("name")
)
INSERT = logos.insert()
DELETE = delete(logos).where(logos.c.account_id == bindparam("account"))


class Logo(NamedTuple):
    """A logo as it was sent, and its name."""

    name: str
    content: bytes

    @classmethod
    def of(cls, content: bytes, media: str) -> Self:
        """The logo of this content."""
        return cls(f"{sha256(content).hexdigest()[:DIGITS]}.{ENDINGS[media]}", content)

    @property
    def media(self) -> str:
        """Its media type, which it is named after."""
        return MEDIA[self.name.rpartition(".")[2]]

    def drawing(self) -> bytes:
        """The logo as an SVG."""
        if self.media == drawings.MEDIA:
            return self.content
        media, width, height = picture(self.content)
        data = b64encode(self.content).decode()
        return AS_DRAWING.format(media=media, width=width, height=height, data=data).encode()


def find(tx: Tx, account: Account) -> Logo | None:
    """The account's logo, if it has one."""
    return None if account.logo is None else named(tx, account.id, account.logo)


def get(tx: Tx, account: Account) -> Logo:
    """The account's logo, or NotFound."""
    found = find(tx, account)
    if found is None:
        raise NotFound(NONE)
    return found


def named(tx: Tx, account_id: int, name: str) -> Logo | None:
    """The logo of an account that has this name."""
    content = tx.row(FIND, bytes, account=account_id, name=name)
    return None if content is None else Logo(name, content)


def put(tx: Tx, account: Account, logo: Logo) -> None:
    """Makes it the logo of what is sent from now on."""
    _change(tx, account, logo.name)
    tx.write(INSERT, account_id=account.id, name=logo.name, content=logo.content)


def remove(tx: Tx, account: Account) -> Logo:
    """Leaves the account without its logo, or NotFound where it has none."""
    removed = get(tx, account)
    _change(tx, account, None)
    return removed


def _change(tx: Tx, account: Account, name: str | None) -> None:
    """Names the one that follows first: of two who change it at once, one waits here for the other."""
    accounts.change(tx, account, {"logo": name}, None)
    tx.write(DELETE, account=account.id)
    outbox.add(tx, account, Event.SETTINGS_UPDATED, account.id)
