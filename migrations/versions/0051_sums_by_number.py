"""The sums of the ledger name goods and buyers by numbers: rows are a third as long. All of it is folded anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_GOODS = {
    "category": sa.Text(),
    "product_id": sa.Uuid(),
    "sku": sa.Text(),
    "supplier_id": sa.Uuid(),
    "township_code": sa.Text(),
    "product_name": sa.Text(),
    "supplier_name": sa.Text(),
    "township": sa.Text(),
}
_BUYER = {"channel": sa.Text(), "division_code": sa.Text(), "partner_id": sa.Uuid(), "partner_name": sa.Text()}
_FIGURES = ("quantity", "weight_g", "gross_fen", "refunded_fen")


def _fold_anew() -> None:
    op.execute("DELETE FROM assistance_goal_tally")
    op.execute("DELETE FROM assistance_goal_month")
    op.execute("DELETE FROM assistance_odd_order")
    op.execute("LOCK TABLE assistance_entry IN SHARE MODE")  # so that nobody posts between the two
    op.execute("DELETE FROM assistance_unfolded")
    op.execute("INSERT INTO assistance_unfolded (entry_id) SELECT id FROM assistance_entry")


def _numbered() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False)


def upgrade() -> None:
    op.drop_table("assistance_sum")
    op.create_table(
        "assistance_goods",
        _numbered(),
        *(sa.Column(name, kind) for name, kind in _GOODS.items()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_goods")),
        sa.UniqueConstraint(*_GOODS, name=op.f("uq_assistance_goods_cell"), postgresql_nulls_not_distinct=True),
    )
    op.create_table(
        "assistance_article",
        *(sa.Column(name, kind, nullable=False) for name, kind in _GOODS.items()),
        sa.Column("cells", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.UniqueConstraint(*_GOODS, name=op.f("uq_assistance_article_said")),
    )
    op.create_table(
        "assistance_buyer",
        _numbered(),
        *(sa.Column(name, kind) for name, kind in _BUYER.items()),
        sa.Column("of_channel", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_buyer")),
        sa.UniqueConstraint(*_BUYER, name=op.f("uq_assistance_buyer_cell"), postgresql_nulls_not_distinct=True),
    )
    op.create_table(
        "assistance_sum",
        sa.Column("view", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.Date(), nullable=False),
        sa.Column("goods_id", sa.Integer(), nullable=False),
        sa.Column("buyer_id", sa.Integer(), nullable=False),
        sa.Column("prev", sa.Date()),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _FIGURES),
        sa.UniqueConstraint(
            *("view", "at", "goods_id", "buyer_id", "prev"),
            name=op.f("uq_assistance_sum_cell"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    _fold_anew()


def downgrade() -> None:
    for table in ("sum", "buyer", "article", "goods"):
        op.drop_table(f"assistance_{table}")
    columns = [sa.Column(name, kind) for name, kind in {**_GOODS, **_BUYER}.items()]
    keys = [column.name for column in columns if not column.name.endswith("_name") and column.name != "township"]
    op.create_table(
        "assistance_sum",
        sa.Column("view", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.Date(), nullable=False),
        sa.Column("prev", sa.Date()),
        *columns,
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _FIGURES),
        sa.UniqueConstraint(
            "view", "at", "prev", *keys, name=op.f("uq_assistance_sum_cell"), postgresql_nulls_not_distinct=True
        ),
    )
    _fold_anew()
