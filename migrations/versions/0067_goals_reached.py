"""Which goals were reached, once for each version of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

_REACHED = "assistance_goal_reached"


def upgrade() -> None:
    op.create_table(
        _REACHED,
        sa.Column("goal_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actual", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["assistance_goal.id"], name=op.f("fk_assistance_goal_reached_goal_id")),
        sa.PrimaryKeyConstraint("goal_id", "version", name=op.f("pk_assistance_goal_reached")),
    )
    op.execute(append_only_trigger(_REACHED))


def downgrade() -> None:
    op.drop_table(_REACHED)
