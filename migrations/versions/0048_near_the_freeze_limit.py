"""What is near its provider's limit for being split, and the days on which somebody looked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = "settlement_frozen"
    op.create_table(
        table,
        sa.Column("supplier_order_id", sa.UUID(), nullable=False),
        sa.Column("payment_id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("held_fen", sa.BigInteger(), nullable=False),
        sa.Column("frozen_until", sa.Date(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers_supplier.id"], name=op.f(f"fk_{table}_supplier_id")),
        sa.PrimaryKeyConstraint("supplier_order_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_supplier_id", table, ["supplier_id"])
    table = "settlement_frozen_look"
    op.create_table(
        table,
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("held_fen", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f(f"pk_{table}")),
    )


def downgrade() -> None:
    op.drop_table("settlement_frozen_look")
    op.drop_table("settlement_frozen")
