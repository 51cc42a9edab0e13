"""Credits on our bank account, and the codes and payers by which they find their payments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments_payment", sa.Column("payer_index", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(op.f("uq_payments_payment_remittance_code"), "payments_payment", ["remittance_code"])
    op.create_index(
        "ix_payments_payment_transfer",
        "payments_payment",
        ["amount_fen"],
        postgresql_where=sa.text("provider = 'bank_transfer' AND status = 'pending'"),
    )
    op.create_table(
        "payments_bank_entry",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("payer_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("payer_index", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.UUID(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('assigned', 'held', 'suggested', 'unmatched', 'returned')",
            name=op.f("ck_payments_bank_entry_status"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payments_bank_entry_amount")),
        sa.CheckConstraint(
            "CASE status WHEN 'unmatched' THEN payment_id IS NULL WHEN 'returned' THEN true"
            " ELSE payment_id IS NOT NULL END",
            name=op.f("ck_payments_bank_entry_payment"),
        ),
        sa.CheckConstraint(
            "(status = 'returned') = (receipt IS NOT NULL)", name=op.f("ck_payments_bank_entry_receipt")
        ),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_payments_bank_entry_decided")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments_payment.id"], name=op.f("fk_payments_bank_entry_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments_bank_entry")),
        sa.UniqueConstraint("account", "serial", name=op.f("uq_payments_bank_entry_account_serial")),
    )
    op.create_index(op.f("ix_payments_bank_entry_payment_id"), "payments_bank_entry", ["payment_id"])
    op.create_index("ix_payments_bank_entry_status", "payments_bank_entry", ["status", "id"])
    op.create_index(
        "uq_payments_bank_entry_assigned",
        "payments_bank_entry",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("status = 'assigned'"),
    )


def downgrade() -> None:
    op.drop_table("payments_bank_entry")
    op.drop_index("ix_payments_payment_transfer", "payments_payment")
    op.drop_constraint(op.f("uq_payments_payment_remittance_code"), "payments_payment")
    op.drop_column("payments_payment", "payer_index")
