"""What suppliers are owed for goods that supermarkets took in: three accounts of the journal, and the order's number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

_TABLE = "settlement_posting"
_STATEMENT = "wholesale_statement"
_BEFORE = (
    "clearing_fen",
    "payable_fen",
    "commission_fen",
    "platform_fen",
    "district_fen",
    "carrier_fen",
    "cash_fen",
)
_ADDED = ("receivable_fen", "pending_fen", "unearned_fen")
_KINDS = "'sale', 'refund', 'reshipment', 'adjustment', 'payout'"
_OF_ORDERS = "'receipt', 'return', 'deduction', 'purchase', 'purchase_return'"


def _check(name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_{_TABLE}_{name}"), _TABLE, condition)


def _checks(kinds: str, accounts: tuple[str, ...], reversing: str) -> None:
    for name in ("kind", "balances", "says_something", "reverses"):
        op.drop_constraint(op.f(f"ck_{_TABLE}_{name}"), _TABLE)
    _check("kind", f"kind IN ({kinds})")
    _check("balances", f"{' + '.join(accounts)} = 0")
    _check("says_something", f"({', '.join(accounts)}) <> ({', '.join('0' for _ in accounts)})")
    _check("reverses", f"({reversing}) = (reverses IS NOT NULL)")


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("po_no", sa.Text(), nullable=True))
    for account in _ADDED:
        op.add_column(_TABLE, sa.Column(account, sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    _checks(f"{_KINDS}, {_OF_ORDERS}", (*_BEFORE, *_ADDED), "kind IN ('refund', 'return')")
    _check("po_no", f"(kind IN ({_OF_ORDERS})) = (po_no IS NOT NULL)")
    for moment in ("confirmed_at", "paid_at"):
        op.create_index(op.f(f"ix_{_STATEMENT}_{moment}"), _STATEMENT, [moment])


def downgrade() -> None:
    """Refused by the checks once anything of a purchase order was posted: a journal is not unwritten."""
    for moment in ("paid_at", "confirmed_at"):
        op.drop_index(op.f(f"ix_{_STATEMENT}_{moment}"), _STATEMENT)
    op.drop_constraint(op.f(f"ck_{_TABLE}_po_no"), _TABLE)
    _checks(_KINDS, _BEFORE, "kind = 'refund'")
    for account in reversed(_ADDED):
        op.drop_column(_TABLE, account)
    op.drop_column(_TABLE, "po_no")
