"""Rosters of organisations, and the many orders that come of one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "orders_bulk",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("buyer_id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payment_id", sa.UUID(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("recipients > 0 AND total_fen > 0", name=op.f("ck_orders_bulk_signs")),
        sa.CheckConstraint("(payment_id IS NULL) = (paid_at IS NULL)", name=op.f("ck_orders_bulk_paid")),
        sa.ForeignKeyConstraint(["buyer_id"], ["identity_account.id"], name=op.f("fk_orders_bulk_buyer_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["buyers_organisation.id"], name=op.f("fk_orders_bulk_organisation_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments_payment.id"], name=op.f("fk_orders_bulk_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_bulk")),
    )
    op.create_index("ix_orders_bulk_buyer", "orders_bulk", ["buyer_id", "id"])
    op.create_index(op.f("ix_orders_bulk_organisation_id"), "orders_bulk", ["organisation_id"])
    op.create_index(op.f("ix_orders_bulk_payment_id"), "orders_bulk", ["payment_id"])
    op.create_table(
        "orders_roster",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("buyer_id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("rows_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["buyer_id"], ["identity_account.id"], name=op.f("fk_orders_roster_buyer_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["buyers_organisation.id"], name=op.f("fk_orders_roster_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_roster")),
    )
    op.create_index(op.f("ix_orders_roster_buyer_id"), "orders_roster", ["buyer_id"])
    op.create_index(op.f("ix_orders_roster_organisation_id"), "orders_roster", ["organisation_id"])
    op.create_index(op.f("ix_orders_roster_uploaded_at"), "orders_roster", ["uploaded_at"])
    op.add_column("orders_order", sa.Column("bulk_id", sa.UUID(), nullable=True))
    op.create_foreign_key(op.f("fk_orders_order_bulk_id"), "orders_order", "orders_bulk", ["bulk_id"], ["id"])
    op.create_index(op.f("ix_orders_order_bulk_id"), "orders_order", ["bulk_id"])


def downgrade() -> None:
    op.drop_column("orders_order", "bulk_id")
    op.drop_table("orders_roster")
    op.drop_table("orders_bulk")
