"""Sums of articles by place are not kept any more: there were nearly as many of them as entries of the ledger."""

from __future__ import annotations

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM assistance_sum WHERE view BETWEEN 18 AND 21")


def downgrade() -> None:
    """Whoever reads them again folds the ledger anew."""
    op.execute("INSERT INTO assistance_unfolded SELECT id FROM assistance_entry ON CONFLICT DO NOTHING")
    op.execute("DELETE FROM assistance_sum")
    op.execute("DELETE FROM assistance_goal_tally")
    op.execute("DELETE FROM assistance_goal_month")
    op.execute("DELETE FROM assistance_odd_order")
