"""Movements keep whether an agent entered them; those before had no agents to speak of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "inventory_movement", sa.Column("on_behalf", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("inventory_movement", "on_behalf")
