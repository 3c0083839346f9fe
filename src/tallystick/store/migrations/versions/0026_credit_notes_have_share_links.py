"""Credit notes have share links, each of its own."""

from alembic import op
from sqlalchemy import text

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SHARED = text("share_token IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "uq_credit_notes_share_token",
        "credit_notes",
        ["account_id", "share_token"],
        unique=True,
        postgresql_where=SHARED,
        sqlite_where=SHARED,
    )
