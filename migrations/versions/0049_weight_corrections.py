"""Net weights that suppliers corrected, with what went back for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "orders_weight_correction",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("supplier_order_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("lot_code", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("promised_g", sa.Integer(), nullable=False),
        sa.Column("stated_g", sa.Integer(), nullable=False),
        sa.Column("tolerance_g", sa.Integer(), nullable=False),
        sa.Column("refund_fen", sa.BigInteger(), nullable=False),
        sa.Column("refund_id", sa.UUID(), nullable=True),
        sa.Column("stated_by", sa.UUID(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "quantity > 0 AND promised_g > 0 AND stated_g > 0 AND tolerance_g >= 0",
            name=op.f("ck_orders_weight_correction_figures"),
        ),
        sa.CheckConstraint(
            "(refund_fen > 0) = (refund_id IS NOT NULL)", name=op.f("ck_orders_weight_correction_refund")
        ),
        sa.CheckConstraint(
            "refund_fen = 0 OR promised_g - stated_g > tolerance_g",
            name=op.f("ck_orders_weight_correction_owed_beyond_tolerance"),
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.{key}"], name=op.f(f"fk_orders_weight_correction_{column}"))
            for column, table, key in (
                ("supplier_order_id", "orders_supplier_order", "id"),
                ("line_id", "orders_line", "id"),
                ("supplier_id", "suppliers_supplier", "id"),
                ("sku", "catalogue_sku", "sku"),
                ("refund_id", "orders_refund", "id"),
                ("stated_by", "identity_account", "id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_weight_correction")),
    )
    for column in ("supplier_order_id", "line_id", "sku", "refund_id", "stated_by"):
        op.create_index(f"ix_orders_weight_correction_{column}", "orders_weight_correction", [column])
    op.create_index("ix_orders_weight_correction_lot", "orders_weight_correction", ["supplier_id", "sku", "lot_code"])
    op.execute(append_only_trigger("orders_weight_correction"))


def downgrade() -> None:
    op.drop_table("orders_weight_correction")
