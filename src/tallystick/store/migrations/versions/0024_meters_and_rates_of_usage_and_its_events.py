"""Meters and rates of usage, and its events on PostgreSQL: SQLite has those in a file of their own."""

import sqlalchemy as sa
from alembic import op

from tallystick.store import columns

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EVENTS = (
    "CREATE SEQUENCE usage_events_seq",
    """CREATE TABLE usage_events (
        seq BIGINT NOT NULL DEFAULT nextval('usage_events_seq'), account_id BIGINT NOT NULL, event_id TEXT NOT NULL,
        hash BYTEA NOT NULL, customer_id BIGINT NOT NULL, meter TEXT, service TEXT, region TEXT,
        at_us BIGINT NOT NULL, end_us BIGINT, quantity BIGINT NOT NULL, parts BIGINT NOT NULL, cost BIGINT,
        cost_parts BIGINT, resource_id TEXT, resource_name TEXT, properties JSONB)
        PARTITION BY RANGE (at_us)""",
    """CREATE INDEX ix_usage_events_customer ON usage_events (account_id, customer_id, at_us)
        INCLUDE (seq, meter, service, region, quantity, parts, cost, cost_parts)""",
    "CREATE INDEX ix_usage_events_seq ON usage_events (account_id, seq)",
    # An id is unique in all months, which no index of a partitioned table can see to.
    """CREATE TABLE usage_ids (account_id BIGINT NOT NULL, event_id TEXT NOT NULL, hash BYTEA NOT NULL,
        at_us BIGINT NOT NULL, PRIMARY KEY (account_id, event_id))""",
    """CREATE TABLE usage_arrivals (
        account_id BIGINT NOT NULL, last_seq BIGINT NOT NULL, first_seq BIGINT NOT NULL,
        earliest_us BIGINT NOT NULL, at_us BIGINT NOT NULL, PRIMARY KEY (account_id, last_seq))""",
)


def upgrade() -> None:
    _make_meters()
    _make_rates()
    if op.get_context().dialect.name == "postgresql":
        for statement in EVENTS:
            op.execute(statement)


def _make_meters() -> None:
    op.create_table(
        "usage_meters",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aggregation", sa.Text(), nullable=False),
        sa.Column("of", sa.Text(), nullable=True),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("group_by", sa.JSON(), nullable=False),
        sa.Column("thresholds", sa.JSON(), nullable=False),
        *_versioned(),
        sa.CheckConstraint(
            "aggregation IN ('count', 'sum', 'max', 'last', 'unique')", name=op.f("ck_usage_meters_aggregation_known")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_usage_meters_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_usage_meters"),
        sa.UniqueConstraint("account_id", "id", name="uq_usage_meters_account_id_id"),
        sa.UniqueConstraint("account_id", "key", name="uq_usage_meters_account_id_key"),
        sqlite_autoincrement=True,
    )


def _make_rates() -> None:
    op.create_table(
        "usage_rates",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("meter_id", KEY, nullable=True),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("customer_id", KEY, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("tax_id", KEY, nullable=True),
        sa.Column("price", sa.JSON(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        *_versioned(),
        sa.CheckConstraint(
            "(meter_id IS NULL) <> (service IS NULL)", name=op.f("ck_usage_rates_of_a_meter_or_a_service")
        ),
        _pair("customer_id", "customers"),
        _pair("meter_id", "usage_meters"),
        _pair("tax_id", "taxes"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_usage_rates_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_usage_rates"),
        sa.UniqueConstraint("account_id", "id", name="uq_usage_rates_account_id_id"),
        sa.UniqueConstraint("account_id", "target", name="uq_usage_rates_account_id_target"),
        sqlite_autoincrement=True,
    )
    for name in ("customer", "meter", "tax"):
        where = sa.text(f"{name}_id IS NOT NULL")
        pair = ["account_id", f"{name}_id"]
        op.create_index(f"ix_usage_rates_{name}", "usage_rates", pair, sqlite_where=where, postgresql_where=where)


def _versioned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", columns.UtcDateTime(timezone=True), nullable=False),
    )


def _pair(column: str, table: str) -> sa.ForeignKeyConstraint:
    target = [f"{table}.account_id", f"{table}.id"]
    return sa.ForeignKeyConstraint(["account_id", column], target, name=f"fk_usage_rates_account_id_{column}")
