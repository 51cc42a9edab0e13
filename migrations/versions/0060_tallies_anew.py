"""Goals are tallied anew: of goals that count orders, amounts stood in the month of the order's first entry."""

from __future__ import annotations

from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM assistance_goal_tally")
    op.execute("DELETE FROM assistance_goal_month")


def downgrade() -> None:
    """Tallies are right for every version."""
