"""Lots with certificates, and lots that are called back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inventory_lot", sa.Column("certificate_file_id", sa.UUID(), nullable=True))
    op.add_column("inventory_lot", sa.Column("recalled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("inventory_lot", sa.Column("recalled_by", sa.UUID(), nullable=True))
    op.add_column("inventory_lot", sa.Column("recall_reason", sa.String(length=200), nullable=True))
    op.create_foreign_key(
        op.f("fk_inventory_lot_certificate_file_id"), "inventory_lot", "files_file", ["certificate_file_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_inventory_lot_recalled"),
        "inventory_lot",
        "(recalled_at IS NULL) = (recalled_by IS NULL) AND (recalled_at IS NULL) = (recall_reason IS NULL)",
    )
    op.create_index(
        "ix_inventory_lot_certificate_file_id",
        "inventory_lot",
        ["certificate_file_id"],
        postgresql_where=sa.text("certificate_file_id IS NOT NULL"),
    )
    op.create_index(
        "ix_inventory_lot_recalled_at",
        "inventory_lot",
        ["recalled_at"],
        postgresql_where=sa.text("recalled_at IS NOT NULL"),
    )
    op.create_index(
        "ix_fulfilment_shipment_line_lot",
        "fulfilment_shipment_line",
        ["sku", "lot_code"],
        postgresql_where=sa.text("lot_code IS NOT NULL"),
    )
    op.create_table(
        "recalls_draft",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_recalls_draft_quantity")),
        sa.CheckConstraint("status IN ('draft', 'confirmed', 'dismissed')", name=op.f("ck_recalls_draft_status")),
        sa.CheckConstraint("(status = 'draft') = (decided_at IS NULL)", name=op.f("ck_recalls_draft_decided")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_recalls_draft_decided_by")),
        sa.ForeignKeyConstraint(["lot_id"], ["inventory_lot.id"], name=op.f("fk_recalls_draft_lot_id")),
        sa.ForeignKeyConstraint(["line_id"], ["orders_line.id"], name=op.f("fk_recalls_draft_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recalls_draft")),
        sa.UniqueConstraint("lot_id", "line_id", "sent", name=op.f("uq_recalls_draft_lot_id_line_id_sent")),
    )
    op.create_index(op.f("ix_recalls_draft_line_id"), "recalls_draft", ["line_id"])
    op.create_index("ix_recalls_draft_status", "recalls_draft", ["status", "id"])


def downgrade() -> None:
    op.drop_table("recalls_draft")
    op.drop_index("ix_fulfilment_shipment_line_lot", "fulfilment_shipment_line")
    op.drop_index("ix_inventory_lot_recalled_at", "inventory_lot")
    op.drop_index("ix_inventory_lot_certificate_file_id", "inventory_lot")
    op.drop_constraint(op.f("ck_inventory_lot_recalled"), "inventory_lot")
    op.drop_constraint(op.f("fk_inventory_lot_certificate_file_id"), "inventory_lot")
    for column in ("recall_reason", "recalled_by", "recalled_at", "certificate_file_id"):
        op.drop_column("inventory_lot", column)
