"""Files that people hand in, and their bytes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "files_file",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("owner_id", sa.UUID(), nullable=False),
        sa.Column("uploaded_by", sa.UUID(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attached_to", sa.UUID(), nullable=True),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('claim', 'review', 'product', 'certificate', 'evidence')",
            name=op.f("ck_files_file_purpose"),
        ),
        sa.CheckConstraint("(width IS NULL) = (height IS NULL)", name=op.f("ck_files_file_measures")),
        sa.CheckConstraint(
            "num_nulls(attached_to, attached_at, position) IN (0, 3)", name=op.f("ck_files_file_attached")
        ),
        sa.ForeignKeyConstraint(["uploaded_by"], ["identity_account.id"], name=op.f("fk_files_file_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files_file")),
    )
    op.create_index(op.f("ix_files_file_uploaded_by"), "files_file", ["uploaded_by"])
    waiting = {"postgresql_where": sa.text("attached_to IS NULL")}
    op.create_index("ix_files_file_waiting", "files_file", ["owner_id"], **waiting)
    op.create_index("ix_files_file_stale", "files_file", ["uploaded_at"], **waiting)
    op.create_index(
        "ix_files_file_attached",
        "files_file",
        ["attached_to", "position"],
        postgresql_where=sa.text("attached_to IS NOT NULL"),
    )
    op.create_table(
        "files_content",
        sa.Column("file_id", sa.UUID(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("variant IN ('full', 'thumb')", name=op.f("ck_files_content_variant")),
        sa.CheckConstraint("(content IS NULL) = (moved_at IS NOT NULL)", name=op.f("ck_files_content_in_one_place")),
        sa.CheckConstraint("size > 0", name=op.f("ck_files_content_size")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files_file.id"], name=op.f("fk_files_content_file_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("file_id", "variant", name=op.f("pk_files_content")),
    )


def downgrade() -> None:
    op.drop_table("files_content")
    op.drop_table("files_file")
