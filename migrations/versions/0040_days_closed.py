"""Days on which suppliers ship nothing and carriers collect nothing; the day to ship by is frozen at payment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppliers_closure",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("announced_by", sa.UUID(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reason IN ('spring_festival', 'public_holiday', 'harvest', 'stocktaking', 'weather', 'other')",
            name=op.f("ck_suppliers_closure_reason"),
        ),
        sa.CheckConstraint("to_on >= from_on", name=op.f("ck_suppliers_closure_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_suppliers_closure_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers_closure")),
    )
    op.create_index("ix_suppliers_closure_supplier_id_to_on", "suppliers_closure", ["supplier_id", "to_on"])
    op.create_table(
        "fulfilment_blackout",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "carrier IN ('SF', 'ZTO', 'YTO', 'STO', 'YD', 'EMS', 'YZPY', 'JD', 'DBL')",
            name=op.f("ck_fulfilment_blackout_carrier"),
        ),
        sa.CheckConstraint("to_on >= from_on", name=op.f("ck_fulfilment_blackout_ends_after_it_begins")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilment_blackout")),
    )
    op.create_index("ix_fulfilment_blackout_to_on", "fulfilment_blackout", ["to_on"])
    # What the version before pays meanwhile has none: it is read as 48 hours after payment then, as here.
    op.add_column("orders_supplier_order", sa.Column("ship_by", sa.Date(), nullable=True))
    op.execute("""
        UPDATE orders_supplier_order
        SET ship_by = CAST((paid_at + INTERVAL '48 hours') AT TIME ZONE 'Asia/Shanghai' AS date)
        WHERE paid_at IS NOT NULL AND status IN ('paid', 'shipped')
    """)


def downgrade() -> None:
    op.drop_column("orders_supplier_order", "ship_by")
    op.drop_table("fulfilment_blackout")
    op.drop_table("suppliers_closure")
