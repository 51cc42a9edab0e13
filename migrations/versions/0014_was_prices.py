"""What may be crossed out beside a price, and the measure by which prices are compared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MEASURE = r"""
UPDATE catalogue_sku k SET compared_by = m.unit, compared_milli = m.milli
FROM (
    SELECT k.sku,
           CASE WHEN v.size IS NOT NULL THEN 'L' WHEN k.fresh THEN 'kg' ELSE '100g' END AS unit,
           CASE WHEN v.size IS NOT NULL THEN CAST(CAST(v.size[1] AS numeric) * CAST(coalesce(v.size[3], '1') AS integer)
                    * CASE WHEN lower(v.size[2]) IN ('ml', '毫升') THEN 1 ELSE 1000 END AS integer)
                WHEN k.fresh THEN k.net_weight_g ELSE k.net_weight_g * 10 END AS milli
    FROM catalogue_sku k JOIN catalogue_product p ON p.id = k.product_id
    JOIN catalogue_category c ON c.slug = p.category_slug
    LEFT JOIN LATERAL (SELECT regexp_match(k.net_content,
        '([0-9]+(?:\.[0-9]+)?)\s*(ml|l|毫升|升)(?![a-z])(?:\s*[×x*]\s*([0-9]+))?', 'i') AS size) v ON true
    WHERE c.root_slug <> 'gift-set'
) m WHERE m.sku = k.sku AND m.milli > 0
"""


def upgrade() -> None:
    op.add_column("pricing_price", sa.Column("was_price_fen", sa.BigInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_pricing_price_was_more"), "pricing_price", "was_price_fen > price_fen")
    op.add_column("catalogue_sku", sa.Column("compared_by", sa.String(), nullable=True))
    op.add_column("catalogue_sku", sa.Column("compared_milli", sa.Integer(), nullable=True))
    op.execute(MEASURE)
    op.create_check_constraint(
        op.f("ck_catalogue_sku_compared_by"), "catalogue_sku", "compared_by IN ('100g', 'kg', 'L')"
    )
    op.create_check_constraint(
        op.f("ck_catalogue_sku_compared"),
        "catalogue_sku",
        "(compared_by IS NULL) = (compared_milli IS NULL) AND compared_milli > 0",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_catalogue_sku_compared"), "catalogue_sku")
    op.drop_constraint(op.f("ck_catalogue_sku_compared_by"), "catalogue_sku")
    op.drop_column("catalogue_sku", "compared_milli")
    op.drop_column("catalogue_sku", "compared_by")
    op.drop_constraint(op.f("ck_pricing_price_was_more"), "pricing_price")
    op.drop_column("pricing_price", "was_price_fen")
