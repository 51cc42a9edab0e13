"""Pieces of a line that were cancelled before shipment; refunds that failed, and who paid them by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders_line", sa.Column("cancelled_quantity", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint(
        op.f("ck_orders_line_cancelled"),
        "orders_line",
        "cancelled_quantity >= 0 AND shipped_quantity + cancelled_quantity <= quantity",
    )
    op.execute(
        """
        UPDATE orders_line SET cancelled_quantity = orders_line.quantity - shipped_quantity
        FROM orders_supplier_order p
        WHERE p.id = orders_line.supplier_order_id AND p.status IN ('cancelled', 'refunded')
        """
    )
    op.drop_constraint(op.f("ck_orders_refund_status"), "orders_refund", type_="check")
    op.create_check_constraint(
        op.f("ck_orders_refund_status"), "orders_refund", "status IN ('requested', 'settled', 'failed')"
    )
    op.add_column("payments_refund", sa.Column("paid_by", sa.Uuid(), nullable=True))
    op.create_check_constraint(
        op.f("ck_payments_refund_paid_by"), "payments_refund", "paid_by IS NULL OR status = 'succeeded'"
    )
    op.create_index("ix_payments_refund_status", "payments_refund", ["status", "id"])


def downgrade() -> None:
    op.drop_index("ix_payments_refund_status", table_name="payments_refund")
    op.drop_constraint(op.f("ck_payments_refund_paid_by"), "payments_refund", type_="check")
    op.drop_column("payments_refund", "paid_by")
    op.drop_constraint(op.f("ck_orders_refund_status"), "orders_refund", type_="check")
    op.create_check_constraint(op.f("ck_orders_refund_status"), "orders_refund", "status IN ('requested', 'settled')")
    op.drop_constraint(op.f("ck_orders_line_cancelled"), "orders_line", type_="check")
    op.drop_column("orders_line", "cancelled_quantity")
