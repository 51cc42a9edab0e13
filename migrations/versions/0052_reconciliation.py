"""Providers' bills, the days that are compared with them, and what differs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

_PROVIDERS = "provider IN ('sandbox', 'wechat_native', 'bank_transfer')"
_ROWS = "'payment', 'refund', 'fee', 'split', 'other'"


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    table = "payments_bill"
    op.create_table(
        table,
        sa.Column("id", sa.UUID(), nullable=False),
        _text("provider"),
        _text("kind"),
        sa.Column("day", sa.Date(), nullable=False),
        _text("sha1"),
        _text("sha256"),
        sa.Column("row_count", sa.Integer(), nullable=False),
        _at("imported_at"),
        sa.Column("imported_by", sa.UUID(), nullable=False),
        _at("replaced_at", nullable=True),
        sa.CheckConstraint(_PROVIDERS, name=op.f(f"ck_{table}_provider")),
        sa.CheckConstraint("kind IN ('trade', 'fund_flow')", name=op.f(f"ck_{table}_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(
        "uq_payments_bill_counts",
        table,
        ["provider", "day", "kind"],
        unique=True,
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    table = "payments_bill_row"
    op.create_table(
        table,
        sa.Column("bill_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _text("kind"),
        _at("at"),
        _text("transaction"),
        _text("key"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        _text("state"),
        sa.Column("rate_bp", sa.Integer(), nullable=True),
        sa.CheckConstraint(f"kind IN ({_ROWS})", name=op.f(f"ck_{table}_kind")),
        sa.ForeignKeyConstraint(["bill_id"], ["payments_bill.id"], name=op.f(f"fk_{table}_bill_id")),
        sa.PrimaryKeyConstraint("bill_id", "position", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_key", table, ["key"])
    op.execute(append_only_trigger(table))
    table = "payments_reconciled_day"
    op.create_table(
        table,
        _text("provider"),
        sa.Column("day", sa.Date(), nullable=False),
        _text("status"),
        _at("compared_at", nullable=True),
        _at("closed_at", nullable=True),
        sa.Column("closed_by", sa.UUID(), nullable=True),
        sa.CheckConstraint(_PROVIDERS, name=op.f(f"ck_{table}_provider")),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f(f"ck_{table}_status")),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL) AND (closed_at IS NULL) = (closed_by IS NULL)",
            name=op.f(f"ck_{table}_closed"),
        ),
        sa.PrimaryKeyConstraint("provider", "day", name=op.f(f"pk_{table}")),
    )
    table = "payments_difference"
    op.create_table(
        table,
        sa.Column("id", sa.UUID(), nullable=False),
        _text("provider"),
        sa.Column("day", sa.Date(), nullable=False),
        _text("kind"),
        _text("leg"),
        _text("about"),
        _text("key"),
        _text("transaction", nullable=True),
        sa.Column("ours_fen", sa.BigInteger(), nullable=True),
        sa.Column("theirs_fen", sa.BigInteger(), nullable=True),
        _text("ours", nullable=True),
        _text("theirs", nullable=True),
        sa.Column("waits", sa.Boolean(), nullable=False),
        _at("found_at"),
        _at("gone_at", nullable=True),
        _text("explanation", nullable=True),
        sa.Column("explained_by", sa.UUID(), nullable=True),
        _at("explained_at", nullable=True),
        sa.CheckConstraint("kind IN ('LONG', 'SHORT', 'AMOUNT', 'STATUS', 'FEE')", name=op.f(f"ck_{table}_kind")),
        sa.CheckConstraint("leg IN ('trade', 'funds', 'splits')", name=op.f(f"ck_{table}_leg")),
        sa.CheckConstraint(f"about IN ({_ROWS})", name=op.f(f"ck_{table}_about")),
        sa.CheckConstraint(
            "(explanation IS NULL) = (explained_at IS NULL) AND (explained_at IS NULL) = (explained_by IS NULL)",
            name=op.f(f"ck_{table}_explained"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            "provider", "day", "leg", "about", "key", "kind", name=op.f(f"uq_{table}_provider_day_leg_about_key_kind")
        ),
    )
    op.create_index(
        f"ix_{table}_open",
        table,
        ["id"],
        postgresql_where=sa.text("gone_at IS NULL AND explained_at IS NULL"),
    )


def downgrade() -> None:
    for table in ("payments_difference", "payments_reconciled_day", "payments_bill_row", "payments_bill"):
        op.drop_table(table)
