"""Harvests that are sold ahead, who waits for them, and what an order's line was promised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inventory_stock", sa.Column("waiting", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_inventory_stock_waiting"), "inventory_stock", "waiting >= 0")
    op.create_table(
        "inventory_presale",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("harvest_from", sa.Date(), nullable=False),
        sa.Column("harvest_to", sa.Date(), nullable=False),
        sa.Column("ship_by", sa.Date(), nullable=False),
        sa.Column("expected_yield", sa.BigInteger(), nullable=False),
        sa.Column("factor_pct", sa.Integer(), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=False),
        sa.Column("promised", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("arrived", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("by_account", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("arrived >= 0", name=op.f("ck_inventory_presale_arrived")),
        sa.CheckConstraint("cap >= 1 AND cap <= expected_yield", name=op.f("ck_inventory_presale_cap")),
        sa.CheckConstraint(
            "opens_at < closes_at AND harvest_from <= harvest_to", name=op.f("ck_inventory_presale_times")
        ),
        sa.CheckConstraint("promised BETWEEN 0 AND cap", name=op.f("ck_inventory_presale_promised")),
        sa.ForeignKeyConstraint(["sku"], ["inventory_stock.sku"], name=op.f("fk_inventory_presale_sku")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_presale")),
    )
    op.create_index(
        "uq_inventory_presale_open",
        "inventory_presale",
        ["sku"],
        unique=True,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index("ix_inventory_presale_sku", "inventory_presale", ["sku", "id"])
    op.create_table(
        "inventory_promise",
        sa.Column("reference", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("presale_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_inventory_promise_waits_for_something")),
        sa.ForeignKeyConstraint(["presale_id"], ["inventory_presale.id"], name=op.f("fk_inventory_promise_presale_id")),
        sa.ForeignKeyConstraint(["sku"], ["inventory_stock.sku"], name=op.f("fk_inventory_promise_sku")),
        sa.PrimaryKeyConstraint("reference", "sku", name=op.f("pk_inventory_promise")),
    )
    op.create_index(op.f("ix_inventory_promise_presale_id"), "inventory_promise", ["presale_id"])
    op.create_index("ix_inventory_promise_sku_position", "inventory_promise", ["sku", "position"])
    op.add_column("orders_line", sa.Column("ship_by", sa.Date(), nullable=True))
    op.alter_column("orders_refund", "asked_by", nullable=True)


def downgrade() -> None:
    op.drop_column("orders_line", "ship_by")
    op.drop_table("inventory_promise")
    op.drop_table("inventory_presale")
    op.drop_constraint(op.f("ck_inventory_stock_waiting"), "inventory_stock", type_="check")
    op.drop_column("inventory_stock", "waiting")
