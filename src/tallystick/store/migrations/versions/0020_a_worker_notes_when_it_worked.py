"""A worker notes when it worked."""

import sqlalchemy as sa
from alembic import op

from tallystick.store import columns

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "worker_beats",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_worker_beats_account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_worker_beats"),
    )
