"""The register of households, their linkages, the evidence of what they were paid, and who looked at them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db import append_only_trigger

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

_TABLES = (
    "assistance_household",
    "assistance_linkage",
    "assistance_payment_list",
    "assistance_payment_list_decision",
    "assistance_household_payment",
    "assistance_supplier_figure",
    "assistance_household_access",
)


def upgrade() -> None:
    op.create_table(
        "assistance_household",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("township_code", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=False),
        sa.Column("classes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("persons_linked", sa.Integer(), nullable=False),
        sa.Column("consented_on", sa.Date(), nullable=True),
        sa.Column("bank_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("entered_by", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "persons BETWEEN 1 AND 50 AND persons_linked BETWEEN 0 AND persons",
            name=op.f("ck_assistance_household_persons"),
        ),
        sa.ForeignKeyConstraint(
            ["township_code"], ["suppliers_township.code"], name=op.f("fk_assistance_household_township_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_household")),
        sa.UniqueConstraint("number_index", name=op.f("uq_assistance_household_number_index")),
    )
    op.create_index(
        op.f("ix_assistance_household_township_code"), "assistance_household", ["township_code"], unique=False
    )
    op.create_table(
        "assistance_linkage",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contract_no", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("yearly_fen", sa.BigInteger(), nullable=True),
        sa.Column("entered_by", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('PURCHASE', 'WAGE', 'RENT', 'DIVIDEND', 'SERVICE', 'REBATE')",
            name=op.f("ck_assistance_linkage_kind"),
        ),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_assistance_linkage_valid")),
        sa.ForeignKeyConstraint(
            ["household_id"], ["assistance_household.id"], name=op.f("fk_assistance_linkage_household_id")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_assistance_linkage_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_linkage")),
        info={"append_only": True},
    )
    op.create_index(
        "ix_assistance_linkage_household_id", "assistance_linkage", ["household_id", "supplier_id"], unique=False
    )
    op.create_index(op.f("ix_assistance_linkage_supplier_id"), "assistance_linkage", ["supplier_id"], unique=False)
    op.create_table(
        "assistance_payment_list",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('entered', 'sheet')", name=op.f("ck_assistance_payment_list_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_payment_list")),
        info={"append_only": True},
    )
    op.create_table(
        "assistance_payment_list_decision",
        sa.Column("list_id", sa.UUID(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.UUID(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('approved', 'declined')", name=op.f("ck_assistance_payment_list_decision_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["assistance_payment_list.id"], name=op.f("fk_assistance_payment_list_decision_list_id")
        ),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_assistance_payment_list_decision")),
        info={"append_only": True},
    )
    op.create_table(
        "assistance_household_payment",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("list_id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=True),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reference_price_fen", sa.BigInteger(), nullable=True),
        sa.Column("lot_id", sa.UUID(), nullable=True),
        sa.Column("to_own_account", sa.Boolean(), nullable=False),
        sa.Column("reverses", sa.UUID(), nullable=True),
        sa.CheckConstraint(
            "(kind IN ('PURCHASE', 'SERVICE', 'REBATE')) = (category IS NOT NULL)",
            name=op.f("ck_assistance_household_payment_category"),
        ),
        sa.CheckConstraint(
            "kind IN ('PURCHASE', 'WAGE', 'RENT', 'DIVIDEND', 'SERVICE', 'REBATE')",
            name=op.f("ck_assistance_household_payment_kind"),
        ),
        sa.CheckConstraint(
            "(reverses IS NULL) = (amount_fen > 0) AND amount_fen <> 0",
            name=op.f("ck_assistance_household_payment_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["assistance_household.id"], name=op.f("fk_assistance_household_payment_household_id")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["assistance_payment_list.id"], name=op.f("fk_assistance_household_payment_list_id")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["inventory_lot.id"], name=op.f("fk_assistance_household_payment_lot_id")),
        sa.ForeignKeyConstraint(
            ["reverses"], ["assistance_household_payment.id"], name=op.f("fk_assistance_household_payment_reverses")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_assistance_household_payment_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_household_payment")),
        sa.UniqueConstraint("reverses", name=op.f("uq_assistance_household_payment_reverses")),
        info={"append_only": True},
    )
    op.create_index(
        "ix_assistance_household_payment_household_id",
        "assistance_household_payment",
        ["household_id", "paid_on"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assistance_household_payment_list_id"), "assistance_household_payment", ["list_id"], unique=False
    )
    op.create_index(
        op.f("ix_assistance_household_payment_lot_id"), "assistance_household_payment", ["lot_id"], unique=False
    )
    op.create_index(
        "ix_assistance_household_payment_paid_on",
        "assistance_household_payment",
        ["paid_on", "household_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_assistance_household_payment_supplier_id"),
        "assistance_household_payment",
        ["supplier_id"],
        unique=False,
    )
    op.create_table(
        "assistance_supplier_figure",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'revenue_fen') = (category IS NULL)", name=op.f("ck_assistance_supplier_figure_category")
        ),
        sa.CheckConstraint(
            "kind IN ('raw_purchased_g', 'raw_capacity_g', 'revenue_fen')",
            name=op.f("ck_assistance_supplier_figure_kind"),
        ),
        sa.CheckConstraint("ends_on >= starts_on AND value >= 0", name=op.f("ck_assistance_supplier_figure_span")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_assistance_supplier_figure_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_supplier_figure")),
        info={"append_only": True},
    )
    op.create_index(
        "ix_assistance_supplier_figure_supplier_id",
        "assistance_supplier_figure",
        ["supplier_id", "kind", "starts_on"],
        unique=False,
    )
    op.create_table(
        "assistance_household_access",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["assistance_household.id"], name=op.f("fk_assistance_household_access_household_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_household_access")),
        info={"append_only": True},
    )
    op.create_index(
        op.f("ix_assistance_household_access_household_id"),
        "assistance_household_access",
        ["household_id"],
        unique=False,
    )
    for ledger in _TABLES[1:]:
        op.execute(append_only_trigger(ledger))


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
