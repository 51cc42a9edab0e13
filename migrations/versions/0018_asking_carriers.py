"""When a carrier was last asked about a parcel, and the sealed end of a telephone number that some carriers want."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fulfilment_shipment", sa.Column("phone_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("fulfilment_shipment", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("fulfilment_shipment", "asked_at")
    op.drop_column("fulfilment_shipment", "phone_sealed")
