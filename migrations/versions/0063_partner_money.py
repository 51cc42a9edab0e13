"""Money of partners, and entries of bank statements that another module takes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

_ENTRY, _CHECK = "payments_bank_entry", "ck_payments_bank_entry_payment"


def upgrade() -> None:
    op.add_column(_ENTRY, sa.Column("reference", sa.UUID(), nullable=True))
    op.drop_constraint(op.f(_CHECK), _ENTRY)
    op.create_check_constraint(
        op.f(_CHECK),
        _ENTRY,
        "CASE status WHEN 'unmatched' THEN payment_id IS NULL WHEN 'returned' THEN true"
        " WHEN 'assigned' THEN (payment_id IS NULL) = (reference IS NOT NULL) ELSE payment_id IS NOT NULL END",
    )
    op.create_table(
        "wholesale_remittance",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("entry_id", sa.UUID(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("applied_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=True),
        sa.CheckConstraint(
            "amount_fen > 0 AND applied_fen BETWEEN 0 AND amount_fen", name=op.f("ck_wholesale_remittance_signs")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners_partner.id"], name=op.f("fk_wholesale_remittance_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_remittance")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_wholesale_remittance_entry_id")),
    )
    op.create_index("ix_wholesale_remittance_partner_id", "wholesale_remittance", ["partner_id", "id"])


def downgrade() -> None:
    op.drop_table("wholesale_remittance")
    op.drop_constraint(op.f(_CHECK), _ENTRY)
    op.create_check_constraint(
        op.f(_CHECK),
        _ENTRY,
        "CASE status WHEN 'unmatched' THEN payment_id IS NULL WHEN 'returned' THEN true"
        " ELSE payment_id IS NOT NULL END",
    )
    op.drop_column(_ENTRY, "reference")
