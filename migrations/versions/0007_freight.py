"""Freight by volume, tiers and remote places; versions of suppliers' templates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("catalogue_sku", sa.Column("length_mm", sa.Integer(), nullable=True))
    op.add_column("catalogue_sku", sa.Column("width_mm", sa.Integer(), nullable=True))
    op.add_column("catalogue_sku", sa.Column("height_mm", sa.Integer(), nullable=True))
    op.add_column(
        "pricing_freight_rule", sa.Column("surcharge_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("pricing_freight_rule", sa.Column("tiers", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("pricing_freight_template", sa.Column("volume_divisor", sa.Integer(), nullable=True))
    op.add_column(
        "pricing_freight_template", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_catalogue_sku_all_dimensions"),
        "catalogue_sku",
        "num_nulls(length_mm, width_mm, height_mm) IN (0, 3)",
    )
    op.create_check_constraint(
        op.f("ck_catalogue_sku_dimensions"), "catalogue_sku", "length_mm > 0 AND width_mm > 0 AND height_mm > 0"
    )
    op.create_check_constraint(
        op.f("ck_pricing_freight_template_volume_divisor"), "pricing_freight_template", "volume_divisor > 0"
    )
    op.create_check_constraint(op.f("ck_pricing_freight_rule_surcharge"), "pricing_freight_rule", "surcharge_fen >= 0")


def downgrade() -> None:
    op.drop_column("pricing_freight_template", "version")
    op.drop_column("pricing_freight_template", "volume_divisor")
    op.drop_column("pricing_freight_rule", "tiers")
    op.drop_column("pricing_freight_rule", "surcharge_fen")
    op.drop_column("catalogue_sku", "height_mm")
    op.drop_column("catalogue_sku", "width_mm")
    op.drop_column("catalogue_sku", "length_mm")
