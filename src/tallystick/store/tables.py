"""Every table, as SQLAlchemy Core describes it (ADR 3).

The conventions: ``id`` is the primary key, ``(account_id, id)`` is unique, and every foreign key is the pair
``(account_id, x_id)``, so that the database itself refuses a bill for another account's customer (ADR 5). Every
unique index begins with ``account_id``. Amounts of money are integers in the currency's minor unit. Times are UTC.
Where a client may keep an id and delete its row, SQLite's AUTOINCREMENT keeps other rows from getting it (ADR 19).
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from tallystick.core.bill import Calculation
from tallystick.core.deliveries import DeliveryStatus
from tallystick.core.events import Event
from tallystick.core.figures import FigureKind
from tallystick.core.money import Rounding, RoundingMode
from tallystick.core.party import Buyer, Seller
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.periods import Frequency
from tallystick.core.rating import Aggregation
from tallystick.core.states import CreditNoteState, InvoiceState, QuotationState, RunStatus
from tallystick.core.totals import TaxTotal
from tallystick.store.columns import Exact, OneOf, UtcDateTime
from tallystick.store.kept import Kept

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")
InBytes = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts as its bytes do, and not by some language; as SQLite sorts any."""


def _id() -> Column[int]:
    return Column("id", Key, primary_key=True, autoincrement=True)


def _account() -> Column[int]:
    return Column("account_id", Key, ForeignKey("accounts.id"), nullable=False)


def _belongs_to(table: str, column: str, ondelete: str | None = None) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["account_id", column], [f"{table}.account_id", f"{table}.id"], ondelete=ondelete)


def _unique_number(table: str, name: str, condition: str) -> Index:
    """The index that lets a number be used once, whatever the case of its letters."""
    return Index(f"uq_{table}_{name}", "account_id", "number_key", unique=True, **_where(condition))


