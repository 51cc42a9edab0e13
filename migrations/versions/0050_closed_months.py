"""Closed months, submitted reports, and changes of the ledger that take two persons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db import append_only_trigger

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

_TABLES = ("assistance_closing", "assistance_submission", "assistance_proposal", "assistance_decision")


def upgrade() -> None:
    op.create_table(
        "assistance_closing",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=False),
        sa.Column("cut_off", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("sales_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunds_fen", sa.BigInteger(), nullable=False),
        sa.Column("adjustments_fen", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("declared_fen", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "CAST(date_trunc('month', CAST(month AS timestamp)) AS date) = month",
            name=op.f("ck_assistance_closing_month"),
        ),
        sa.CheckConstraint(
            "net_fen = sales_fen + refunds_fen + adjustments_fen", name=op.f("ck_assistance_closing_net")
        ),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_assistance_closing")),
    )
    op.create_table(
        "assistance_submission",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("cut_off", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", postgresql.BYTEA(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_submission")),
    )
    op.create_table(
        "assistance_proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Uuid()),
        sa.Column("reason", sa.Text()),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("weight_g", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('adjustment', 'declared', 'withdrawal')", name=op.f("ck_assistance_proposal_kind")
        ),
        sa.CheckConstraint(
            "reason IN ('clerical_error', 'receipt_difference', 'price_correction', 'counted_elsewhere', "
            "'not_eligible', 'evidence_withdrawn')",
            name=op.f("ck_assistance_proposal_reason"),
        ),
        sa.CheckConstraint("(kind = 'declared') = (entry_id IS NULL)", name=op.f("ck_assistance_proposal_entry")),
        sa.CheckConstraint("(kind = 'declared') = (reason IS NULL)", name=op.f("ck_assistance_proposal_why")),
        sa.ForeignKeyConstraint(["entry_id"], ["assistance_entry.id"], name=op.f("fk_assistance_proposal_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_proposal")),
    )
    op.create_index(
        "ix_assistance_proposal_entry_id",
        "assistance_proposal",
        ["entry_id"],
        postgresql_where=sa.text("entry_id IS NOT NULL"),
    )
    op.create_table(
        "assistance_decision",
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict IN ('approved', 'declined')", name=op.f("ck_assistance_decision_verdict")),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["assistance_proposal.id"], name=op.f("fk_assistance_decision_proposal_id")
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_assistance_decision")),
    )
    for table in _TABLES:
        op.execute(append_only_trigger(table))


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
