"""Reports that the worker makes as files, and the pieces of those files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

_EXPORT, _PIECE = "reports_export", "reports_export_piece"


def upgrade() -> None:
    op.create_table(
        _EXPORT,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("keep_hours", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("problem_code", sa.Text(), nullable=True),
        sa.Column("problem_zh", sa.Text(), nullable=True),
        sa.Column("problem_en", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "subject IN ('ledger', 'lines', 'sales', 'goals', 'households', 'suppliers', 'partners', 'exceptions')",
            name=op.f("ck_reports_export_subject"),
        ),
        sa.CheckConstraint("form IN ('csv', 'xlsx', 'pdf')", name=op.f("ck_reports_export_form")),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed', 'expired')", name=op.f("ck_reports_export_status")
        ),
        sa.CheckConstraint(
            "(status IN ('queued', 'running')) = (due_at IS NOT NULL)", name=op.f("ck_reports_export_due")
        ),
        sa.CheckConstraint("(status = 'failed') = (problem_code IS NOT NULL)", name=op.f("ck_reports_export_problem")),
        sa.CheckConstraint(
            "(status IN ('done', 'expired')) = (expires_at IS NOT NULL)", name=op.f("ck_reports_export_file")
        ),
        sa.CheckConstraint(
            "num_nulls(name, as_of, size, sha256, expires_at) IN (0, 5)", name=op.f("ck_reports_export_whole")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["identity_account.id"], name=op.f("fk_reports_export_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports_export")),
    )
    op.create_index(op.f("ix_reports_export_account_id"), _EXPORT, ["account_id", "id"])
    op.create_index(
        op.f("ix_reports_export_due_at"), _EXPORT, ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index(
        op.f("ix_reports_export_expires_at"), _EXPORT, ["expires_at"], postgresql_where=sa.text("status = 'done'")
    )
    op.create_index(op.f("ix_reports_export_asked_at"), _EXPORT, ["asked_at"])
    op.create_table(
        _PIECE,
        sa.Column("export_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["reports_export.id"],
            name=op.f("fk_reports_export_piece_export_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("export_id", "position", name=op.f("pk_reports_export_piece")),
    )
    # What is compressed already is not worth trying again.
    op.execute(f"ALTER TABLE {_PIECE} ALTER COLUMN content SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table(_PIECE)
    op.drop_table(_EXPORT)
