"""Suppliers propose contracts and payments of their own; payments name their voucher."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

_SOURCE = "ck_assistance_payment_list_source"


def upgrade() -> None:
    op.add_column("assistance_household_payment", sa.Column("voucher_no", sa.Text(), nullable=True))
    op.add_column("assistance_payment_list", sa.Column("supplier_id", sa.UUID(), nullable=True))
    op.create_foreign_key(
        op.f("fk_assistance_payment_list_supplier_id"),
        "assistance_payment_list",
        "suppliers_supplier",
        ["supplier_id"],
        ["id"],
    )
    op.create_index(op.f("ix_assistance_payment_list_supplier_id"), "assistance_payment_list", ["supplier_id"])
    op.drop_constraint(op.f(_SOURCE), "assistance_payment_list")
    op.create_check_constraint(
        op.f(_SOURCE),
        "assistance_payment_list",
        "source IN ('entered', 'sheet', 'supplier') AND (source = 'supplier') <= (supplier_id IS NOT NULL)",
    )
    op.create_table(
        "assistance_linkage_proposal",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contract_no", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("yearly_fen", sa.BigInteger(), nullable=True),
        sa.Column("proposed_by", sa.UUID(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('PURCHASE', 'WAGE', 'RENT', 'DIVIDEND', 'SERVICE', 'REBATE')",
            name=op.f("ck_assistance_linkage_proposal_kind"),
        ),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_assistance_linkage_proposal_valid")),
        sa.ForeignKeyConstraint(
            ["household_id"], ["assistance_household.id"], name=op.f("fk_assistance_linkage_proposal_household_id")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_assistance_linkage_proposal_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_linkage_proposal")),
        info={"append_only": True},
    )
    for column in ("household_id", "supplier_id"):
        op.create_index(op.f(f"ix_assistance_linkage_proposal_{column}"), "assistance_linkage_proposal", [column])
    op.create_table(
        "assistance_linkage_decision",
        sa.Column("proposal_id", sa.UUID(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.UUID(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict IN ('approved', 'declined')", name=op.f("ck_assistance_linkage_decision_verdict")),
        sa.ForeignKeyConstraint(
            ["proposal_id"],
            ["assistance_linkage_proposal.id"],
            name=op.f("fk_assistance_linkage_decision_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_assistance_linkage_decision")),
        info={"append_only": True},
    )
    for table in ("assistance_linkage_proposal", "assistance_linkage_decision"):
        op.execute(append_only_trigger(table))


def downgrade() -> None:
    """Refused by the database while lists of suppliers stand: an older version knows nothing of them."""
    op.drop_table("assistance_linkage_decision")
    op.drop_table("assistance_linkage_proposal")
    op.drop_constraint(op.f(_SOURCE), "assistance_payment_list")
    op.create_check_constraint(op.f(_SOURCE), "assistance_payment_list", "source IN ('entered', 'sheet')")
    op.drop_column("assistance_payment_list", "supplier_id")
    op.drop_column("assistance_household_payment", "voucher_no")
