"""Certificates that begin later are noticed; statements and payouts keep their figures; claims by when they closed.

What is verified and in force counts as begun. A supplier whose licence number is no longer in force while another is
gets that one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.frozen import frozen_trigger

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_OF_STATEMENT = (
    "id",
    "number",
    "supplier_id",
    "month",
    "row_count",
    "sha256",
    "opening_fen",
    "goods_fen",
    "subsidy_fen",
    "freight_fen",
    "commission_fen",
    "refund_fen",
    "other_fen",
    "net_fen",
    "balance_fen",
    "clearing_fen",
    "issued_at",
)
_OF_PAYOUT = (
    "id",
    "number",
    "run_id",
    "statement_id",
    "supplier_id",
    "account_id",
    "amount_fen",
    "platform_fen",
    "provider",
    "instructed_at",
    "instructed_by",
)
_IN_FORCE = """c.supplier_id = s.id AND c.kind = 'food_production' AND c.status = 'verified'
    AND c.valid_from <= current_date AND (c.valid_to IS NULL OR c.valid_to >= current_date)"""


def upgrade() -> None:
    op.add_column(
        "suppliers_certificate", sa.Column("begun", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.execute("UPDATE suppliers_certificate SET begun = true WHERE status = 'verified' AND valid_from <= current_date")
    op.create_index(
        "ix_suppliers_certificate_begins",
        "suppliers_certificate",
        ["valid_from"],
        postgresql_where=sa.text("status = 'verified' AND NOT begun"),
    )
    op.execute(f"""
        UPDATE suppliers_supplier s SET licence_no = (
            SELECT c.number FROM suppliers_certificate c WHERE {_IN_FORCE} ORDER BY c.valid_from DESC, c.id DESC LIMIT 1)
        WHERE EXISTS (SELECT FROM suppliers_certificate c WHERE {_IN_FORCE})
          AND NOT EXISTS (SELECT FROM suppliers_certificate c WHERE {_IN_FORCE} AND c.number = s.licence_no)
    """)
    op.create_index(
        "ix_claims_claim_reshipped",
        "claims_claim",
        ["closed_at"],
        postgresql_where=sa.text("status = 'reshipped'"),
    )
    op.execute(frozen_trigger("settlement_statement", _OF_STATEMENT))
    op.execute(frozen_trigger("settlement_payout", _OF_PAYOUT))


def downgrade() -> None:
    op.execute("DROP TRIGGER settlement_payout_frozen ON settlement_payout")
    op.execute("DROP TRIGGER settlement_statement_frozen ON settlement_statement")
    op.drop_index("ix_claims_claim_reshipped", "claims_claim")
    op.drop_index("ix_suppliers_certificate_begins", "suppliers_certificate")
    op.drop_column("suppliers_certificate", "begun")
