"""Parcels by which goods go back to the supplier, and claims whose goods are being looked at there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_BEFORE = (
    "status IN ('applied', 'supplier_review', 'disputed', 'arbitration', 'agreed', 'reshipping', 'reshipped', "
    "'returning', 'returned', 'refunded', 'rejected', 'withdrawn', 'closed')"
)
_AFTER = _BEFORE.replace("'returning', ", "'returning', 'inspecting', ")


def _statuses(allowed: str) -> None:
    for table in ("claims_claim", "claims_event"):
        op.drop_constraint(op.f(f"ck_{table}_status"), table)
        op.create_check_constraint(op.f(f"ck_{table}_status"), table, allowed)


def upgrade() -> None:
    op.add_column("fulfilment_shipment", sa.Column("inbound", sa.Boolean(), server_default="false", nullable=False))
    _statuses(_AFTER)


def downgrade() -> None:
    _statuses(_BEFORE)
    op.drop_column("fulfilment_shipment", "inbound")
