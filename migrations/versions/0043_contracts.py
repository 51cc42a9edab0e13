"""Signed contracts stay as they are; limits of credit have a history, and what is used may fall below zero."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger
from app.core.frozen import frozen_once_trigger

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_ROWS = "uq_pricing_contract_price_contract_id_sku_promotion_valid_from"
_CONTRACT = (
    "id",
    "partner_id",
    "contract_no",
    "valid_from",
    "valid_to",
    "signed_at",
    "order_weekdays",
    "order_until",
    "lead_days",
    "minimum",
    "minimum_unit",
    "min_life_pct",
    "term_days",
    "term_base",
    "rebate_bp",
    "rebate_on_invoice",
    "tolerance",
    "created_at",
    "by_account",
)


def upgrade() -> None:
    op.add_column("partners_credit", sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.drop_constraint(op.f("ck_partners_credit_signs"), "partners_credit", type_="check")
    op.create_check_constraint(op.f("ck_partners_credit_signs"), "partners_credit", "limit_fen >= 0")
    op.create_table(
        "partners_credit_limit",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("limit_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.CheckConstraint("limit_fen >= 0", name=op.f("ck_partners_credit_limit_signs")),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners_partner.id"], name=op.f("fk_partners_credit_limit_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners_credit_limit")),
        info={"append_only": True},
    )
    op.create_index("ix_partners_credit_limit_partner_id", "partners_credit_limit", ["partner_id", "id"], unique=False)
    op.execute(append_only_trigger("partners_credit_limit"))
    op.drop_constraint(op.f(_ROWS), "pricing_contract_price", type_="unique")
    op.create_index(
        "uq_pricing_contract_price_current",
        "pricing_contract_price",
        ["contract_id", "sku", "promotion", "valid_from"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_index("ix_pricing_contract_price_contract_id", "pricing_contract_price", ["contract_id", "id"])
    op.execute(frozen_once_trigger("partners_contract", _CONTRACT, "signed_at"))


def downgrade() -> None:
    op.drop_index("ix_pricing_contract_price_contract_id", table_name="pricing_contract_price")
    op.drop_index("uq_pricing_contract_price_current", table_name="pricing_contract_price")
    op.create_unique_constraint(
        op.f(_ROWS), "pricing_contract_price", ["contract_id", "sku", "promotion", "valid_from"]
    )
    op.execute("DROP TRIGGER partners_contract_frozen ON partners_contract")
    op.drop_index("ix_partners_credit_limit_partner_id", table_name="partners_credit_limit")
    op.drop_table("partners_credit_limit")
    op.drop_constraint(op.f("ck_partners_credit_signs"), "partners_credit", type_="check")
    op.create_check_constraint(op.f("ck_partners_credit_signs"), "partners_credit", "limit_fen >= 0 AND used_fen >= 0")
    op.drop_column("partners_credit", "version")
