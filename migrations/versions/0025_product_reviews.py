"""Changes to products on sale, what was decided about them, and the floor of a price."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("catalogue_sku", sa.Column("floor_fen", sa.BigInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_catalogue_sku_floor_fen"), "catalogue_sku", "floor_fen > 0")
    op.add_column(
        "pricing_price", sa.Column("below_floor", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "catalogue_change",
        sa.Column("product_id", sa.UUID(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("changed_by", sa.UUID(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('draft', 'submitted')", name=op.f("ck_catalogue_change_status")),
        sa.ForeignKeyConstraint(["product_id"], ["catalogue_product.id"], name=op.f("fk_catalogue_change_product_id")),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_catalogue_change")),
    )
    op.create_index(
        "ix_catalogue_change_submitted",
        "catalogue_change",
        ["product_id"],
        postgresql_where=sa.text("status = 'submitted'"),
    )
    op.create_table(
        "catalogue_review",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("product_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("differences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_by", sa.UUID(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision IN ('published', 'rejected')", name=op.f("ck_catalogue_review_decision")),
        sa.CheckConstraint("(decision = 'rejected') = (reason IS NOT NULL)", name=op.f("ck_catalogue_review_reason")),
        sa.ForeignKeyConstraint(["product_id"], ["catalogue_product.id"], name=op.f("fk_catalogue_review_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_review")),
    )
    op.create_index("ix_catalogue_review_product_id_version", "catalogue_review", ["product_id", "version"])
    op.execute(
        "CREATE TRIGGER catalogue_review_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON catalogue_review "
        "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("catalogue_review")
    op.drop_table("catalogue_change")
    op.drop_column("pricing_price", "below_floor")
    op.drop_column("catalogue_sku", "floor_fen")
