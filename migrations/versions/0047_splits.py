"""Suppliers as a provider that splits payments knows them, and every request of a payout to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.frozen import frozen_trigger

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_ASKED = (
    "id",
    "payout_id",
    "statement_id",
    "number",
    "kind",
    "transaction",
    "sub_mchid",
    "amount_fen",
    "back_of",
    "planned_at",
)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    table = "settlement_merchant"
    op.create_table(
        table,
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("sub_mchid", sa.Text(), nullable=False),
        _at("entered_at"),
        sa.Column("entered_by", sa.UUID(), nullable=False),
        sa.Column("max_ratio_bp", sa.SmallInteger(), nullable=True),
        _at("prepared_at", nullable=True),
        _at("asked_at", nullable=True),
        sa.CheckConstraint("(prepared_at IS NULL) = (max_ratio_bp IS NULL)", name=op.f(f"ck_{table}_prepared")),
        sa.CheckConstraint("max_ratio_bp BETWEEN 0 AND 10000", name=op.f(f"ck_{table}_ratio")),
        _key(table, "supplier_id", "suppliers_supplier"),
        _key(table, "entered_by", "identity_account"),
        sa.PrimaryKeyConstraint("supplier_id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("sub_mchid", name=op.f(f"uq_{table}_sub_mchid")),
    )
    op.create_index(f"ix_{table}_entered_by", table, ["entered_by"])
    table = "settlement_split"
    op.create_table(
        table,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("payout_id", sa.UUID(), nullable=False),
        sa.Column("statement_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("transaction", sa.Text(), nullable=False),
        sa.Column("sub_mchid", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("back_of", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        _at("planned_at"),
        _at("asked_at", nullable=True),
        _at("ended_at", nullable=True),
        sa.CheckConstraint("kind IN ('share', 'give_back', 'unfreeze')", name=op.f(f"ck_{table}_kind")),
        sa.CheckConstraint(
            "status IN ('planned', 'processing', 'finished', 'closed')", name=op.f(f"ck_{table}_status")
        ),
        sa.CheckConstraint(
            "(kind = 'unfreeze') = (amount_fen = 0) AND amount_fen >= 0", name=op.f(f"ck_{table}_amount")
        ),
        sa.CheckConstraint("(kind = 'give_back') = (back_of IS NOT NULL)", name=op.f(f"ck_{table}_back_of")),
        sa.CheckConstraint(
            "(status IN ('finished', 'closed')) = (ended_at IS NOT NULL)", name=op.f(f"ck_{table}_ended")
        ),
        sa.CheckConstraint("(status = 'closed') = (failure IS NOT NULL)", name=op.f(f"ck_{table}_failure")),
        _key(table, "payout_id", "settlement_payout"),
        _key(table, "statement_id", "settlement_statement"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("number", name=op.f(f"uq_{table}_number")),
        sa.UniqueConstraint(
            "payout_id",
            "kind",
            "transaction",
            "back_of",
            name=op.f(f"uq_{table}_payout_id_kind_transaction_back_of"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(f"ix_{table}_transaction", table, ["transaction"])
    op.create_index(f"ix_{table}_statement_id", table, ["statement_id"])
    op.create_index(
        f"ix_{table}_open",
        table,
        ["asked_at", "id"],
        postgresql_where=sa.text("status IN ('planned', 'processing')"),
    )
    op.create_index(f"ix_{table}_shared", table, ["sub_mchid", "ended_at"], postgresql_where=sa.text("kind = 'share'"))
    op.create_index(f"ix_{table}_back_of", table, ["back_of"], postgresql_where=sa.text("back_of IS NOT NULL"))
    op.execute(frozen_trigger(table, _ASKED))


def downgrade() -> None:
    op.drop_table("settlement_split")
    op.drop_table("settlement_merchant")
