"""What was counted at the dock and what the tolerance made of it, consents to return, days without a dock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

_REASONS = "'unsold', 'recall', 'quality', 'expired'"


def upgrade() -> None:
    op.add_column("wholesale_receipt", sa.Column("digest", sa.LargeBinary(), nullable=True))
    line = "wholesale_receipt_line"
    op.add_column(line, sa.Column("came_units", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column(line, sa.Column("faulty_units", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column(line, sa.Column("verdict", sa.Text(), server_default=sa.text("'accepted'"), nullable=False))
    op.add_column(line, sa.Column("too_little", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_check_constraint(
        op.f("ck_wholesale_receipt_line_verdict"), line, "verdict IN ('accepted', 'deducted', 'refused', 'missing')"
    )
    op.create_table(
        "wholesale_return_consent",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("po_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=True),
        sa.Column("lot_code", sa.Text(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=True),
        sa.CheckConstraint("units > 0", name=op.f("ck_wholesale_return_consent_units")),
        sa.CheckConstraint(f"reason IN ({_REASONS})", name=op.f("ck_wholesale_return_consent_reason")),
        sa.CheckConstraint("lot_id IS NULL OR reason = 'recall'", name=op.f("ck_wholesale_return_consent_recall")),
        sa.CheckConstraint(
            "(lot_id IS NULL) = (by_account IS NOT NULL)", name=op.f("ck_wholesale_return_consent_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners_partner.id"], name=op.f("fk_wholesale_return_consent_partner_id")
        ),
        sa.ForeignKeyConstraint(["po_id"], ["wholesale_po.id"], name=op.f("fk_wholesale_return_consent_po_id")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["wholesale_po_line.id"], name=op.f("fk_wholesale_return_consent_line_id")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["inventory_lot.id"], name=op.f("fk_wholesale_return_consent_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_return_consent")),
    )
    consent = "wholesale_return_consent"
    op.create_index("uq_wholesale_return_consent_recall", consent, ["lot_id", "line_id"], unique=True)
    op.create_index("ix_wholesale_return_consent_partner_id", consent, ["partner_id", "id"])
    op.create_index(op.f("ix_wholesale_return_consent_po_id"), consent, ["po_id"])
    op.create_index(op.f("ix_wholesale_return_consent_line_id"), consent, ["line_id"])
    op.execute(append_only_trigger(consent))
    op.add_column("wholesale_return", sa.Column("digest", sa.LargeBinary(), nullable=True))
    back = "wholesale_return_line"
    op.add_column(back, sa.Column("consent_id", sa.UUID(), nullable=True))
    op.add_column(back, sa.Column("lot_code", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_wholesale_return_line_consent_id"), back, consent, ["consent_id"], ["id"])
    op.create_index(op.f("ix_wholesale_return_line_consent_id"), back, ["consent_id"])
    op.alter_column(back, "sellable_units", type_=sa.Integer(), existing_nullable=False)
    op.add_column("wholesale_appointment", sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "wholesale_blackout",
        sa.Column("location_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["partners_location.id"], name=op.f("fk_wholesale_blackout_location_id")
        ),
        sa.PrimaryKeyConstraint("location_id", "day", name=op.f("pk_wholesale_blackout")),
    )


def downgrade() -> None:
    op.drop_table("wholesale_blackout")
    op.drop_column("wholesale_appointment", "arrived_at")
    op.alter_column("wholesale_return_line", "sellable_units", type_=sa.SmallInteger(), existing_nullable=False)
    op.drop_column("wholesale_return_line", "lot_code")
    op.drop_column("wholesale_return_line", "consent_id")
    op.drop_column("wholesale_return", "digest")
    op.drop_table("wholesale_return_consent")
    for column in ("too_little", "verdict", "faulty_units", "came_units"):
        op.drop_column("wholesale_receipt_line", column)
    op.drop_column("wholesale_receipt", "digest")
