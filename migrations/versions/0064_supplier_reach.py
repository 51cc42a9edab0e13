"""How many households each supplier pays, kept for the shop window."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assistance_supplier_reach",
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_assistance_supplier_reach_supplier_id")
        ),
        sa.PrimaryKeyConstraint("supplier_id", name=op.f("pk_assistance_supplier_reach")),
    )


def downgrade() -> None:
    op.drop_table("assistance_supplier_reach")
