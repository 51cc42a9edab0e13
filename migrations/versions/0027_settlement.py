"""Settlement: commission rules, the double-entry journal, monthly statements, payout accounts and payouts.

The platform's own rule is planted with the table: 5 % of whatever is paid from 2016 on, until others are announced.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_ACCOUNTS = (
    "clearing_fen",
    "payable_fen",
    "commission_fen",
    "platform_fen",
    "district_fen",
    "carrier_fen",
    "cash_fen",
)
_STATUSES = "'issued', 'disputed', 'confirmed', 'paying', 'failed', 'paid', 'carried'"
_LEDGERS = (
    "settlement_commission_rule",
    "settlement_posting",
    "settlement_month",
    "settlement_statement_row",
    "settlement_statement_event",
)
_HOUSE_RULE = """
INSERT INTO settlement_commission_rule (id, rate_bp, valid_from, created_at)
VALUES ('0192f000-0000-7000-8000-000000000500', 500, '2016-01-01', now())
"""


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    table = "settlement_commission_rule"
    op.create_table(
        table,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("rate_bp", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        _at("created_at"),
        sa.Column("by_account", sa.UUID(), nullable=True),
        sa.CheckConstraint("rate_bp BETWEEN 0 AND 3000", name=op.f(f"ck_{table}_rate")),
        _key(table, "supplier_id", "suppliers_supplier"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            "supplier_id",
            "category",
            "valid_from",
            name=op.f(f"uq_{table}_supplier_id_category_valid_from"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    table = "settlement_posting"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=True),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("supplier_order_id", sa.UUID(), nullable=True),
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("rate_bp", sa.SmallInteger(), nullable=True),
        _at("paid_at", nullable=True),
        _at("occurred_at"),
        _at("release_at"),
        _at("posted_at"),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in _ACCOUNTS),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('sale', 'refund', 'reshipment', 'adjustment', 'payout')", name=op.f(f"ck_{table}_kind")
        ),
        sa.CheckConstraint(f"{' + '.join(_ACCOUNTS)} = 0", name=op.f(f"ck_{table}_balances")),
        sa.CheckConstraint(
            f"({', '.join(_ACCOUNTS)}) <> ({', '.join('0' for _ in _ACCOUNTS)})",
            name=op.f(f"ck_{table}_says_something"),
        ),
        sa.CheckConstraint("kind <> 'sale' OR (clearing_fen >= 0 AND payable_fen <= 0)", name=op.f(f"ck_{table}_sale")),
        sa.CheckConstraint("(kind = 'refund') = (reverses IS NOT NULL)", name=op.f(f"ck_{table}_reverses")),
        _key(table, "supplier_id", "suppliers_supplier"),
        _key(table, "reverses", "settlement_posting"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            "kind",
            "source_id",
            "line_id",
            name=op.f(f"uq_{table}_kind_source_id_line_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_settlement_posting_supplier_id", table, ["supplier_id", "release_at"])
    op.create_index("ix_settlement_posting_supplier_order_id", table, ["supplier_order_id"])
    op.create_index("ix_settlement_posting_line_id", table, ["line_id"])
    op.create_index("ix_settlement_posting_occurred_at", table, ["occurred_at"])
    op.create_index(
        "ix_settlement_posting_reverses", table, ["reverses"], postgresql_where=sa.text("reverses IS NOT NULL")
    )
    table = "settlement_month"
    op.create_table(
        table,
        sa.Column("month", sa.Date(), nullable=False),
        _at("settled_at"),
        sa.PrimaryKeyConstraint("month", name=op.f(f"pk_{table}")),
    )
    table = "settlement_statement"
    op.create_table(
        table,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        *(
            sa.Column(f"{name}_fen", sa.BigInteger(), nullable=False)
            for name in (
                "opening",
                "goods",
                "subsidy",
                "freight",
                "commission",
                "refund",
                "other",
                "net",
                "balance",
                "clearing",
            )
        ),
        _at("issued_at"),
        _at("confirm_by", nullable=True),
        _at("paid_at", nullable=True),
        sa.CheckConstraint(f"status IN ({_STATUSES})", name=op.f(f"ck_{table}_status")),
        sa.CheckConstraint(
            "net_fen = goods_fen + subsidy_fen + freight_fen - commission_fen - refund_fen + other_fen",
            name=op.f(f"ck_{table}_net"),
        ),
        sa.CheckConstraint(
            "balance_fen = opening_fen + net_fen AND opening_fen <= 0", name=op.f(f"ck_{table}_balance")
        ),
        sa.CheckConstraint("(status = 'carried') = (balance_fen <= 0)", name=op.f(f"ck_{table}_carried")),
        sa.CheckConstraint("(status = 'issued') = (confirm_by IS NOT NULL)", name=op.f(f"ck_{table}_confirm_by")),
        sa.CheckConstraint("(status = 'paid') = (paid_at IS NOT NULL)", name=op.f(f"ck_{table}_paid")),
        _key(table, "supplier_id", "suppliers_supplier"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("supplier_id", "month", name=op.f(f"uq_{table}_supplier_id_month")),
        sa.UniqueConstraint("number", name=op.f(f"uq_{table}_number")),
    )
    op.create_index("ix_settlement_statement_month", table, ["month", "id"])
    op.create_index("ix_settlement_statement_status", table, ["status", "id"])
    table = "settlement_statement_row"
    op.create_table(
        table,
        sa.Column("statement_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("posting_id", sa.BigInteger(), nullable=False),
        _key(table, "statement_id", "settlement_statement"),
        _key(table, "posting_id", "settlement_posting"),
        sa.PrimaryKeyConstraint("statement_id", "position", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("posting_id", name=op.f(f"uq_{table}_posting_id")),
    )
    table = "settlement_statement_event"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("statement_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        _at("at"),
        sa.CheckConstraint(f"status IN ({_STATUSES})", name=op.f(f"ck_{table}_status")),
        sa.CheckConstraint("party IN ('supplier', 'operator', 'system', 'provider')", name=op.f(f"ck_{table}_party")),
        _key(table, "statement_id", "settlement_statement"),
        _key(table, "by_account", "identity_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_statement_id"), table, ["statement_id"])
    op.create_index(op.f(f"ix_{table}_by_account"), table, ["by_account"])
    table = "settlement_payout_account"
    op.create_table(
        table,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("tail", sa.Text(), nullable=False),
        _at("entered_at"),
        sa.Column("entered_by", sa.UUID(), nullable=False),
        _at("verified_at", nullable=True),
        sa.Column("verified_by", sa.UUID(), nullable=True),
        sa.CheckConstraint("(verified_at IS NULL) = (verified_by IS NULL)", name=op.f(f"ck_{table}_verified")),
        _key(table, "supplier_id", "suppliers_supplier"),
        _key(table, "entered_by", "identity_account"),
        _key(table, "verified_by", "identity_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_settlement_payout_account_supplier_id", table, ["supplier_id", "id"])
    op.create_index(
        "ix_settlement_payout_account_waiting", table, ["id"], postgresql_where=sa.text("verified_at IS NULL")
    )
    op.create_index(op.f(f"ix_{table}_entered_by"), table, ["entered_by"])
    op.create_index(op.f(f"ix_{table}_verified_by"), table, ["verified_by"])
    table = "settlement_payout"
    op.create_table(
        table,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("run_id", sa.UUID(), nullable=False),
        sa.Column("statement_id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("platform_fen", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        _at("instructed_at"),
        sa.Column("instructed_by", sa.UUID(), nullable=False),
        _at("settled_at", nullable=True),
        sa.CheckConstraint("status IN ('instructed', 'paid', 'failed')", name=op.f(f"ck_{table}_status")),
        sa.CheckConstraint("amount_fen > 0", name=op.f(f"ck_{table}_amount")),
        sa.CheckConstraint("(status = 'instructed') = (settled_at IS NULL)", name=op.f(f"ck_{table}_settled")),
        sa.CheckConstraint(
            "(status = 'paid') = (provider_reference IS NOT NULL)", name=op.f(f"ck_{table}_provider_reference")
        ),
        sa.CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name=op.f(f"ck_{table}_failure")),
        _key(table, "statement_id", "settlement_statement"),
        _key(table, "supplier_id", "suppliers_supplier"),
        _key(table, "account_id", "settlement_payout_account"),
        _key(table, "instructed_by", "identity_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("number", name=op.f(f"uq_{table}_number")),
    )
    op.create_index(
        "uq_settlement_payout_live",
        table,
        ["statement_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'failed'"),
    )
    op.create_index("ix_settlement_payout_statement_id", table, ["statement_id"])
    op.create_index("ix_settlement_payout_supplier_id", table, ["supplier_id", "id"])
    op.create_index("ix_settlement_payout_status", table, ["status", "id"])
    op.create_index("ix_settlement_payout_run_id", table, ["run_id"])
    op.create_index(op.f(f"ix_{table}_account_id"), table, ["account_id"])
    op.create_index(op.f(f"ix_{table}_instructed_by"), table, ["instructed_by"])
    op.execute(_HOUSE_RULE)
    for ledger in _LEDGERS:
        op.execute(append_only_trigger(ledger))


def downgrade() -> None:
    for table in (
        "settlement_payout",
        "settlement_payout_account",
        "settlement_statement_event",
        "settlement_statement_row",
        "settlement_statement",
        "settlement_month",
        "settlement_posting",
        "settlement_commission_rule",
    ):
        op.drop_table(table)
