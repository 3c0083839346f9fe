"""Bills tell when the page of their share link was opened."""

import sqlalchemy as sa
from alembic import op

from tallystick.store import columns

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("quotations", "invoices", "credit_notes"):
        for name in ("viewed_at", "last_viewed_at"):
            op.add_column(table, sa.Column(name, columns.UtcDateTime(), nullable=True))
