"""Invoices, and the wish for one that is kept with an order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders_order", sa.Column("invoice_sealed", postgresql.BYTEA(), nullable=True))
    op.create_table(
        "invoicing_invoice",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reverses", sa.UUID(), nullable=True),
        sa.Column("refund_id", sa.UUID(), nullable=True),
        sa.Column("netted", postgresql.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("supplier_order_id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("buyer_id", sa.UUID(), nullable=False),
        sa.Column("buyer_sealed", postgresql.BYTEA(), nullable=False),
        sa.Column("seller_name", sa.Text(), nullable=False),
        sa.Column("seller_uscc", sa.Text(), nullable=False),
        sa.Column("items", postgresql.JSONB(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax_fen", sa.BigInteger(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("sample", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('requested', 'drawing', 'issued', 'rejected', 'cancelled')",
            name=op.f("ck_invoicing_invoice_status"),
        ),
        sa.CheckConstraint(
            "colour IN ('blue', 'red') AND kind IN ('normal', 'special')", name=op.f("ck_invoicing_invoice_words")
        ),
        sa.CheckConstraint("(colour = 'red') = (reverses IS NOT NULL)", name=op.f("ck_invoicing_invoice_reverses")),
        sa.CheckConstraint("total_fen = amount_fen + tax_fen", name=op.f("ck_invoicing_invoice_total")),
        sa.CheckConstraint(
            "CASE colour WHEN 'blue' THEN amount_fen >= 0 AND tax_fen >= 0 ELSE amount_fen <= 0 AND tax_fen <= 0 END",
            name=op.f("ck_invoicing_invoice_signs"),
        ),
        sa.CheckConstraint(
            "(status = 'issued') = (number IS NOT NULL AND issued_at IS NOT NULL)",
            name=op.f("ck_invoicing_invoice_issued"),
        ),
        sa.CheckConstraint(
            "NOT current OR (colour = 'blue' AND status <> 'cancelled')", name=op.f("ck_invoicing_invoice_current")
        ),
        sa.ForeignKeyConstraint(["reverses"], ["invoicing_invoice.id"], name=op.f("fk_invoicing_invoice_reverses")),
        sa.ForeignKeyConstraint(["refund_id"], ["orders_refund.id"], name=op.f("fk_invoicing_invoice_refund_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders_order.id"], name=op.f("fk_invoicing_invoice_order_id")),
        sa.ForeignKeyConstraint(
            ["supplier_order_id"],
            ["orders_supplier_order.id"],
            name=op.f("fk_invoicing_invoice_supplier_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_invoicing_invoice_supplier_id")
        ),
        sa.ForeignKeyConstraint(["buyer_id"], ["identity_account.id"], name=op.f("fk_invoicing_invoice_buyer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoicing_invoice")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_invoicing_invoice_refund_id")),
        sa.UniqueConstraint("number", name=op.f("uq_invoicing_invoice_number")),
    )
    op.create_index(
        "uq_invoicing_invoice_current",
        "invoicing_invoice",
        ["supplier_order_id"],
        unique=True,
        postgresql_where=sa.text("current"),
    )
    for name, columns in (
        ("ix_invoicing_invoice_reverses", ["reverses"]),
        ("ix_invoicing_invoice_order_id", ["order_id"]),
        ("ix_invoicing_invoice_supplier_order_id", ["supplier_order_id"]),
        ("ix_invoicing_invoice_buyer_id_id", ["buyer_id", "id"]),
        ("ix_invoicing_invoice_supplier_id_id", ["supplier_id", "id"]),
        ("ix_invoicing_invoice_status_id", ["status", "id"]),
    ):
        op.create_index(name, "invoicing_invoice", columns)


def downgrade() -> None:
    op.drop_table("invoicing_invoice")
    op.drop_column("orders_order", "invoice_sealed")
