"""Whether a product is to be had only ahead of its harvest; the calendar no longer says so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COLUMNS = [
    *("leaf_slug", "root_slug", "supplier_id", "township_code", "price_from_fen", "in_stock"),
    *("season_opens", "season_closes"),
]


def upgrade() -> None:
    op.add_column(
        "storefront_shelf", sa.Column("presale", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.alter_column("storefront_shelf", "perishable", server_default=sa.text("false"))
    op.drop_index("ix_storefront_shelf_facets", "storefront_shelf")
    op.create_index("ix_storefront_shelf_facets", "storefront_shelf", [*COLUMNS, "presale"])
    op.drop_index("ix_storefront_shelf_season_opens", "storefront_shelf")
    op.create_index(
        "ix_storefront_shelf_presale", "storefront_shelf", ["product_id"], postgresql_where=sa.text("presale")
    )


def downgrade() -> None:
    op.drop_index("ix_storefront_shelf_presale", "storefront_shelf")
    op.create_index(
        "ix_storefront_shelf_season_opens", "storefront_shelf", ["season_opens"], postgresql_where=sa.text("perishable")
    )
    op.drop_index("ix_storefront_shelf_facets", "storefront_shelf")
    op.create_index("ix_storefront_shelf_facets", "storefront_shelf", [*COLUMNS, "perishable"])
    op.alter_column("storefront_shelf", "perishable", server_default=None)
    op.drop_column("storefront_shelf", "presale")
