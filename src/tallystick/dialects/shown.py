"""The invoices that a dialect shows: the issued ones, whichever API made them."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, structs

from tallystick.core.account import Account
from tallystick.core.errors import NotFound
from tallystick.core.states import InvoiceState, InvoiceStatus
from tallystick.invoices import store
from tallystick.invoices.types import Invoice, InvoiceFilter, InvoiceRow
from tallystick.store.db import Tx
from tallystick.store.paging import DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE, PageRequest
from tallystick.wire.call import Call, Query

ISSUED = InvoiceFilter(statuses=frozenset(InvoiceStatus) - {InvoiceStatus.DRAFT, InvoiceStatus.VOIDED})


def seen_by_a_dialect(account: Account) -> Account:
    """The account without what it sets for the native API alone: its notes, and whether its prices include tax."""
    return structs.replace(account, default_notes=None, prices_include_tax=False)


def get(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """An issued invoice, whole; NotFound for a draft and for a voided one too."""
    return _issued(store.get(tx, account, invoice_id))


def get_locked(tx: Tx, account: Account, invoice_id: int) -> Invoice:
    """As ``get``, and nobody else changes the invoice before this transaction ends."""
    return _issued(store.get_locked(tx, account, invoice_id))


def _issued(invoice: Invoice) -> Invoice:
    if invoice.row.state is not InvoiceState.ISSUED:
        raise NotFound("There is no such invoice.")
    return invoice


class PartQuery(Query, frozen=True, kw_only=True):
    """All invoices; with `page` or `limit` a part of them."""

    page: Annotated[int, Meta(ge=1, le=MAX_PAGE)] | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] | None = None


def listed(
    call: Call, query: PartQuery, wanted: InvoiceFilter = ISSUED, *, order: str = "desc"
) -> Iterator[InvoiceRow]:
    """The part of these invoices that is asked for, or all of them, read as they are taken."""
    if query.page is None and query.limit is None:
        return store.every(call.tx, call.account, wanted, PageRequest(order=order))
    part = PageRequest(page=query.page or 1, limit=query.limit or DEFAULT_LIMIT, order=order)
    return iter(store.page(call.tx, call.account, wanted, part).rows)
