"""Bills keep the rules that they were computed by."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Where a rebate bore a share of the bill's discount, or one category and rate had several rows in the breakdown.
ELSE_COMPUTED = """
UPDATE {bills} SET calculation = 'original'
WHERE discount <> 0 AND id IN (SELECT {owner} FROM {lines} WHERE amount < 0)
   OR id IN (
     SELECT {owner} FROM {lines}
     GROUP BY {owner}, tax_category, CAST(tax_rate AS NUMERIC)
     HAVING COUNT(DISTINCT exemption_reason) + MAX(CASE WHEN exemption_reason IS NULL THEN 1 ELSE 0 END) > 1
         OR MIN(exemption_reason) = ''
   )
"""

# A rate of 0 without a category was stored as S. One with a reason is none of Z, and its owner alone knows which.
ZERO_RATED = """
UPDATE taxes SET category = 'Z', version = version + 1
WHERE category = 'S' AND CAST(rate AS NUMERIC) = 0 AND COALESCE(exemption_reason, '') = ''
"""


def upgrade() -> None:
    for table in ("quotations", "invoices", "credit_notes"):
        op.add_column(table, sa.Column("calculation", sa.Text(), server_default="en16931", nullable=False))
    op.execute(ELSE_COMPUTED.format(bills="quotations", lines="quotation_lines", owner="quotation_id"))
    op.execute(ELSE_COMPUTED.format(bills="invoices", lines="invoice_lines", owner="invoice_id"))
    op.execute("UPDATE credit_notes SET calculation = 'original'")
    op.execute(ZERO_RATED)
