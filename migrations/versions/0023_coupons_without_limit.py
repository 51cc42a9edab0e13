"""A shared coupon may be used by as many buyers as come."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("pricing_coupon", "total_limit", nullable=True)


def downgrade() -> None:
    op.execute("UPDATE pricing_coupon SET total_limit = greatest(used_count, 1000000) WHERE total_limit IS NULL")
    op.alter_column("pricing_coupon", "total_limit", nullable=False)
