"""Payout accounts that the application of their supplier named, which nobody entered."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("settlement_payout_account", "entered_by", nullable=True)


def downgrade() -> None:
    op.execute("""
        UPDATE settlement_payout_account SET entered_by = verified_by WHERE entered_by IS NULL AND verified_by IS NOT NULL
    """)
    op.execute("DELETE FROM settlement_payout_account WHERE entered_by IS NULL")
    op.alter_column("settlement_payout_account", "entered_by", nullable=False)
