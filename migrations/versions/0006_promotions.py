"""Promotions with their coupons and voucher budgets; who pays for a line's discount."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pricing_budget",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("division_code", sa.String(length=6), nullable=True),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("used_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "division_code ~ '^([0-9]{2}|[0-9]{4}|[0-9]{6})$'", name=op.f("ck_pricing_budget_division_code")
        ),
        sa.CheckConstraint("used_fen BETWEEN 0 AND total_fen", name=op.f("ck_pricing_budget_never_overspent")),
        sa.ForeignKeyConstraint(["created_by"], ["identity_account.id"], name=op.f("fk_pricing_budget_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pricing_budget")),
        sa.UniqueConstraint("name", name=op.f("uq_pricing_budget_name")),
    )
    op.create_index(op.f("ix_pricing_budget_created_by"), "pricing_budget", ["created_by"], unique=False)
    op.create_table(
        "pricing_promotion",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("funder", sa.String(length=16), nullable=False),
        sa.Column("budget_id", sa.UUID(), nullable=True),
        sa.Column("supplier_id", sa.UUID(), nullable=True),
        sa.Column("category", sa.String(length=32), nullable=True),
        sa.Column("sku", sa.String(), nullable=True),
        sa.Column("threshold_fen", sa.BigInteger(), nullable=False),
        sa.Column("off_fen", sa.BigInteger(), nullable=True),
        sa.Column("percent_bp", sa.Integer(), nullable=True),
        sa.Column("cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("price_fen", sa.BigInteger(), nullable=True),
        sa.Column("by_coupon", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.CheckConstraint(
            "(funder = 'district') = (budget_id IS NOT NULL)", name=op.f("ck_pricing_promotion_paid_from_a_budget")
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'amount_off' THEN off_fen > 0 AND off_fen < threshold_fen WHEN 'percent_off' THEN percent_bp BETWEEN 1 AND 9999 ELSE sku IS NOT NULL AND price_fen > 0 END",
            name=op.f("ck_pricing_promotion_terms"),
        ),
        sa.CheckConstraint(
            "funder <> 'supplier' OR supplier_id IS NOT NULL", name=op.f("ck_pricing_promotion_on_own_goods")
        ),
        sa.CheckConstraint("funder IN ('supplier', 'platform', 'district')", name=op.f("ck_pricing_promotion_funder")),
        sa.CheckConstraint(
            "kind IN ('amount_off', 'percent_off', 'fixed_price')", name=op.f("ck_pricing_promotion_kind")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_pricing_promotion_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["budget_id"], ["pricing_budget.id"], name=op.f("fk_pricing_promotion_budget_id")),
        sa.ForeignKeyConstraint(["created_by"], ["identity_account.id"], name=op.f("fk_pricing_promotion_created_by")),
        sa.ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], name=op.f("fk_pricing_promotion_sku")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_pricing_promotion_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pricing_promotion")),
    )
    op.create_index(
        "ix_pricing_promotion_budget_id",
        "pricing_promotion",
        ["budget_id"],
        unique=False,
        postgresql_where=sa.text("budget_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_pricing_promotion_created_by"), "pricing_promotion", ["created_by"], unique=False)
    op.create_index(
        "ix_pricing_promotion_running",
        "pricing_promotion",
        ["ends_at"],
        unique=False,
        postgresql_where=sa.text("stopped_at IS NULL"),
    )
    op.create_index(
        "ix_pricing_promotion_sku",
        "pricing_promotion",
        ["sku"],
        unique=False,
        postgresql_where=sa.text("sku IS NOT NULL"),
    )
    op.create_index(
        "ix_pricing_promotion_supplier_id",
        "pricing_promotion",
        ["supplier_id"],
        unique=False,
        postgresql_where=sa.text("supplier_id IS NOT NULL"),
    )
    op.create_table(
        "orders_line_discount",
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("promotion_id", sa.UUID(), nullable=False),
        sa.Column("funder", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "funder IN ('supplier', 'platform', 'district')", name=op.f("ck_orders_line_discount_funder")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_orders_line_discount_amount")),
        sa.ForeignKeyConstraint(["line_id"], ["orders_line.id"], name=op.f("fk_orders_line_discount_line_id")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["pricing_promotion.id"], name=op.f("fk_orders_line_discount_promotion_id")
        ),
        sa.PrimaryKeyConstraint("line_id", "promotion_id", name=op.f("pk_orders_line_discount")),
    )
    op.create_index(
        op.f("ix_orders_line_discount_promotion_id"), "orders_line_discount", ["promotion_id"], unique=False
    )
    op.create_table(
        "pricing_coupon",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("promotion_id", sa.UUID(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("holder_id", sa.UUID(), nullable=True),
        sa.Column("total_limit", sa.Integer(), nullable=False),
        sa.Column("per_buyer_limit", sa.Integer(), nullable=False),
        sa.Column("used_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("total_limit > 0 AND per_buyer_limit > 0", name=op.f("ck_pricing_coupon_limits")),
        sa.CheckConstraint("used_count BETWEEN 0 AND total_limit", name=op.f("ck_pricing_coupon_within_limit")),
        sa.ForeignKeyConstraint(["holder_id"], ["identity_account.id"], name=op.f("fk_pricing_coupon_holder_id")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["pricing_promotion.id"], name=op.f("fk_pricing_coupon_promotion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pricing_coupon")),
        sa.UniqueConstraint("code", name=op.f("uq_pricing_coupon_code")),
    )
    op.create_index(
        "ix_pricing_coupon_holder_id",
        "pricing_coupon",
        ["holder_id", "id"],
        unique=False,
        postgresql_where=sa.text("holder_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_pricing_coupon_promotion_id"), "pricing_coupon", ["promotion_id"], unique=False)
    op.create_table(
        "pricing_coupon_use",
        sa.Column("coupon_id", sa.UUID(), nullable=False),
        sa.Column("buyer_id", sa.UUID(), nullable=False),
        sa.Column("used_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("used_count >= 0", name=op.f("ck_pricing_coupon_use_used_count")),
        sa.ForeignKeyConstraint(["buyer_id"], ["identity_account.id"], name=op.f("fk_pricing_coupon_use_buyer_id")),
        sa.ForeignKeyConstraint(["coupon_id"], ["pricing_coupon.id"], name=op.f("fk_pricing_coupon_use_coupon_id")),
        sa.PrimaryKeyConstraint("coupon_id", "buyer_id", name=op.f("pk_pricing_coupon_use")),
    )
    op.create_index(op.f("ix_pricing_coupon_use_buyer_id"), "pricing_coupon_use", ["buyer_id"], unique=False)
    op.create_table(
        "pricing_promotion_use",
        sa.Column("reference", sa.UUID(), nullable=False),
        sa.Column("promotion_id", sa.UUID(), nullable=False),
        sa.Column("coupon_id", sa.UUID(), nullable=True),
        sa.Column("budget_id", sa.UUID(), nullable=True),
        sa.Column("buyer_id", sa.UUID(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("returned_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "returned_fen BETWEEN 0 AND amount_fen AND amount_fen > 0", name=op.f("ck_pricing_promotion_use_amounts")
        ),
        sa.ForeignKeyConstraint(["budget_id"], ["pricing_budget.id"], name=op.f("fk_pricing_promotion_use_budget_id")),
        sa.ForeignKeyConstraint(["buyer_id"], ["identity_account.id"], name=op.f("fk_pricing_promotion_use_buyer_id")),
        sa.ForeignKeyConstraint(["coupon_id"], ["pricing_coupon.id"], name=op.f("fk_pricing_promotion_use_coupon_id")),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["pricing_promotion.id"], name=op.f("fk_pricing_promotion_use_promotion_id")
        ),
        sa.PrimaryKeyConstraint("reference", "promotion_id", name=op.f("pk_pricing_promotion_use")),
    )
    op.create_index(
        "ix_pricing_promotion_use_budget_id",
        "pricing_promotion_use",
        ["budget_id"],
        unique=False,
        postgresql_where=sa.text("budget_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_pricing_promotion_use_buyer_id"), "pricing_promotion_use", ["buyer_id"], unique=False)
    op.create_index(
        "ix_pricing_promotion_use_coupon_id",
        "pricing_promotion_use",
        ["coupon_id"],
        unique=False,
        postgresql_where=sa.text("coupon_id IS NOT NULL"),
    )
    op.create_index(
        "ix_pricing_promotion_use_promotion_id", "pricing_promotion_use", ["promotion_id", "reference"], unique=False
    )
    op.add_column("orders_line", sa.Column("subsidy_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_orders_line_subsidy"), "orders_line", "subsidy_fen BETWEEN 0 AND discount_fen")
    op.execute(
        "CREATE TRIGGER orders_line_discount_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON orders_line_discount "
        "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
    )


def downgrade() -> None:
    op.drop_column("orders_line", "subsidy_fen")
    op.drop_table("pricing_promotion_use")
    op.drop_table("pricing_coupon_use")
    op.drop_table("pricing_coupon")
    op.drop_table("orders_line_discount")
    op.drop_table("pricing_promotion")
    op.drop_table("pricing_budget")
