"""Payout runs and corrections of statements that take two operators."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger
from app.core.frozen import frozen_trigger

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_DRAFT = (
    "id",
    "kind",
    "statement_id",
    "month",
    "provider",
    "count",
    "amount_fen",
    "reason",
    "drafted_by",
    "drafted_at",
)


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    table = "settlement_draft"
    op.create_table(
        table,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("statement_id", sa.UUID(), nullable=True),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("drafted_by", sa.UUID(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('payout_run', 'adjustment')", name=op.f(f"ck_{table}_kind")),
        sa.CheckConstraint("status IN ('waiting', 'approved', 'declined')", name=op.f(f"ck_{table}_status")),
        sa.CheckConstraint("(kind = 'adjustment') = (statement_id IS NOT NULL)", name=op.f(f"ck_{table}_statement")),
        sa.CheckConstraint("(kind = 'payout_run') = (provider IS NOT NULL)", name=op.f(f"ck_{table}_provider")),
        sa.CheckConstraint(
            "amount_fen <> 0 AND (kind = 'adjustment' OR amount_fen > 0)", name=op.f(f"ck_{table}_amount")
        ),
        sa.CheckConstraint(
            "(status = 'waiting') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)",
            name=op.f(f"ck_{table}_decided"),
        ),
        sa.CheckConstraint("decided_by <> drafted_by", name=op.f(f"ck_{table}_two")),
        sa.CheckConstraint("status <> 'declined' OR decision IS NOT NULL", name=op.f(f"ck_{table}_decision")),
        _key(table, "statement_id", "settlement_statement"),
        _key(table, "drafted_by", "identity_account"),
        _key(table, "decided_by", "identity_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(
        "uq_settlement_draft_waiting",
        table,
        ["statement_id"],
        unique=True,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    for name, columns in (
        ("statement_id", ["statement_id"]),
        ("status", ["status", "id"]),
        ("drafted_by", ["drafted_by"]),
        ("decided_by", ["decided_by"]),
    ):
        op.create_index(f"ix_{table}_{name}", table, columns)
    op.execute(frozen_trigger(table, _DRAFT))
    table = "settlement_drafted"
    op.create_table(
        table,
        sa.Column("draft_id", sa.UUID(), nullable=False),
        sa.Column("statement_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("platform_fen", sa.BigInteger(), nullable=False),
        _key(table, "draft_id", "settlement_draft"),
        _key(table, "statement_id", "settlement_statement"),
        _key(table, "account_id", "settlement_payout_account"),
        sa.PrimaryKeyConstraint("draft_id", "statement_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_statement_id", table, ["statement_id"])
    op.create_index(f"ix_{table}_account_id", table, ["account_id"])
    op.execute(append_only_trigger(table))


def downgrade() -> None:
    op.drop_table("settlement_drafted")
    op.drop_table("settlement_draft")
