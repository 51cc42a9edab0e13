"""Claims, and that an order waits for their end before it confirms itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATUSES = (
    "'applied', 'supplier_review', 'disputed', 'arbitration', 'agreed', 'reshipping', 'reshipped', 'returning', "
    "'returned', 'refunded', 'rejected', 'withdrawn', 'closed'"
)
ENDED = "'closed', 'refunded', 'rejected', 'reshipped', 'withdrawn'"


def upgrade() -> None:
    op.add_column(
        "orders_supplier_order", sa.Column("open_claims", sa.SmallInteger(), server_default="0", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_orders_supplier_order_open_claims"), "orders_supplier_order", "open_claims >= 0"
    )
    op.create_table(
        "claims_claim",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("supplier_order_id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("buyer_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("refund_fen", sa.BigInteger(), nullable=False),
        sa.Column("freight_fen", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("liable", sa.Text(), nullable=True),
        sa.Column("refund_id", sa.UUID(), nullable=True),
        sa.Column("return_carrier", sa.Text(), nullable=True),
        sa.Column("return_number", sa.Text(), nullable=True),
        sa.Column("sellable", sa.Boolean(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('bad_fruit', 'short', 'wrong', 'no_reason', 'other')", name=op.f("ck_claims_claim_kind")
        ),
        sa.CheckConstraint("remedy IN ('refund', 'reship', 'return')", name=op.f("ck_claims_claim_remedy")),
        sa.CheckConstraint(f"status IN ({STATUSES})", name=op.f("ck_claims_claim_status")),
        sa.CheckConstraint(
            "liable IN ('supplier', 'carrier', 'platform', 'buyer')", name=op.f("ck_claims_claim_liable")
        ),
        sa.CheckConstraint(
            "refund_fen >= 0 AND freight_fen BETWEEN 0 AND refund_fen", name=op.f("ck_claims_claim_amounts")
        ),
        sa.CheckConstraint(f"(status IN ({ENDED})) = (closed_at IS NOT NULL)", name=op.f("ck_claims_claim_closed")),
        sa.CheckConstraint("closed_at IS NULL OR due_at IS NULL", name=op.f("ck_claims_claim_nothing_due")),
        sa.CheckConstraint(
            "(return_carrier IS NULL) = (return_number IS NULL)", name=op.f("ck_claims_claim_sent_back")
        ),
        sa.CheckConstraint(
            "status <> 'refunded' OR (refund_id IS NOT NULL AND liable IS NOT NULL)",
            name=op.f("ck_claims_claim_refunded"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders_order.id"], name=op.f("fk_claims_claim_order_id")),
        sa.ForeignKeyConstraint(
            ["supplier_order_id"], ["orders_supplier_order.id"], name=op.f("fk_claims_claim_supplier_order_id")
        ),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_claims_claim_supplier_id")),
        sa.ForeignKeyConstraint(["buyer_id"], ["identity_account.id"], name=op.f("fk_claims_claim_buyer_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["orders_refund.id"], name=op.f("fk_claims_claim_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims_claim")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_claims_claim_refund_id")),
    )
    op.create_index("ix_claims_claim_buyer_id", "claims_claim", ["buyer_id", "id"])
    op.create_index("ix_claims_claim_supplier_id", "claims_claim", ["supplier_id", "status", "id"])
    op.create_index("ix_claims_claim_status", "claims_claim", ["status", "id"])
    op.create_index("ix_claims_claim_order_id", "claims_claim", ["order_id", "id"])
    op.create_index(op.f("ix_claims_claim_supplier_order_id"), "claims_claim", ["supplier_order_id"])
    op.create_index(
        "ix_claims_claim_due_at", "claims_claim", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_table(
        "claims_line",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("claim_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("bad_pieces", sa.Integer(), nullable=True),
        sa.Column("total_pieces", sa.Integer(), nullable=True),
        sa.Column("refund_fen", sa.BigInteger(), nullable=False),
        sa.Column("refund_quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "quantity > 0 AND refund_quantity BETWEEN 0 AND quantity AND refund_fen >= 0",
            name=op.f("ck_claims_line_amounts"),
        ),
        sa.CheckConstraint("(bad_pieces IS NULL) = (total_pieces IS NULL)", name=op.f("ck_claims_line_pieces")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims_claim.id"], name=op.f("fk_claims_line_claim_id")),
        sa.ForeignKeyConstraint(["line_id"], ["orders_line.id"], name=op.f("fk_claims_line_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims_line")),
        sa.UniqueConstraint("claim_id", "line_id", name=op.f("uq_claims_line_claim_id_line_id")),
    )
    op.create_index(op.f("ix_claims_line_line_id"), "claims_line", ["line_id"])
    op.create_table(
        "claims_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"status IN ({STATUSES})", name=op.f("ck_claims_event_status")),
        sa.CheckConstraint("party IN ('buyer', 'supplier', 'operator', 'system')", name=op.f("ck_claims_event_party")),
        sa.ForeignKeyConstraint(["by_account"], ["identity_account.id"], name=op.f("fk_claims_event_by_account")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims_claim.id"], name=op.f("fk_claims_event_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims_event")),
    )
    op.create_index(op.f("ix_claims_event_by_account"), "claims_event", ["by_account"])
    op.create_index(op.f("ix_claims_event_claim_id"), "claims_event", ["claim_id"])
    op.execute(append_only_trigger("claims_event"))


def downgrade() -> None:
    for table in ("claims_event", "claims_line", "claims_claim"):
        op.drop_table(table)
    op.drop_column("orders_supplier_order", "open_claims")
