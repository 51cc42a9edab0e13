"""What a statement comes to below zero is a row of the next one; a rebate goes back with the goods."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

_STATEMENT, _LINE = "wholesale_statement", "wholesale_statement_line"


def _checks(signs: str, payable: str, kinds: str) -> None:
    for table, name, condition in (
        (_STATEMENT, "signs", signs),
        (_STATEMENT, "payable", payable),
        (_LINE, "kind", kinds),
    ):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def upgrade() -> None:
    op.add_column(_STATEMENT, sa.Column("carried_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    _checks(
        "paid_fen >= 0 AND fees_fen >= 0 AND carried_fen >= 0",
        "payable_fen = goods_fen - rebate_fen - fees_fen - carried_fen",
        "kind IN ('receipt', 'return', 'correction', 'rebate', 'fee', 'carried')",
    )


def downgrade() -> None:
    _checks(
        "paid_fen >= 0 AND rebate_fen >= 0 AND fees_fen >= 0",
        "payable_fen = goods_fen - rebate_fen - fees_fen",
        "kind IN ('receipt', 'return', 'correction', 'rebate', 'fee')",
    )
    op.drop_column(_STATEMENT, "carried_fen")
