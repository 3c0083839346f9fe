"""Usage events are forgotten, after their totals are kept: on PostgreSQL here, on SQLite in their own file."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

FORGOTTEN = (
    """CREATE TABLE usage_forgotten (
        account_id BIGINT NOT NULL, day DATE NOT NULL, at_us BIGINT NOT NULL, PRIMARY KEY (account_id))""",
    """CREATE TABLE usage_totals (
        account_id BIGINT NOT NULL, day DATE NOT NULL, place BIGINT NOT NULL, customer_id BIGINT NOT NULL,
        meter TEXT, group_values TEXT NOT NULL, service TEXT, region TEXT, adds_up BOOLEAN NOT NULL,
        has_cost BOOLEAN NOT NULL, events BIGINT NOT NULL, quantity TEXT NOT NULL, costs TEXT NOT NULL,
        PRIMARY KEY (account_id, day, place))""",
    "CREATE INDEX ix_usage_totals_customer ON usage_totals (account_id, customer_id, day)",
)


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for statement in FORGOTTEN:
            op.execute(statement)
