"""Sales from outside the platform with their vouchers, and the invoice lines that are taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db import append_only_trigger

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

_TABLES = ("assistance_declared_sale", "assistance_voucher", "assistance_external_claim")


def upgrade() -> None:
    op.create_table(
        "assistance_declared_sale",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("voucher_no", sa.Text(), nullable=False),
        sa.Column("sold_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_name", sa.Text(), nullable=False),
        sa.Column("township_code", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("invoice_no", sa.Text()),
        sa.Column("invoice_line", sa.SmallInteger()),
        sa.Column("doubts", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("not_a_duplicate_because", sa.Text()),
        sa.CheckConstraint(
            "channel IN ('retail', 'supermarket', 'organisation')", name=op.f("ck_assistance_declared_sale_channel")
        ),
        sa.CheckConstraint(
            "occasion IN ('fair', 'live_stream', 'bulk', 'shop', 'other')",
            name=op.f("ck_assistance_declared_sale_occasion"),
        ),
        sa.CheckConstraint(
            "(invoice_no IS NULL) = (invoice_line IS NULL)", name=op.f("ck_assistance_declared_sale_invoice")
        ),
        sa.CheckConstraint(
            "doubts = '[]' OR not_a_duplicate_because IS NOT NULL",
            name=op.f("ck_assistance_declared_sale_doubts_are_answered"),
        ),
        sa.ForeignKeyConstraint(["id"], ["assistance_proposal.id"], name=op.f("fk_assistance_declared_sale_id")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_assistance_declared_sale_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_declared_sale")),
    )
    op.create_index("ix_assistance_declared_sale_voucher_no", "assistance_declared_sale", ["voucher_no"])
    op.create_index(
        "ix_assistance_declared_sale_supplier_id_sold_on", "assistance_declared_sale", ["supplier_id", "sold_on"]
    )
    op.create_table(
        "assistance_voucher",
        sa.Column("declared_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", postgresql.BYTEA(), nullable=False),
        sa.ForeignKeyConstraint(
            ["declared_id"], ["assistance_declared_sale.id"], name=op.f("fk_assistance_voucher_declared_id")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files_file.id"], name=op.f("fk_assistance_voucher_file_id")),
        sa.PrimaryKeyConstraint("declared_id", "file_id", name=op.f("pk_assistance_voucher")),
    )
    op.create_index("ix_assistance_voucher_sha256", "assistance_voucher", ["sha256"])
    op.create_index("ix_assistance_voucher_file_id", "assistance_voucher", ["file_id"])
    op.create_table(
        "assistance_external_claim",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("invoice_no", sa.Text(), nullable=False),
        sa.Column("line", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["assistance_entry.id"], name=op.f("fk_assistance_external_claim_entry_id")
        ),
        sa.PrimaryKeyConstraint("source", "invoice_no", "line", name=op.f("pk_assistance_external_claim")),
    )
    op.create_index("ix_assistance_external_claim_entry_id", "assistance_external_claim", ["entry_id"])
    op.create_index(
        "ix_orders_order_ext_832_order_no",
        "orders_order",
        ["ext_832_order_no"],
        postgresql_where=sa.text("ext_832_order_no IS NOT NULL"),
    )
    for table in _TABLES:
        op.execute(append_only_trigger(table))


def downgrade() -> None:
    op.drop_index("ix_orders_order_ext_832_order_no", table_name="orders_order")
    for table in reversed(_TABLES):
        op.drop_table(table)
