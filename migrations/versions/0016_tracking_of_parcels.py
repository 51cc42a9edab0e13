"""What carriers say of a parcel, and where it stands by that. Parcels that had arrived are signed for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATES = (
    "'created', 'picked_up', 'in_transit', 'out_for_delivery', 'to_locker', 'problem', 'refused', 'signed', "
    "'returning', 'returned'"
)


def upgrade() -> None:
    op.add_column("fulfilment_shipment", sa.Column("state", sa.Text(), server_default="created", nullable=False))
    op.add_column("fulfilment_shipment", sa.Column("news_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("fulfilment_shipment", sa.Column("news", sa.Text(), nullable=True))
    op.add_column("fulfilment_shipment", sa.Column("trouble", sa.Text(), nullable=True))
    op.execute("UPDATE fulfilment_shipment SET state = 'signed' WHERE delivered_at IS NOT NULL")
    op.create_check_constraint(op.f("ck_fulfilment_shipment_state"), "fulfilment_shipment", f"state IN ({STATES})")
    op.create_check_constraint(
        op.f("ck_fulfilment_shipment_trouble"),
        "fulfilment_shipment",
        "trouble IN ('problem', 'refused', 'returning', 'returned', 'silent')",
    )
    op.create_index("ix_fulfilment_shipment_supplier_id", "fulfilment_shipment", ["supplier_id", "id"])
    op.create_index(
        "ix_fulfilment_shipment_trouble",
        "fulfilment_shipment",
        ["id"],
        postgresql_where=sa.text("trouble IS NOT NULL"),
    )
    op.create_index(
        "ix_fulfilment_shipment_under_way",
        "fulfilment_shipment",
        ["dispatched_at"],
        postgresql_where=sa.text("delivered_at IS NULL"),
    )
    op.create_table(
        "fulfilment_tracking",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shipment_id", sa.UUID(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_fulfilment_tracking_state")),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["fulfilment_shipment.id"], name=op.f("fk_fulfilment_tracking_shipment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilment_tracking")),
        sa.UniqueConstraint(
            "shipment_id",
            "occurred_at",
            "state",
            "text",
            name=op.f("uq_fulfilment_tracking_shipment_id_occurred_at_state_text"),
        ),
    )
    op.execute(append_only_trigger("fulfilment_tracking"))


def downgrade() -> None:
    op.drop_table("fulfilment_tracking")
    for index in ("supplier_id", "trouble", "under_way"):
        op.drop_index(f"ix_fulfilment_shipment_{index}", "fulfilment_shipment")
    for column in ("state", "news_at", "news", "trouble"):
        op.drop_column("fulfilment_shipment", column)
