"""Money that goes back to partners by the word of two operators, and the reminders that they were sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger
from app.core.frozen import frozen_trigger

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

_REMITTANCE, _REFUND, _REMINDER = "wholesale_remittance", "wholesale_refund", "wholesale_reminder"
_ENTRY = "partners_credit_entry"
_KINDS = ["ordered", "amended", "cancelled", "received", "returned", "corrected", "stated", "paid"]
_DRAFTED = (
    *("id", "code", "partner_id", "remittance_id", "statement_id", "amount_fen", "payee_sealed", "payee_tail"),
    *("reason", "drafted_by", "drafted_at"),
)


def _check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _kinds(kinds: list[str]) -> None:
    _check(_ENTRY, "kind", f"kind IN ({', '.join(repr(kind) for kind in kinds)})")


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    _kinds([*_KINDS, "refunded"])
    op.add_column(_REMITTANCE, sa.Column("refunded_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    _check(_REMITTANCE, "signs", "amount_fen > 0 AND applied_fen >= 0 AND refunded_fen >= 0")
    op.create_check_constraint(op.f(f"ck_{_REMITTANCE}_whole"), _REMITTANCE, "applied_fen + refunded_fen <= amount_fen")
    _refunds()
    op.create_table(
        _REMINDER,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("statement_id", sa.UUID(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("open_fen", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _key(_REMINDER, "statement_id", "wholesale_statement"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_REMINDER}")),
        sa.UniqueConstraint("statement_id", "due_on", "days", name=op.f(f"uq_{_REMINDER}_statement_id_due_on_days")),
    )
    op.execute(append_only_trigger(_REMINDER))


def _refunds() -> None:
    op.create_table(
        _REFUND,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("remittance_id", sa.UUID(), nullable=True),
        sa.Column("statement_id", sa.UUID(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("payee_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("payee_tail", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("drafted_by", sa.UUID(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("bank_receipt", sa.Text(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("paid_by", sa.UUID(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('waiting', 'approved', 'declined', 'paid')", name=op.f(f"ck_{_REFUND}_status")),
        sa.CheckConstraint("(remittance_id IS NULL) <> (statement_id IS NULL)", name=op.f(f"ck_{_REFUND}_of_one")),
        sa.CheckConstraint("amount_fen > 0", name=op.f(f"ck_{_REFUND}_amount")),
        sa.CheckConstraint(
            "(status = 'waiting') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)",
            name=op.f(f"ck_{_REFUND}_decided"),
        ),
        sa.CheckConstraint("decided_by <> drafted_by", name=op.f(f"ck_{_REFUND}_two")),
        sa.CheckConstraint("status <> 'declined' OR decision IS NOT NULL", name=op.f(f"ck_{_REFUND}_decision")),
        sa.CheckConstraint(
            "(status = 'paid') = (paid_at IS NOT NULL) AND (paid_at IS NULL) = (bank_receipt IS NULL)"
            " AND (paid_at IS NULL) = (paid_by IS NULL) AND (paid_at IS NULL) = (paid_on IS NULL)",
            name=op.f(f"ck_{_REFUND}_paid"),
        ),
        _key(_REFUND, "partner_id", "partners_partner"),
        _key(_REFUND, "remittance_id", _REMITTANCE),
        _key(_REFUND, "statement_id", "wholesale_statement"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_REFUND}")),
        sa.UniqueConstraint("code", name=op.f(f"uq_{_REFUND}_code")),
        sa.UniqueConstraint("bank_receipt", name=op.f(f"uq_{_REFUND}_bank_receipt")),
    )
    for column in ("remittance_id", "statement_id"):
        op.create_index(
            f"uq_{_REFUND}_{column}", _REFUND, [column], unique=True, postgresql_where=sa.text("status <> 'declined'")
        )
        op.create_index(f"ix_{_REFUND}_{column}", _REFUND, [column])
    op.create_index(f"ix_{_REFUND}_partner_id", _REFUND, ["partner_id", "id"])
    op.create_index(f"ix_{_REFUND}_status", _REFUND, ["status", "id"])
    op.execute(frozen_trigger(_REFUND, _DRAFTED))


def downgrade() -> None:
    op.drop_table(_REMINDER)
    op.drop_table(_REFUND)
    op.drop_constraint(op.f(f"ck_{_REMITTANCE}_whole"), _REMITTANCE)
    _check(_REMITTANCE, "signs", "amount_fen > 0 AND applied_fen BETWEEN 0 AND amount_fen")
    op.drop_column(_REMITTANCE, "refunded_fen")
    _kinds(_KINDS)
