"""Settings say how documents look."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("registration_number", "website", "footer"):
        op.add_column("accounts", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("brand_color", sa.String(length=7), nullable=True))
