"""Usage events of an unknown customer or meter may wait for it: on PostgreSQL here, on SQLite in their own file."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

REJECTED = (
    """CREATE TABLE usage_rejected (
        account_id BIGINT NOT NULL, event_id TEXT NOT NULL, at_us BIGINT NOT NULL, tried_us BIGINT NOT NULL,
        event TEXT NOT NULL, errors TEXT NOT NULL, PRIMARY KEY (account_id, event_id))""",
    "CREATE INDEX ix_usage_rejected_tried ON usage_rejected (account_id, tried_us, event_id)",
)


def upgrade() -> None:
    op.add_column("accounts", sa.Column("usage_keep_rejected", sa.Boolean(), server_default=sa.false(), nullable=False))
    if op.get_context().dialect.name == "postgresql":
        for statement in REJECTED:
            op.execute(statement)
