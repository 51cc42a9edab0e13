"""Until when the goods are kept for a transfer, as it was promised when it was announced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments_payment", sa.Column("pay_by", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE payments_payment SET pay_by = created_at + interval '3 days' WHERE provider = 'bank_transfer'")


def downgrade() -> None:
    op.drop_column("payments_payment", "pay_by")
