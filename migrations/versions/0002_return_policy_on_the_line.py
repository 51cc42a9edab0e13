"""The return policy that held when a line was sold is kept on it. Lines of before get the one of their kind of goods."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = (
    ("return_policy", sa.Text(), "sealed"),
    ("return_days", sa.SmallInteger(), "7"),
    ("claim_hours", sa.SmallInteger(), "168"),
    ("bad_allow_bp", sa.SmallInteger(), "0"),
    ("bad_full_bp", sa.SmallInteger(), "10000"),
)


def upgrade() -> None:
    for name, kind, default in COLUMNS:
        op.add_column("orders_line", sa.Column(name, kind, nullable=False, server_default=default))
    op.execute(
        "UPDATE orders_line l SET return_policy = 'fresh', return_days = 0, claim_hours = 24, bad_full_bp = 3000 "
        "FROM catalogue_sku k WHERE k.sku = l.sku AND k.fresh"
    )
    op.create_check_constraint(
        op.f("ck_orders_line_return_policy"),
        "orders_line",
        "return_days >= 0 AND claim_hours >= 0 AND bad_allow_bp BETWEEN 0 AND bad_full_bp AND bad_full_bp <= 10000",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_orders_line_return_policy"), "orders_line")
    for name, _, _ in COLUMNS:
        op.drop_column("orders_line", name)
