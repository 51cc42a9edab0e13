"""Figures that officers enter for measures of a plan, approved by a second one; what proves them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assistance_measure", sa.Column("evidence", sa.Text))
    op.add_column("assistance_measure", sa.Column("evidence_min", sa.SmallInteger, nullable=False, server_default="1"))
    op.create_check_constraint(
        op.f("ck_assistance_measure_evidence_min"), "assistance_measure", "evidence_min BETWEEN 0 AND 20"
    )
    op.create_table(
        "assistance_progress",
        sa.Column("id", sa.UUID, nullable=False),
        sa.Column("measure_id", sa.UUID, nullable=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("entered_by", sa.UUID, nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assistance_progress"),
        sa.ForeignKeyConstraint(
            ["measure_id"], ["assistance_measure.id"], name=op.f("fk_assistance_progress_measure_id")
        ),
        sa.CheckConstraint("value >= 0", name=op.f("ck_assistance_progress_value")),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_assistance_progress_month")),
    )
    op.create_index("ix_assistance_progress_measure_id", "assistance_progress", ["measure_id", "month"])
    op.create_table(
        "assistance_progress_decision",
        sa.Column("progress_id", sa.UUID, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("decided_by", sa.UUID, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("progress_id", name="pk_assistance_progress_decision"),
        sa.ForeignKeyConstraint(
            ["progress_id"], ["assistance_progress.id"], name=op.f("fk_assistance_progress_decision_progress_id")
        ),
        sa.CheckConstraint("verdict IN ('approved', 'declined')", name=op.f("ck_assistance_progress_decision_verdict")),
    )
    for ledger in ("assistance_progress", "assistance_progress_decision"):
        op.execute(append_only_trigger(ledger))


def downgrade() -> None:
    op.drop_table("assistance_progress_decision")
    op.drop_table("assistance_progress")
    op.drop_column("assistance_measure", "evidence_min")
    op.drop_column("assistance_measure", "evidence")
