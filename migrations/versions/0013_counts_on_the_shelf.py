"""An index that holds all that the shelf's facets are counted by."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COLUMNS = [
    *("leaf_slug", "root_slug", "supplier_id", "township_code", "price_from_fen", "in_stock"),
    *("season_opens", "season_closes", "perishable"),
]


def upgrade() -> None:
    op.create_index("ix_storefront_shelf_facets", "storefront_shelf", COLUMNS)


def downgrade() -> None:
    op.drop_index("ix_storefront_shelf_facets", "storefront_shelf")