def _one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _where(condition: str) -> dict[str, Any]:
    """The keyword arguments that make an index partial, on both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _versioned() -> tuple[Column[object], ...]:
    return (
        Column("version", Integer, nullable=False, server_default="1"),
        Column("created_at", UtcDateTime, nullable=False),
        Column("updated_at", UtcDateTime, nullable=False),
    )


def _labels() -> tuple[Column[object], ...]:
    """What a client keeps with a thing for itself (``core.labels``); ``_unique_external_id`` goes with it."""
    return (
        Column("external_id", Text),
        Column("metadata", JSON, nullable=False, server_default="{}"),
    )


def unique_external_id_name(table: str) -> str:
    """The name of the index that lets an account give an ``external_id`` once."""
    return f"uq_{table}_external_id"


def _unique_external_id(table: str) -> Index:
    name = unique_external_id_name(table)
    return Index(name, "account_id", "external_id", unique=True, **_where("external_id IS NOT NULL"))


def _postal() -> tuple[Column[object], ...]:
    return (
        Column("address", Text),
        Column("address_line1", Text),
        Column("address_line2", Text),
        Column("city", Text),
        Column("state", Text),
        Column("postal_code", Text),
        Column("country", String(2)),
        Column("tax_id", Text),
        Column("email", Text),
        Column("language", Text),
    )


accounts = Table(
    "accounts",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    *_postal(),
    Column("iban", Text),
    Column("bic", Text),
    Column("currency", String(3), nullable=False),
    Column("timezone", Text, nullable=False),
    Column("payment_terms_days", Integer, nullable=False),
    Column("number_patterns", JSON, nullable=False),
    Column("rounding", OneOf(Rounding), nullable=False),
    Column("rounding_mode", OneOf(RoundingMode), nullable=False),
    Column("prices_include_tax", Boolean, nullable=False),
    Column("default_notes", Text),
    Column("registration_number", Text),
    Column("website", Text),
    Column("brand_color", String(7)),
    Column("footer", Text),
    Column("default_template", Text),
    Column("logo", Text),
    Column("usage_keep_rejected", Boolean, nullable=False, server_default=false()),
    *_versioned(),
    sqlite_autoincrement=True,
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _account(),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("secret_hash", LargeBinary(32), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("account_id", "secret_hash"),
    _one_of("source", ("issued", "environment")),
    sqlite_autoincrement=True,
)

customers = Table(
    "customers",
    metadata,
    _id(),
    _account(),
    Column("name", Text, nullable=False),
    Column("phone", Text),
    *_postal(),
    Column("currency", String(3)),
    Column("notes", Text),
    Column("buyer_reference", Text),
    # The id of an account's own as text, or the name of a design.
    Column("template_id", Text),
    # What ``customers.rules`` compares of the e-mail address.
    Column("email_key", Text),
    *_labels(),
    *_versioned(),
    UniqueConstraint("account_id", "id"),
    _unique_external_id("customers"),
    Index(None, "account_id", "name", "id"),
    Index(None, "account_id", "email_key", "id"),
    sqlite_autoincrement=True,
)

taxes = Table(
    "taxes",
    metadata,
    _id(),
    _account(),
    Column("name", Text, nullable=False),
    Column("rate", Exact, nullable=False),
    Column("category", String(2), nullable=False),
    Column("exemption_reason", Text),
    Column("is_default", Boolean, nullable=False),
    *_versioned(),
    UniqueConstraint("account_id", "id"),
    Index("uq_taxes_one_default", "account_id", unique=True, **_where("is_default")),
    sqlite_autoincrement=True,
)

templates = Table(
    "templates",
    metadata,
    _id(),
    _account(),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    *_versioned(),
    UniqueConstraint("account_id", "id"),
    sqlite_autoincrement=True,
)

logos = Table(
    "logos",
    metadata,
    _account(),
    Column("name", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("account_id", "name"),
)

unique_product_sku = UniqueConstraint("account_id", "sku")

products = Table(
    "products",
    metadata,
    _id(),
    _account(),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("sku", Text),
    Column("unit_price", Exact, nullable=False),
    Column("currency", String(3)),
    Column("unit", Text),
    Column("tax_id", Key),
    Column("is_active", Boolean, nullable=False),
    *_labels(),
    *_versioned(),
    UniqueConstraint("account_id", "id"),
    _unique_external_id("products"),
    unique_product_sku,
    _belongs_to("taxes", "tax_id"),
    Index(None, "account_id", "tax_id"),
    Index(None, "account_id", "name", "id"),
    sqlite_autoincrement=True,
)


def _bill_columns(states: type[StrEnum]) -> tuple[Column[object], ...]:
    """What a quotation, an invoice and a credit note share: the bill as it was asked for, and its totals."""
    return (
        # The bill's number, which is its own for ever once it was issued.
        Column("number", Text),
        # What ``core.numbering`` compares and sorts of the number, or of the one that a draft wants. Where numbers of
        # an older version differ only in their case, the first has the key and the others have none.
        Column("number_key", Text),
        Column("number_order", InBytes, nullable=False, server_default=""),
        Column("number_scope", Text),
        Column("number_sequence", BigInteger),
        Column("customer_id", Key, nullable=False),
        Column("state", OneOf(states), nullable=False),
        Column("issue_date", Date, nullable=False),
        Column("currency", String(3), nullable=False),
        Column("discount_type", Text),
        Column("discount_value", Exact),
        Column("prices_include_tax", Boolean, nullable=False),
        Column("rounding", Text, nullable=False),
        Column("rounding_mode", Text, nullable=False),
        Column("calculation", Text, nullable=False, server_default=Calculation.EN16931.value),
        Column("subtotal", BigInteger, nullable=False),
        Column("discount", BigInteger, nullable=False),
        Column("tax", BigInteger, nullable=False),
        Column("total", BigInteger, nullable=False),
        Column("taxes", Kept(tuple[TaxTotal, ...]), nullable=False),
        *_header_columns(),
        Column("seller", Kept(Seller)),
        Column("customer", Kept(Buyer)),
        Column("customer_name", Text),
        Column("share_token", Text),
        Column("viewed_at", UtcDateTime),
        Column("last_viewed_at", UtcDateTime),
        Column("issued_at", UtcDateTime),
        *_labels(),
    )


def _header_columns() -> tuple[Column[object], ...]:
    """What a bill says beside its lines, and a schedule for its bills: see ``bills.header``."""
    return (
        Column("notes", Text),
        Column("payment_terms", Text),
        Column("template_id", Text),
        Column("title", Text),
        Column("purchase_order", Text),
        Column("buyer_reference", Text),
        Column("project", Text),
        Column("service_start", Date),
        Column("service_end", Date),
    )


def _draft_columns() -> tuple[Column[object], ...]:
    """What only a kind of bill has that begins as a draft."""
    return (
        # The number that a draft is to have from its issue on.
        Column("wanted_number", Text),
        # A draft that nobody dated has the last day of the calendar here, so that it sorts as the newest.
        Column("issue_date_given", Boolean, nullable=False, server_default=true()),
        # How many days after the issue it is due, or valid until; null where somebody gave the day.
        Column("terms_days", Integer),
        # What a search looks in: ``search.searchable`` of its number and of the name that it shows of its customer.
        Column("search", Text, nullable=False, server_default=""),
    )


def _line_columns() -> tuple[Column[object], ...]:
    return (
        Column("position", SmallInteger, nullable=False),
        Column("product_id", Key),
        Column("description", Text, nullable=False),
        Column("quantity", Exact, nullable=False),
        Column("unit", Text),
        Column("unit_price", Exact, nullable=False),
        Column("discount_type", Text),
        Column("discount_value", Exact),
        Column("tax_id", Key),
        Column("tax_rate", Exact, nullable=False),
        Column("tax_category", String(2), nullable=False),
        Column("exemption_reason", Text),
        Column("amount", BigInteger, nullable=False),
        Column("discount", BigInteger, nullable=False),
        Column("tax", BigInteger, nullable=False),
    )


recurring = Table(
    "recurring",
    metadata,
    _id(),
    _account(),
    Column("customer_id", Key, nullable=False),
    Column("frequency", OneOf(Frequency), nullable=False),
    Column("interval", Integer, nullable=False),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date),
    Column("max_occurrences", Integer),
    Column("due_days", Integer),
    Column("auto_issue", Boolean, nullable=False),
    Column("auto_send", Boolean, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("discount_type", Text),
    Column("discount_value", Exact),
    Column("prices_include_tax", Boolean, nullable=False),
    Column("tax_id", Key),
    Column("tax_rate", Exact),
    *_header_columns(),
    # What one period comes to, as it was last computed.
    Column("subtotal", BigInteger, nullable=False),
    Column("discount", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    # From when on periods are counted, where that is not the start date: the rhythm changed after something was billed.
    Column("anchor_date", Date),
    # No period that starts before this day is billed any more.
    Column("bills_from", Date, nullable=False),
    # Null where nothing will be billed: switched off, or ended.
    Column("next_date", Date),
    Column("last_billed_date", Date),
    Column("occurrences", Integer, nullable=False, server_default="0"),
    # So many of its periods were due when it was made that no run bills it unasked.
    Column("waits", Boolean, nullable=False, server_default=false()),
    Column("error", JSON(none_as_null=True)),
    # The keys of the meters whose usage it bills, null for none, and the least that it bills for usage.
    Column("meters", JSON(none_as_null=True)),
    Column("usage_minimum", Exact),
    # The first day whose usage is not billed; null where it never billed any. And up to where events that came late for
    # the days before are.
    Column("usage_from", Date),
    Column("usage_seq", BigInteger, nullable=False, server_default="0"),
    # From which day on the usage that is left is billed alone: it has ended, or was switched off. Once that is done it
    # is closed, and from that day on what came late is billed.
    Column("closes_on", Date),
    Column("usage_closed", Boolean, nullable=False, server_default=false()),
    Column("deleted_at", UtcDateTime),
    *_labels(),
    *_versioned(),
    UniqueConstraint("account_id", "id"),
    _unique_external_id("recurring"),
    _belongs_to("customers", "customer_id"),
    _belongs_to("taxes", "tax_id"),
    _one_of("frequency", Frequency),
    CheckConstraint('"interval" >= 1 AND occurrences >= 0', name="counts"),
    # With what waits in it, a run that leaves that out passes over it without a look at the rows.
    Index("ix_recurring_due", "account_id", "next_date", "id", "waits", **_where("next_date IS NOT NULL")),
    Index(None, "account_id", "customer_id", "id"),
    Index(None, "account_id", "start_date", "id", **_where("deleted_at IS NULL")),
    Index(None, "account_id", "total", "id", **_where("deleted_at IS NULL")),
    Index("ix_recurring_closing", "account_id", "closes_on", "id", **_where("closes_on IS NOT NULL")),
    sqlite_autoincrement=True,
)

recurring_lines = Table(
    "recurring_lines",
    metadata,
    _id(),
    _account(),
    Column("recurring_id", Key, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("product_id", Key),
    Column("description", Text),
    Column("quantity", Exact, nullable=False),
    Column("unit", Text),
    Column("unit_price", Exact),
    Column("discount_type", Text),
    Column("discount_value", Exact),
    Column("tax_id", Key),
    Column("tax_rate", Exact),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("account_id", "recurring_id", "position"),
    _belongs_to("recurring", "recurring_id", ondelete="CASCADE"),
    _belongs_to("products", "product_id"),
    _belongs_to("taxes", "tax_id"),
    Index("ix_recurring_lines_product", "account_id", "product_id", **_where("product_id IS NOT NULL")),
    Index("ix_recurring_lines_tax", "account_id", "tax_id", **_where("tax_id IS NOT NULL")),
)

recurring_runs = Table(
    "recurring_runs",
    metadata,
    _id(),
    _account(),
    Column("as_of", Date, nullable=False),
    Column("ids", JSON(none_as_null=True)),
    Column("status", OneOf(RunStatus), nullable=False),
    Column("actor", Text, nullable=False),
    Column("processed", Integer, nullable=False, server_default="0"),
    Column("created", Integer, nullable=False, server_default="0"),
    Column("skipped", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("account_id", "id"),
    _one_of("status", RunStatus),
    Index("ix_recurring_runs_open", "account_id", "id", **_where("finished_at IS NULL")),
    sqlite_autoincrement=True,
)

recurring_run_errors = Table(
    "recurring_run_errors",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("run_id", Key, primary_key=True),
    Column("recurring_id", Key, primary_key=True),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _belongs_to("recurring_runs", "run_id", ondelete="CASCADE"),
    _belongs_to("recurring", "recurring_id", ondelete="CASCADE"),
)

unique_invoice_number = UniqueConstraint("account_id", "number")
unique_invoice_key = _unique_number("invoices", "number_key", "number IS NOT NULL")
unique_wanted_invoice_number = _unique_number("invoices", "wanted_number", "number IS NULL")

invoices = Table(
    "invoices",
    metadata,
    _id(),
    _account(),
    *_bill_columns(InvoiceState),
    *_draft_columns(),
    Column("due_date", Date, nullable=False),
    Column("paid", BigInteger, nullable=False, server_default="0"),
    Column("credited", BigInteger, nullable=False, server_default="0"),
    # When an issued invoice was last changed, if it ever was.
    Column("revised_at", UtcDateTime),
    Column("recurring_id", Key),
    Column("period_start", Date),
    Column("period_end", Date),
    Column("deleted_at", UtcDateTime),
    *_versioned(),
    UniqueConstraint("account_id", "id"),
    unique_invoice_number,
    unique_invoice_key,
    unique_wanted_invoice_number,
    _unique_external_id("invoices"),
    UniqueConstraint("account_id", "share_token"),
    _belongs_to("customers", "customer_id"),
    _belongs_to("recurring", "recurring_id"),
    _one_of("state", InvoiceState),
    CheckConstraint("paid >= 0 AND credited >= 0 AND paid + credited <= total", name="never_overpaid"),
    CheckConstraint("state = 'draft' OR number IS NOT NULL", name="issued_is_numbered"),
    CheckConstraint("(state = 'draft') = (issued_at IS NULL)", name="issued_at_some_time"),
    CheckConstraint("state = 'draft' OR deleted_at IS NULL", name="issued_is_never_in_the_trash"),
    CheckConstraint("state = 'issued' OR (paid = 0 AND credited = 0)", name="only_issued_is_settled"),
    Index(None, "account_id", "customer_id", "id"),
    # Lists and statistics never show the trash: without it in their indexes, they need not look at a row to know.
    Index(None, "account_id", "issue_date", "id", **_where("deleted_at IS NULL")),
    Index(None, "account_id", "due_date", "id", **_where("deleted_at IS NULL")),
    Index(None, "account_id", "total", "id", **_where("deleted_at IS NULL")),
    Index(None, "account_id", "number_order", "id", **_where("deleted_at IS NULL")),
    Index("ix_invoices_trash", "account_id", "id", **_where("deleted_at IS NOT NULL")),
    # What lists filter by, in the order of the ids: a currency, and each status, of which few rows may have one. Totals
    # of one currency may all be above those of another, and so be met last.
    Index(None, "account_id", "currency", "id", **_where("deleted_at IS NULL")),
    Index(None, "account_id", "currency", "total", "id", **_where("deleted_at IS NULL")),
    Index("ix_invoices_unissued", "account_id", "state", "id", **_where("state <> 'issued' AND deleted_at IS NULL")),
    Index(
        "ix_invoices_open",
        *("account_id", "id", "due_date"),
        **_where("state = 'issued' AND total > paid + credited AND deleted_at IS NULL"),
    ),
    # What is not due yet is the little that was issued of late.
    Index(
        "ix_invoices_not_due",
        *("account_id", "due_date", "id", "paid", "credited"),
        **_where("state = 'issued' AND total > paid + credited AND deleted_at IS NULL"),
    ),
    Index(
        "ix_invoices_settled",
        *("account_id", "id"),
        **_where("state = 'issued' AND total <= paid + credited AND deleted_at IS NULL"),
    ),
    Index("ix_invoices_recurring", "account_id", "recurring_id", "period_start", **_where("recurring_id IS NOT NULL")),
    # Exactly once: no schedule bills the same period a second time, unless what bills it is voided.
    Index(
        "uq_invoices_recurring_period",
        "account_id",
        "recurring_id",
        "period_start",
        unique=True,
        **_where("recurring_id IS NOT NULL AND state <> 'voided'"),
    ),
    sqlite_autoincrement=True,
)

invoice_lines = Table(
    "invoice_lines",
    metadata,
    _id(),
    _account(),
    Column("invoice_id", Key, nullable=False),
    *_line_columns(),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("account_id", "invoice_id", "position"),
    _belongs_to("invoices", "invoice_id", ondelete="CASCADE"),
    _belongs_to("products", "product_id"),
    _belongs_to("taxes", "tax_id"),
    Index("ix_invoice_lines_product", "account_id", "product_id", **_where("product_id IS NOT NULL")),
    Index("ix_invoice_lines_tax", "account_id", "tax_id", **_where("tax_id IS NOT NULL")),
)

unique_quotation_number = UniqueConstraint("account_id", "number")
unique_quotation_key = _unique_number("quotations", "number_key", "number IS NOT NULL")
unique_wanted_quotation_number = _unique_number("quotations", "wanted_number", "number IS NULL")

quotations = Table(
    "quotations",
    metadata,
    _id(),
    _account(),
    *_bill_columns(QuotationState),
    *_draft_columns(),
    Column("valid_until", Date, nullable=False),
    Column("accepted_at", UtcDateTime),
    Column("rejected_at", UtcDateTime),
    Column("answered_by", Text),
    Column("answer_reason", Text),
    Column("converted_at", UtcDateTime),
    Column("invoice_id", Key),
    *_versioned(),
    UniqueConstraint("account_id", "id"),
    unique_quotation_number,
    unique_quotation_key,
    unique_wanted_quotation_number,
    _unique_external_id("quotations"),
    UniqueConstraint("account_id", "share_token"),
    _belongs_to("customers", "customer_id"),
    _belongs_to("invoices", "invoice_id"),
    _one_of("state", QuotationState),
    CheckConstraint("state = 'draft' OR number IS NOT NULL", name="issued_is_numbered"),
    CheckConstraint("(state = 'draft') = (issued_at IS NULL)", name="issued_at_some_time"),
    CheckConstraint("(state = 'converted') = (invoice_id IS NOT NULL)", name="converted_has_its_invoice"),
    Index(None, "account_id", "customer_id", "id"),
    Index(None, "account_id", "issue_date", "id"),
    Index(None, "account_id", "valid_until", "id"),
    Index(None, "account_id", "total", "id"),
    Index(None, "account_id", "number_order", "id"),
    Index("uq_quotations_invoice", "account_id", "invoice_id", unique=True, **_where("invoice_id IS NOT NULL")),
    sqlite_autoincrement=True,
)

quotation_lines = Table(
    "quotation_lines",
    metadata,
    _id(),
    _account(),
    Column("quotation_id", Key, nullable=False),
    *_line_columns(),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("account_id", "quotation_id", "position"),
    _belongs_to("quotations", "quotation_id", ondelete="CASCADE"),
    _belongs_to("products", "product_id"),
    _belongs_to("taxes", "tax_id"),
    Index("ix_quotation_lines_product", "account_id", "product_id", **_where("product_id IS NOT NULL")),
    Index("ix_quotation_lines_tax", "account_id", "tax_id", **_where("tax_id IS NOT NULL")),
)

payments = Table(
    "payments",
    metadata,
    _id(),
    _account(),
    Column("customer_id", Key, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("to_credit", BigInteger, nullable=False, server_default="0"),
    Column("method", OneOf(PaymentMethod), nullable=False),
    Column("reference", Text),
    Column("date", Date, nullable=False),
    Column("notes", Text),
    Column("status", OneOf(PaymentStatus), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("reversed_at", UtcDateTime),
    Column("version", Integer, nullable=False, server_default="1"),
    *_labels(),
    UniqueConstraint("account_id", "id"),
    _unique_external_id("payments"),
    _belongs_to("customers", "customer_id"),
    _one_of("method", PaymentMethod),
    _one_of("status", PaymentStatus),
    CheckConstraint("amount > 0 AND to_credit >= 0 AND to_credit <= amount", name="amounts"),
    CheckConstraint("(status = 'reversed') = (reversed_at IS NOT NULL)", name="reversed_at_some_time"),
    Index(None, "account_id", "customer_id", "id"),
    Index(None, "account_id", "date", "id"),
    sqlite_autoincrement=True,
)

payment_allocations = Table(
    "payment_allocations",
    metadata,
    _id(),
    _account(),
    Column("payment_id", Key, nullable=False),
    Column("invoice_id", Key, nullable=False),
    Column("amount", BigInteger, nullable=False),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("account_id", "payment_id", "invoice_id"),
    _belongs_to("payments", "payment_id"),
    _belongs_to("invoices", "invoice_id"),
    CheckConstraint("amount > 0", name="positive"),
    Index(None, "account_id", "invoice_id", "payment_id"),
)

unique_credit_note_number = UniqueConstraint("account_id", "number")

credit_notes = Table(
    "credit_notes",
    metadata,
    _id(),
    _account(),
    *_bill_columns(CreditNoteState),
    Column("invoice_id", Key, nullable=False),
    Column("reason", Text),
    Column("to_credit", BigInteger, nullable=False),
    *_versioned(),
    UniqueConstraint("account_id", "id"),
    unique_credit_note_number,
    _unique_external_id("credit_notes"),
    _unique_number("credit_notes", "number_key", "number IS NOT NULL"),
    _belongs_to("customers", "customer_id"),
    _belongs_to("invoices", "invoice_id"),
    _one_of("state", CreditNoteState),
    CheckConstraint("total >= 0 AND to_credit >= 0 AND to_credit <= total", name="amounts"),
    Index(None, "account_id", "invoice_id", "id"),
    Index(None, "account_id", "customer_id", "id"),
    Index("uq_credit_notes_share_token", "account_id", "share_token", unique=True, **_where("share_token IS NOT NULL")),
    Index(None, "account_id", "number_order", "id"),
    sqlite_autoincrement=True,
)

credit_note_lines = Table(
    "credit_note_lines",
    metadata,
    _id(),
    _account(),
    Column("credit_note_id", Key, nullable=False),
    *_line_columns(),
    Column("invoice_line_id", Key, nullable=False),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("account_id", "credit_note_id", "position"),
    _belongs_to("credit_notes", "credit_note_id"),
    _belongs_to("invoice_lines", "invoice_line_id"),
    _belongs_to("products", "product_id"),
    _belongs_to("taxes", "tax_id"),
    Index("ix_credit_note_lines_line", "account_id", "invoice_line_id"),
)


def _sealed_in_batches() -> tuple[Column[object], ...]:
    return (Column("seal_position", BigInteger), Column("row_hash", LargeBinary(32)))


def _sealed_whole() -> CheckConstraint:
    return CheckConstraint("(seal_position IS NULL) = (row_hash IS NULL)", name="sealed_whole")


def _unsealed_index(table: str) -> Index:
    return Index(f"ix_{table}_unsealed", "account_id", "id", **_where("seal_position IS NULL"))


journal = Table(
    "journal",
    metadata,
    _id(),
    _account(),
    Column("at", UtcDateTime, nullable=False),
    Column("event", Text, nullable=False),
    Column("customer_id", Key, nullable=False),
    Column("invoice_id", Key),
    Column("payment_id", Key),
    Column("credit_note_id", Key),
    Column("currency", String(3), nullable=False),
    Column("debit", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    *_sealed_in_batches(),
    UniqueConstraint("account_id", "id"),
    _belongs_to("customers", "customer_id"),
    _belongs_to("invoices", "invoice_id"),
    _belongs_to("payments", "payment_id"),
    _belongs_to("credit_notes", "credit_note_id"),
    CheckConstraint("amount > 0 AND debit <> credit", name="moves_money"),
    _sealed_whole(),
    _unsealed_index("journal"),
    Index(None, "account_id", "customer_id"),
    Index(None, "account_id", "invoice_id"),
)

customer_credits = Table(
    "customer_credits",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("customer_id", Key, primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    _belongs_to("customers", "customer_id"),
    CheckConstraint("amount >= 0", name="never_overdrawn"),
    Index("ix_customer_credits_amounts", "account_id", "currency", "amount", **_where("amount > 0")),
)

seals = Table(
    "seals",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("form", SmallInteger, nullable=False),
    Column("kind", Text, nullable=False),
    # The bill, or the last record of a batch.
    Column("subject_id", Key, nullable=False),
    Column("content_hash", LargeBinary(32)),
    Column("hash", LargeBinary(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "account_id", "kind", "subject_id", "position"),
)

sequences = Table(
    "sequences",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# The places that a sequence stepped over, each because a bill had its number already: one that a client gave, or one
# of an earlier pattern.
stepped_over = Table(
    "stepped_over",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("number_key", Text, nullable=False),
    Index(None, "account_id", "kind", "number_key"),
)

events = Table(
    "events",
    metadata,
    _id(),
    _account(),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("type", OneOf(Event), nullable=False),
    Column("subject_id", Key, nullable=False),
    Column("data", JSON(none_as_null=True)),
    *_sealed_in_batches(),
    UniqueConstraint("account_id", "id"),
    _sealed_whole(),
    _unsealed_index("events"),
    Index(None, "account_id", "subject_id"),
)

# What of an event is to reach a receiver outside: a mail, a webhook. ``attempt`` counts the tries that were begun;
# ``next_at`` is when it is due, and while somebody tries, when that claim ends.
deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    _account(),
    Column("event_id", Key, nullable=False),
    Column("receiver_kind", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("status", OneOf(DeliveryStatus), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("next_at", UtcDateTime),
    Column("answer", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("account_id", "event_id", "receiver_kind", "receiver"),
    _belongs_to("events", "event_id"),
    _one_of("status", DeliveryStatus),
    CheckConstraint("(status = 'queued') = (next_at IS NOT NULL)", name="due_while_queued"),
    CheckConstraint("(status = 'queued') = (finished_at IS NULL)", name="finished_at_some_time"),
    CheckConstraint("attempt >= 0 AND (attempt > 0 OR status <> 'sent')", name="sent_by_an_attempt"),
    Index("ix_deliveries_queued", "account_id", "next_at", "id", **_where("status = 'queued'")),
    Index("ix_deliveries_receiver", "account_id", "receiver_kind", "receiver", "id"),
    sqlite_autoincrement=True,
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("location", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "account_id", "created_at"),
)

worker_beats = Table(
    "worker_beats",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)


def _figure_columns() -> tuple[Column[object], ...]:
    """What some bills or payments come to that are alike in all that statistics ask of them (ADR 52); minor units."""
    return (
        Column("kind", OneOf(FigureKind), nullable=False),
        Column("currency", String(3), nullable=False),
        Column("state", Text, nullable=False),
        # The issue date of a bill, or the day of a payment; and the day to pay by.
        Column("day", Date, nullable=False),
        Column("due", Date, nullable=False),
        Column("counted", BigInteger, nullable=False),
        Column("total", BigInteger, nullable=False),
        Column("tax", BigInteger, nullable=False),
        Column("paid", BigInteger, nullable=False),
        # Of the issued invoices on which something is owed: how many, on how many of these something is settled, and
        # how much is owed.
        Column("still_open", BigInteger, nullable=False),
        Column("partly_settled", BigInteger, nullable=False),
        Column("balance", BigInteger, nullable=False),
    )


# The sums, but for what changed since they were last added up.
figures = Table(
    "figures",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), nullable=False),
    *_figure_columns(),
    PrimaryKeyConstraint("account_id", "kind", "currency", "state", "day", "due"),
)

# What each change adds to them: triggers write it, in the change's own transaction. It takes as little as it can: no
# key, since no row is ever sought, and no reference to the account, which the changed row has.
figure_changes = Table(
    "figure_changes",
    metadata,
    Column("account_id", Key, nullable=False),
    *_figure_columns(),
    Index(None, "account_id"),
)

# Up to which invoice of an account SQLite's index of searches goes.
search_marks = Table(
    "search_marks",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("indexed_to", Key, nullable=False),
)

# What is in that index of an invoice that was changed since, or is gone.
search_changes = Table(
    "search_changes",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("invoice_id", Key, primary_key=True),
    Column("indexed", Text, nullable=False),
)


unique_meter_key = UniqueConstraint("account_id", "key")

usage_meters = Table(
    "usage_meters",
    metadata,
    _id(),
    _account(),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("aggregation", OneOf(Aggregation), nullable=False),
    # The property that is measured; null is the quantity.
    Column("of", Text),
    Column("filters", JSON, nullable=False),
    Column("group_by", JSON, nullable=False),
    Column("thresholds", JSON, nullable=False),
    *_versioned(),
    UniqueConstraint("account_id", "id"),
    unique_meter_key,
    _one_of("aggregation", Aggregation),
    sqlite_autoincrement=True,
)

usage_rates = Table(
    "usage_rates",
    metadata,
    _id(),
    _account(),
    Column("meter_id", Key),
    Column("service", Text),
    Column("region", Text),
    Column("customer_id", Key),
    Column("currency", String(3), nullable=False),
    Column("unit", Text),
    Column("valid_from", Date),
    Column("tax_id", Key),
    Column("price", JSON, nullable=False),
    # All that it is for, in one text: no two rates are for the same.
    Column("target", Text, nullable=False),
    *_versioned(),
    UniqueConstraint("account_id", "id"),
    UniqueConstraint("account_id", "target"),
    _belongs_to("usage_meters", "meter_id"),
    _belongs_to("customers", "customer_id"),
    _belongs_to("taxes", "tax_id"),
    CheckConstraint("(meter_id IS NULL) <> (service IS NULL)", name="of_a_meter_or_a_service"),
    Index("ix_usage_rates_meter", "account_id", "meter_id", **_where("meter_id IS NOT NULL")),
    Index("ix_usage_rates_customer", "account_id", "customer_id", **_where("customer_id IS NOT NULL")),
    Index("ix_usage_rates_tax", "account_id", "tax_id", **_where("tax_id IS NOT NULL")),
    sqlite_autoincrement=True,
)


# The days whose usage a schedule has billed, with their instants in microseconds; those without usage are here too.
# Events that come late are looked for in them.
usage_periods = Table(
    "usage_periods",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("recurring_id", Key, primary_key=True),
    Column("first", Date, primary_key=True),
    Column("last", Date, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("to_seq", BigInteger, nullable=False),
    _belongs_to("recurring", "recurring_id", ondelete="CASCADE"),
)

# Which thresholds of a meter are told of, in the period of a schedule that begins then.
usage_reached = Table(
    "usage_reached",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("recurring_id", Key, primary_key=True),
    Column("meter_id", Key, primary_key=True),
    Column("first", Date, primary_key=True),
    Column("threshold", Text, primary_key=True),
    _belongs_to("recurring", "recurring_id", ondelete="CASCADE"),
    _belongs_to("usage_meters", "meter_id", ondelete="CASCADE"),
)

# What an invoice bills for usage, line by line: of which days, and which events, those that came in after ``after_seq``
# and up to ``to_seq``. ``charge`` is the meter as it was, and which of its events the line is of.
usage_lines = Table(
    "usage_lines",
    metadata,
    _id(),
    _account(),
    Column("invoice_id", Key, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("recurring_id", Key, nullable=False),
    Column("customer_id", Key, nullable=False),
    Column("description", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("units", Exact, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger, nullable=False),
    Column("after_seq", BigInteger, nullable=False),
    Column("to_seq", BigInteger, nullable=False),
    Column("charge", JSON, nullable=False),
    UniqueConstraint("account_id", "id"),
    _belongs_to("invoices", "invoice_id", ondelete="CASCADE"),
    _belongs_to("recurring", "recurring_id"),
    _belongs_to("customers", "customer_id"),
    CheckConstraint("after_seq <= to_seq", name="range"),
    Index(None, "account_id", "invoice_id", "position"),
    Index(None, "account_id", "recurring_id"),
    Index(None, "account_id", "customer_id"),
)


def thing(table: Table) -> str:
    """What a row of the table is, in words."""
    return {"taxes": "tax", "recurring": "schedule", "usage_meters": "meter", "usage_rates": "rate"}.get(
        table.name, table.name.removesuffix("s").replace("_", " ")
    )
