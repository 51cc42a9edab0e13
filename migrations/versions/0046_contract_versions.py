"""Drafts of contracts are counted, so that two people do not rewrite one over each other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.frozen import frozen_once_trigger

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

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
    op.add_column("partners_contract", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.execute("DROP TRIGGER partners_contract_frozen ON partners_contract")
    op.execute(frozen_once_trigger("partners_contract", (*_CONTRACT, "version"), "signed_at"))


def downgrade() -> None:
    op.execute("DROP TRIGGER partners_contract_frozen ON partners_contract")
    op.drop_column("partners_contract", "version")
    op.execute(frozen_once_trigger("partners_contract", _CONTRACT, "signed_at"))
