"""What was declared from outside the platform is found without reading the rest of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_assistance_entry_declared",
        "assistance_entry",
        ["counted_on"],
        postgresql_where=sa.text("evidence = 'declared'"),
    )


def downgrade() -> None:
    op.drop_index("ix_assistance_entry_declared", table_name="assistance_entry")
