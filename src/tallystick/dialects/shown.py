"""The invoices that a dialect shows: the issued ones, whichever API made them."""

from collections.abc import Iterator
from dataclasses import replace

from tallystick.core.account import Account
from tallystick.core.errors import NotFound
from tallystick.core.states import InvoiceState, Status
from tallystick.invoices import store
from tallystick.invoices.types import Invoice, InvoiceFilter, InvoiceRow
from tallystick.store.db import Tx
from tallystick.store.paging import PageRequest

ISSUED = InvoiceFilter(statuses=frozenset(Status) - {Status.DRAFT, Status.VOIDED})


def seen_by_a_dialect(account: Account) -> Account:
    """The account without what it sets for the native API alone: its notes, and whether its prices include tax."""
    return replace(account, default_notes=None, prices_include_tax=False)


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


def every(tx: Tx, account: Account, request: PageRequest) -> Iterator[InvoiceRow]:
    """All issued invoices in the order of the request, read as they are taken."""
    return store.every(tx, account, ISSUED, request)


def page(tx: Tx, account: Account, request: PageRequest) -> list[InvoiceRow]:
    """Some of the issued invoices."""
    return store.page(tx, account, ISSUED, request).rows
