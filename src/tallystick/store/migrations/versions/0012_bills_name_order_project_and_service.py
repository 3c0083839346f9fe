"""Bills name their order, their project and the time of service."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("quotations", "invoices", "credit_notes", "recurring"):
        for name in ("title", "purchase_order", "buyer_reference", "project"):
            op.add_column(table, sa.Column(name, sa.Text()))
        for name in ("service_start", "service_end"):
            op.add_column(table, sa.Column(name, sa.Date()))
