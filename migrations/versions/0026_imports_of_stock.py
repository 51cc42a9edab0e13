"""Sheets that suppliers send, and a receipt for each of their rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inventory_import",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("absent", sa.Text(), nullable=False),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("repeats", sa.UUID(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("after_sku", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("ok_rows", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed_rows", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected_rows", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("problem_code", sa.Text(), nullable=True),
        sa.Column("problem_zh", sa.Text(), nullable=True),
        sa.Column("problem_en", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'checking', 'checked', 'applying', 'applied', 'failed')",
            name=op.f("ck_inventory_import_status"),
        ),
        sa.CheckConstraint("absent IN ('keep', 'zero')", name=op.f("ck_inventory_import_absent")),
        sa.CheckConstraint(
            "(status IN ('applying', 'checking', 'queued')) = (due_at IS NOT NULL)",
            name=op.f("ck_inventory_import_due"),
        ),
        sa.CheckConstraint("(read_at IS NULL) = (content IS NOT NULL)", name=op.f("ck_inventory_import_read")),
        sa.CheckConstraint(
            "(status = 'failed') = (problem_code IS NOT NULL)", name=op.f("ck_inventory_import_problem")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_inventory_import_supplier_id")
        ),
        sa.ForeignKeyConstraint(["repeats"], ["inventory_import.id"], name=op.f("fk_inventory_import_repeats")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_import")),
    )
    op.create_index("ix_inventory_import_supplier_id", "inventory_import", ["supplier_id", "id"])
    op.create_index("ix_inventory_import_digest", "inventory_import", ["supplier_id", "digest"])
    op.create_index(
        "ix_inventory_import_due_at",
        "inventory_import",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_inventory_import_repeats",
        "inventory_import",
        ["repeats"],
        postgresql_where=sa.text("repeats IS NOT NULL"),
    )
    op.create_table(
        "inventory_import_row",
        sa.Column("import_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("lot_code", sa.Text(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("faults", JSONB(), nullable=True),
        sa.Column("before", sa.BigInteger(), nullable=True),
        sa.Column("after", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('pending', 'changed', 'unchanged', 'rejected')", name=op.f("ck_inventory_import_row_outcome")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["inventory_import.id"], name=op.f("fk_inventory_import_row_import_id")),
        sa.PrimaryKeyConstraint("import_id", "position", name=op.f("pk_inventory_import_row")),
    )
    op.create_index(
        "ix_inventory_import_row_to_do",
        "inventory_import_row",
        ["import_id", "sku", "position"],
        postgresql_where=sa.text("outcome <> 'rejected'"),
    )


def downgrade() -> None:
    op.drop_table("inventory_import_row")
    op.drop_table("inventory_import")
