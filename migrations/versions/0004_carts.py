"""Carts of guests and buyers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "orders_cart",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("buyer_id", sa.UUID(), nullable=True),
        sa.Column("merged_into", sa.UUID(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("merged_into IS NULL OR buyer_id IS NULL", name=op.f("ck_orders_cart_of_a_guest")),
        sa.ForeignKeyConstraint(["buyer_id"], ["identity_account.id"], name=op.f("fk_orders_cart_buyer_id")),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["orders_cart.id"], name=op.f("fk_orders_cart_merged_into"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_cart")),
    )
    op.create_index(
        "uq_orders_cart_buyer_id",
        "orders_cart",
        ["buyer_id"],
        unique=True,
        postgresql_where=sa.text("buyer_id IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_cart_merged_into",
        "orders_cart",
        ["merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_index("ix_orders_cart_expires_at", "orders_cart", ["expires_at"])
    op.create_table(
        "orders_cart_item",
        sa.Column("cart_id", sa.UUID(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_orders_cart_item_quantity")),
        sa.ForeignKeyConstraint(
            ["cart_id"], ["orders_cart.id"], name=op.f("fk_orders_cart_item_cart_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], name=op.f("fk_orders_cart_item_sku")),
        sa.PrimaryKeyConstraint("cart_id", "sku", name=op.f("pk_orders_cart_item")),
    )
    op.create_index(op.f("ix_orders_cart_item_sku"), "orders_cart_item", ["sku"])


def downgrade() -> None:
    op.drop_table("orders_cart_item")
    op.drop_table("orders_cart")
