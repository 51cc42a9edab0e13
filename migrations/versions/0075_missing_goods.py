"""Goods of closed purchase orders that were sent and never received."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

_TABLE = "wholesale_missing"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("po_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_units", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("units > 0 AND returned_units BETWEEN 0 AND units", name=op.f(f"ck_{_TABLE}_units")),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (returned_units IS NULL)",
            name=op.f(f"ck_{_TABLE}_decided"),
        ),
        sa.ForeignKeyConstraint(["po_id"], ["wholesale_po.id"], name=op.f(f"fk_{_TABLE}_po_id")),
        sa.ForeignKeyConstraint(["line_id"], ["wholesale_po_line.id"], name=op.f(f"fk_{_TABLE}_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
        sa.UniqueConstraint("line_id", name=op.f(f"uq_{_TABLE}_line_id")),
    )
    op.create_index(f"ix_{_TABLE}_open", _TABLE, ["id"], postgresql_where=sa.text("decided_at IS NULL"))
    op.create_index(f"ix_{_TABLE}_po_id", _TABLE, ["po_id"])


def downgrade() -> None:
    op.drop_table(_TABLE)
