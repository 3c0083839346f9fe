"""What a document is set by: the designs that come along, and an account's own, which are written in typst."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Select, bindparam, select, update

from tallystick.core.account import Account
from tallystick.core.designs import DEFAULT_DESIGN
from tallystick.core.errors import Conflict, NotFound, ValidationFailed
from tallystick.core.events import Event
from tallystick.documents import apart, pdf
from tallystick.documents.document import Document
from tallystick.documents.logos import Logo
from tallystick.store import outbox
from tallystick.store.db import Tx
from tallystick.store.rows import Rows
from tallystick.store.tables import accounts, customers, templates

COMES_ALONG = "This template comes along, and stays as it is. Make one of your own from it."
IS_DEFAULT = "This is the default template. Make another one the default first."
IN_USE = "A customer has this template. Give the customer another one first."
UNKNOWN = "There is no such template."


class Wish(NamedTuple):
    """Which template a document is to be set by: its own, else that of its customer."""

    own: str | None
    customer_id: int


class Template(msgspec.Struct, frozen=True):
    """A template of an account's own, as it is stored."""

    id: int
    name: str
    source: str
    version: int
    created_at: datetime
    updated_at: datetime


class Setter(NamedTuple):
    """What sets a document, and with which logo; somebody's own does it apart."""

    source: bytes
    is_own: bool
    logo: Logo | None

    def written(self, document: Document, at: datetime) -> bytes:
        """The document as a PDF. Raises ValidationFailed, with the compiler's words, where the template fails."""
        write = pdf.written_apart if self.is_own else pdf.written
        try:
            return write(document, self.source, at, self.logo and self.logo.drawing())
        except apart.TemplateFault as fault:
            raise ValidationFailed({"template": [str(fault)]}) from None


ROWS = Rows(templates, Template)
OF_CUSTOMER: Select[Any] = select(customers.c.template_id).where(
    customers.c.account_id == bindparam("account"), customers.c.id == bindparam("customer")
)
OF_ANY_CUSTOMER: Select[Any] = (
    select(customers.c.id)
    .where(customers.c.account_id == bindparam("account"), customers.c.template_id == bindparam("template"))
    .limit(1)
)
SET_DEFAULT = (
    update(accounts)
    .where(accounts.c.id == bindparam("account"))
    .values(default_template=bindparam("wanted"), version=accounts.c.version + 1, updated_at=bindparam("now"))
)


def every(tx: Tx, account: Account) -> list[Template]:
    """An account's own, oldest first."""
    return tx.rows(ROWS.selection(account).order_by(templates.c.id), ROWS.read)


def get(tx: Tx, account: Account, template_id: str) -> Template:
    """One of an account's own, or NotFound."""
    if not template_id.isdecimal():
        raise NotFound(UNKNOWN)
    return ROWS.get(tx, account, int(template_id))


def create(tx: Tx, account: Account, name: str, source: str) -> Template:
    """Makes one."""
    return ROWS.insert(tx, account, {"name": name, "source": source})


def source_of(tx: Tx, account: Account, template_id: str) -> str:
    """The source of any, or NotFound."""
    built_in = pdf.BUILT_INS.get(template_id)
    return get(tx, account, template_id).source if built_in is None else built_in.decode()


def copied(tx: Tx, account: Account, template_id: str) -> str:
    """The source of one to copy. Raises ValidationFailed where there is none."""
    try:
        return source_of(tx, account, template_id)
    except NotFound:
        raise ValidationFailed({"from": [UNKNOWN]}) from None


def change(tx: Tx, account: Account, template_id: str, changes: Mapping[str, Any], version: int | None) -> Template:
    """Changes one of an account's own. Raises NotFound, and Conflict for one that comes along or a stale version."""
    _check_own(template_id)
    return ROWS.update(tx, account, get(tx, account, template_id).id, changes, version=version)


def delete(tx: Tx, account: Account, template_id: str) -> None:
    """Deletes one of an account's own: bills that name it are set by what would set them without.

    Raises as ``change``, and Conflict where it is the default or a customer has it.
    """
    _check_own(template_id)
    if template_id == account.default_template:
        raise Conflict(IS_DEFAULT)
    if tx.row(OF_ANY_CUSTOMER, int, account=account.id, template=template_id) is not None:
        raise Conflict(IN_USE)
    ROWS.delete(tx, account, get(tx, account, template_id).id, in_use=IN_USE)


def make_default(tx: Tx, account: Account, template_id: str) -> None:
    """Sets what is set by no other template by this one, or NotFound."""
    source_of(tx, account, template_id)
    tx.write(SET_DEFAULT, account=account.id, wanted=template_id, now=tx.now)
    outbox.add(tx, account, Event.SETTINGS_UPDATED, account.id)


def chosen(tx: Tx, account: Account, logo: Logo | None, asked: str | None, wish: Wish) -> Setter:
    """The template that is asked for, else the document's wish, else the default; what is no more counts for nothing.

    Raises ValidationFailed where there is none that is called as asked.
    """
    for wanted in _wanted(tx, account, asked, wish):
        if wanted in pdf.BUILT_INS:
            return Setter(pdf.BUILT_INS[wanted], is_own=False, logo=logo)
        found = ROWS.find(tx, account, {int(wanted)}) if wanted and _is_id(wanted) else []
        if found:
            return Setter(found[0].source.encode(), is_own=True, logo=logo)
        if wanted is not None and wanted == asked:
            raise ValidationFailed({"template": [UNKNOWN]})
    return Setter(pdf.BUILT_INS[DEFAULT_DESIGN], is_own=False, logo=logo)


def _wanted(tx: Tx, account: Account, asked: str | None, wish: Wish) -> Iterator[str | None]:
    yield asked
    yield wish.own
    yield tx.row(OF_CUSTOMER, lambda template_id: template_id, account=account.id, customer=wish.customer_id)
    yield account.default_template


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _check_own(template_id: str) -> None:
    if template_id in pdf.BUILT_INS:
        raise Conflict(COMES_ALONG)
