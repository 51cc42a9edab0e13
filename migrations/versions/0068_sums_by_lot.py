"""Counted sales are summed by supplier, line and lot: what households' shares are made of.

The ledger so far is summed at once, and whoever posts waits meanwhile; a version that does not know these sums lists
its entries all the same, because the ledger's trigger does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

_LIST = """
CREATE OR REPLACE FUNCTION assistance_list_unfolded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO assistance_unfolded (entry_id) SELECT id FROM fresh;{more}
    RETURN NULL;
END $$
"""
_MORE = """
    INSERT INTO assistance_lot_unfolded (entry_id) SELECT id FROM fresh;"""
_CELL = "supplier_id, category, sku, lot_code"


def upgrade() -> None:
    op.create_table(
        "assistance_lot_unfolded",
        sa.Column("entry_id", sa.UUID(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_assistance_lot_unfolded")),
    )
    op.create_table(
        "assistance_lot_sum",
        sa.Column("of_month", sa.Boolean(), nullable=False),
        sa.Column("at", sa.Date(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("lot_code", sa.Text(), nullable=True),
        sa.Column("weight_g", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint(
            *("of_month", "at", "supplier_id", "category", "sku", "lot_code"),
            name="uq_assistance_lot_sum_cell",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.execute("LOCK TABLE assistance_entry IN SHARE ROW EXCLUSIVE MODE")
    op.execute(_LIST.format(more=_MORE))
    for of_month, at in ((False, "counted_on"), (True, "counted_month")):
        op.execute(f"""
            INSERT INTO assistance_lot_sum (of_month, at, {_CELL}, weight_g, amount_fen)
            SELECT {of_month}, {at}, {_CELL}, sum(weight_g), sum(amount_fen)
            FROM assistance_entry GROUP BY {at}, {_CELL}
        """)


def downgrade() -> None:
    op.execute(_LIST.format(more=""))
    op.drop_table("assistance_lot_sum")
    op.drop_table("assistance_lot_unfolded")
