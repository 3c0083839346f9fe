"""Keys expire and tell when they were last used."""

import sqlalchemy as sa
from alembic import op

from tallystick.store import columns

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("expires_at", "last_used_at"):
        op.add_column("api_keys", sa.Column(name, columns.UtcDateTime(timezone=True)))
