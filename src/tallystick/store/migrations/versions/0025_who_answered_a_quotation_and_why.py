"""A quotation keeps who answered it, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("answered_by", "answer_reason"):
        op.add_column("quotations", sa.Column(name, sa.Text(), nullable=True))
