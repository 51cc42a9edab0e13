"""A correction says which row of a receipt it is of, and the price of what is left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

_CORRECTION = "wholesale_correction"


def upgrade() -> None:
    op.add_column(_CORRECTION, sa.Column("receipt_line_id", sa.UUID(), nullable=True))
    op.add_column(_CORRECTION, sa.Column("unit_price_fen", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_wholesale_correction_receipt_line_id"),
        _CORRECTION,
        "wholesale_receipt_line",
        ["receipt_line_id"],
        ["id"],
    )
    op.create_index(op.f("ix_wholesale_correction_receipt_line_id"), _CORRECTION, ["receipt_line_id"])
    op.create_check_constraint(op.f("ck_wholesale_correction_lessens"), _CORRECTION, "units <= 0 AND amount_fen <= 0")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_wholesale_correction_lessens"), _CORRECTION)
    op.drop_index(op.f("ix_wholesale_correction_receipt_line_id"), _CORRECTION)
    op.drop_column(_CORRECTION, "unit_price_fen")
    op.drop_column(_CORRECTION, "receipt_line_id")
