"""Inspectors and plates are sealed; what stands in clear is moved by a chore, which has the keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

from app.core.db import append_only_trigger
from app.core.frozen import frozen_trigger

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None

_RECEIPT, _DELIVERY = "wholesale_receipt", "wholesale_delivery"
_KEPT = (
    *("id", "partner_id", "po_id", "receipt_no", "received_at", "received_on", "payable_fen"),
    *("digest", "photos", "entered_at", "by_account"),
)


def upgrade() -> None:
    op.add_column(_RECEIPT, sa.Column("inspector_sealed", sa.LargeBinary(), nullable=True))
    op.add_column(_DELIVERY, sa.Column("vehicle_plate_sealed", BYTEA(), nullable=True))
    op.create_index(f"ix_{_RECEIPT}_unsealed", _RECEIPT, ["id"], postgresql_where=sa.text("inspector IS NOT NULL"))
    op.create_index(
        f"ix_{_DELIVERY}_unsealed", _DELIVERY, ["id"], postgresql_where=sa.text("vehicle_plate IS NOT NULL")
    )
    op.execute(f"DROP TRIGGER {_RECEIPT}_append_only ON {_RECEIPT}")
    op.execute(frozen_trigger(_RECEIPT, _KEPT))


def downgrade() -> None:
    op.execute(f"DROP TRIGGER {_RECEIPT}_frozen ON {_RECEIPT}")
    op.execute(append_only_trigger(_RECEIPT))
    op.drop_index(f"ix_{_DELIVERY}_unsealed", _DELIVERY)
    op.drop_index(f"ix_{_RECEIPT}_unsealed", _RECEIPT)
    op.drop_column(_DELIVERY, "vehicle_plate_sealed")
    op.drop_column(_RECEIPT, "inspector_sealed")
