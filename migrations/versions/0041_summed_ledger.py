"""The ledger of counted sales is summed beforehand. What it has already waits for the chore that folds it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_FUNCTION = """
CREATE OR REPLACE FUNCTION assistance_list_unfolded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO assistance_unfolded (entry_id) SELECT id FROM fresh;
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER assistance_entry_unfolded AFTER INSERT ON assistance_entry
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION assistance_list_unfolded()
"""


def upgrade() -> None:
    op.create_table(
        "assistance_unfolded",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_assistance_unfolded")),
    )
    op.create_table(
        "assistance_sum",
        sa.Column("view", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.Date(), nullable=False),
        sa.Column("prev", sa.Date()),
        sa.Column("category", sa.Text()),
        sa.Column("product_id", sa.Uuid()),
        sa.Column("sku", sa.Text()),
        sa.Column("supplier_id", sa.Uuid()),
        sa.Column("township_code", sa.Text()),
        sa.Column("channel", sa.Text()),
        sa.Column("division_code", sa.Text()),
        sa.Column("partner_id", sa.Uuid()),
        sa.Column("product_name", sa.Text()),
        sa.Column("supplier_name", sa.Text()),
        sa.Column("township", sa.Text()),
        sa.Column("partner_name", sa.Text()),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("weight_g", sa.BigInteger(), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.UniqueConstraint(
            "view",
            "at",
            "prev",
            "category",
            "product_id",
            "sku",
            "supplier_id",
            "township_code",
            "channel",
            "division_code",
            "partner_id",
            name=op.f("uq_assistance_sum_cell"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "assistance_odd_order",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_assistance_odd_order")),
    )
    op.create_table(
        "assistance_goal_month",
        sa.Column("goal_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("weight_g", sa.BigInteger(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["assistance_goal.id"], name=op.f("fk_assistance_goal_month_goal_id")),
        sa.UniqueConstraint("goal_id", "month", "inside", name=op.f("uq_assistance_goal_month_goal_id_month_inside")),
    )
    op.create_table(
        "assistance_goal_tally",
        sa.Column("goal_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["goal_id"], ["assistance_goal.id"], name=op.f("fk_assistance_goal_tally_goal_id")),
        sa.PrimaryKeyConstraint("goal_id", name=op.f("pk_assistance_goal_tally")),
    )
    op.execute(_FUNCTION)
    op.execute(_TRIGGER)  # it keeps those who post out until this has committed, so no entry is in neither
    op.execute("INSERT INTO assistance_unfolded (entry_id) SELECT id FROM assistance_entry")


def downgrade() -> None:
    op.execute("DROP TRIGGER assistance_entry_unfolded ON assistance_entry")
    op.execute("DROP FUNCTION assistance_list_unfolded()")
    for table in ("goal_tally", "goal_month", "odd_order", "sum", "unfolded"):
        op.drop_table(f"assistance_{table}")
