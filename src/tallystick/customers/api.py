"""The native wire of customers."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.core.labels import Metadata
from tallystick.core.money import digits
from tallystick.core.party import POSTAL, Buyer
from tallystick.customers import ops, types
from tallystick.customers.resource import CUSTOMERS
from tallystick.store import journal
from tallystick.wire import render
from tallystick.wire.call import Call, Deleted, given
from tallystick.wire.csv import CsvFile, heading
from tallystick.wire.lists import ListQuery, among, listed, page_request
from tallystick.wire.party import PartyChange
from tallystick.wire.reply import Listed
from tallystick.wire.scalars import Currency, ExternalId, Id, LongText, MetadataChange, Name, ShortText, TemplateId


class CustomerChange(PartyChange, kw_only=True):
    """A customer, as far as it is to change. Without a ``currency`` it is billed in the account's.

    A new bill that names no ``buyer_reference`` (EN 16931, BT-10) has the customer's. Its documents are set by the
    template ``template_id``, where neither they nor whoever asks name one.
    """

    phone: ShortText | None | UnsetType = UNSET
    currency: Currency | None | UnsetType = UNSET
    notes: LongText | None | UnsetType = UNSET
    buyer_reference: ShortText | None | UnsetType = UNSET
    template_id: TemplateId | None | UnsetType = UNSET
    external_id: ExternalId | None | UnsetType = UNSET
    metadata: MetadataChange | None | UnsetType = UNSET


class NewCustomer(CustomerChange, kw_only=True):
    """A new customer."""

    name: Name


class CustomerQuery(ListQuery, frozen=True, kw_only=True):
    """``search`` looks in name, e-mail and phone."""

    sort: Annotated[ShortText, among(CUSTOMERS.sorts)] | None = None
    external_id: ExternalId | None = None


class Balance(msgspec.Struct, frozen=True):
    """A customer's standing in one currency, in major units; the words mean what they mean in `/stats`.

    ``total_invoiced`` = ``total_paid`` + ``total_credited`` + ``outstanding``: of its issued invoices the sums of
    ``total``, ``amount_paid``, ``amount_credited`` and ``balance_due``. ``received`` is the money of its payments,
    ``credit_notes`` the sum of its credit notes, and ``credit_balance`` what it has to its credit.
    """

    total_invoiced: Decimal
    total_paid: Decimal
    total_credited: Decimal
    outstanding: Decimal
    received: Decimal
    credit_notes: Decimal
    credit_balance: Decimal


class Customer(Buyer, frozen=True, kw_only=True):
    """Whom an account bills. ``country`` is a code of ISO 3166-1, ``currency`` of ISO 4217."""

    currency: str | None
    notes: str | None
    buyer_reference: str | None
    template_id: str | None
    external_id: str | None
    metadata: Metadata
    version: int
    created_at: datetime
    updated_at: datetime


class CustomerDetail(Customer, frozen=True, kw_only=True):
    """A customer, with a ``summary`` by currency."""

    summary: dict[str, Balance]


def to_json(customer: types.Customer) -> Customer:
    """A customer as the API shows it."""
    return Customer(
        **msgspec.structs.asdict(customer.buyer),
        currency=customer.currency,
        notes=customer.notes,
        buyer_reference=customer.buyer_reference,
        template_id=customer.template_id,
        external_id=customer.external_id,
        metadata=customer.metadata,
        version=customer.version,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
    )


def index(call: Call, query: CustomerQuery) -> Listed[Customer]:
    """List the customers."""
    page = CUSTOMERS.page(call.tx, call.account, page_request(query), query.search, external_id=query.external_id)
    return listed(page, to_json)


CSV_COLUMNS = {
    "Name": "name",
    "Email": "email",
    "Phone": "phone",
    **{heading(name): name for name in POSTAL},
    "Tax ID": "tax_id",
    "Currency": "currency",
    "Language": "language",
    "Notes": "notes",
    "Created": "created_at",
}


def export_csv(call: Call, query: CustomerQuery) -> CsvFile:
    """Export the customers that a list would show on all its pages.

    `page`, `limit` and `after` change nothing.
    """
    part, external_id = page_request(query), query.external_id
    customers = CUSTOMERS.every(call.tx, call.account, part, query.search, external_id=external_id)
    rows = ([getattr(shown, field) for field in CSV_COLUMNS.values()] for shown in map(to_json, customers))
    return CsvFile("customers.csv", list(CSV_COLUMNS), rows)


def create(call: Call, body: NewCustomer) -> Customer:
    """Make a customer."""
    return to_json(ops.create(call.tx, call.account, given(body)))


def get(call: Call, customer_id: Id) -> CustomerDetail:
    """Get one customer, with what it was billed, has paid and owes."""
    customer = CUSTOMERS.get(call.tx, call.account, customer_id)
    standings = journal.standings(call.tx, call.account, customer_id)
    summary = {standing.currency: balance_json(standing) for standing in standings}
    return CustomerDetail(**msgspec.structs.asdict(to_json(customer)), summary=summary)


def balance_json(standing: journal.Standing) -> Balance:
    """One currency of a customer's summary."""
    places = digits(standing.currency)
    return Balance(
        total_invoiced=render.amount(standing.invoiced, places),
        total_paid=render.amount(standing.paid, places),
        total_credited=render.amount(standing.credited, places),
        outstanding=render.amount(standing.outstanding, places),
        received=render.amount(standing.received, places),
        credit_notes=render.amount(standing.credit_notes, places),
        credit_balance=render.amount(standing.credit, places),
    )


def update(call: Call, customer_id: Id, body: CustomerChange) -> Customer:
    """Change a customer; issued bills keep their own copy."""
    return to_json(ops.update(call.tx, call.account, customer_id, given(body), body.seen_version))


def delete(call: Call, customer_id: Id) -> Deleted:
    """Delete a customer that no bill names, and no usage event."""
    ops.delete(call.tx, call.account, customer_id)
    return Deleted(customer_id)
