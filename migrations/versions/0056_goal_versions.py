"""Goals keep their old definitions, may have a season of their own, and know what of their sales was refunded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db import append_only_trigger

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

_KEPT = """
INSERT INTO assistance_goal_version (goal_id, version, set_at, by_account, definition)
SELECT id, version, created_at, by_account, jsonb_build_object('name', name, 'starts_on', starts_on, 'ends_on', ends_on,
    'target', target, 'categories', categories, 'suppliers', suppliers, 'townships', townships, 'channels', channels,
    'divisions', divisions, 'partition_group', partition_group, 'season', NULL)
FROM assistance_goal
"""


def upgrade() -> None:
    op.add_column("assistance_goal", sa.Column("season", postgresql.ARRAY(sa.SmallInteger())))
    op.add_column(
        "assistance_goal_month",
        sa.Column("refunded_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.execute("DELETE FROM assistance_goal_tally")  # goals are tallied anew, with what was refunded
    op.execute("DELETE FROM assistance_goal_month")
    op.create_table(
        "assistance_goal_version",
        sa.Column("goal_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.Uuid(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["assistance_goal.id"], name=op.f("fk_assistance_goal_version_goal_id")),
        sa.PrimaryKeyConstraint("goal_id", "version", name=op.f("pk_assistance_goal_version")),
    )
    op.execute(_KEPT)
    op.execute(append_only_trigger("assistance_goal_version"))


def downgrade() -> None:
    op.drop_table("assistance_goal_version")
    op.drop_column("assistance_goal_month", "refunded_fen")
    op.drop_column("assistance_goal", "season")
