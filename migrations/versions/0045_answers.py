"""What is answered to a line of a purchase order, the day that an order counts for, and numbers of delivery notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE wholesale_delivery_number_seq")
    op.add_column(
        "wholesale_po", sa.Column("order_on", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False)
    )
    op.create_table(
        "wholesale_po_answer",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("po_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.CheckConstraint("kind IN ('cut', 'substitute')", name=op.f("ck_wholesale_po_answer_kind")),
        sa.CheckConstraint("units >= 0 AND unit_price_fen >= 0", name=op.f("ck_wholesale_po_answer_signs")),
        sa.CheckConstraint("(decided_at IS NULL) = (accepted IS NULL)", name=op.f("ck_wholesale_po_answer_decided")),
        sa.ForeignKeyConstraint(["po_id"], ["wholesale_po.id"], name=op.f("fk_wholesale_po_answer_po_id")),
        sa.ForeignKeyConstraint(["line_id"], ["wholesale_po_line.id"], name=op.f("fk_wholesale_po_answer_line_id")),
        sa.ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], name=op.f("fk_wholesale_po_answer_sku")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_po_answer")),
    )
    op.create_index("ix_wholesale_po_answer_po_id", "wholesale_po_answer", ["po_id", "id"])
    op.create_index(op.f("ix_wholesale_po_answer_line_id"), "wholesale_po_answer", ["line_id"])
    op.create_index(op.f("ix_wholesale_po_answer_sku"), "wholesale_po_answer", ["sku"])


def downgrade() -> None:
    op.drop_table("wholesale_po_answer")
    op.drop_column("wholesale_po", "order_on")
    op.execute("DROP SEQUENCE wholesale_delivery_number_seq")
