"""How long a supplier waited for a payout, from its buyers' payments on.

What was paid before is counted from the journal as well.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("settlement_payout", sa.Column("waited_s", sa.BigInteger(), nullable=True))
    op.execute("""
        UPDATE settlement_payout y SET waited_s = w.seconds FROM (
            SELECT r.statement_id, t.paid_at,
                   round(sum(extract(epoch FROM t.paid_at - p.paid_at) * -p.payable_fen) / -sum(p.payable_fen)) AS seconds
            FROM settlement_statement t JOIN settlement_statement_row r ON r.statement_id = t.id
            JOIN settlement_posting p ON p.id = r.posting_id
            WHERE t.status = 'paid' AND p.kind = 'sale' AND p.payable_fen < 0 GROUP BY r.statement_id, t.paid_at) w
        WHERE w.statement_id = y.statement_id AND y.status = 'paid'
    """)
    op.create_index(
        "ix_settlement_payout_paid", "settlement_payout", ["settled_at"], postgresql_where=sa.text("status = 'paid'")
    )


def downgrade() -> None:
    op.drop_index("ix_settlement_payout_paid", "settlement_payout")
    op.drop_column("settlement_payout", "waited_s")
