"""One-time codes, accounts that were closed, address books, organisations that buy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("identity_account", sa.Column("phone_proven_at", sa.DateTime(timezone=True)))
    op.add_column("identity_account", sa.Column("closed_at", sa.DateTime(timezone=True)))
    op.create_table(
        "identity_challenge",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(purpose = 'change_phone') = (account_id IS NOT NULL)", name=op.f("ck_identity_challenge_account")
        ),
        sa.CheckConstraint(
            "purpose IN ('register', 'sign_in', 'reset_password', 'change_phone')",
            name=op.f("ck_identity_challenge_purpose"),
        ),
        sa.CheckConstraint("used_at IS NULL OR code_sealed IS NULL", name=op.f("ck_identity_challenge_erased")),
        sa.ForeignKeyConstraint(["account_id"], ["identity_account.id"], name=op.f("fk_identity_challenge_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_challenge")),
        sa.UniqueConstraint("phone_index", "slot", name=op.f("uq_identity_challenge_phone_index_slot")),
    )
    op.create_index(op.f("ix_identity_challenge_account_id"), "identity_challenge", ["account_id"])
    op.create_index(op.f("ix_identity_challenge_asked_at"), "identity_challenge", ["asked_at"])
    op.create_index("ix_identity_challenge_phone_index_asked_at", "identity_challenge", ["phone_index", "asked_at"])
    op.create_index("ix_identity_challenge_address_index_asked_at", "identity_challenge", ["address_index", "asked_at"])

    op.create_table(
        "buyers_address",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("slot BETWEEN 1 AND 50", name=op.f("ck_buyers_address_slot")),
        sa.ForeignKeyConstraint(["account_id"], ["identity_account.id"], name=op.f("fk_buyers_address_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buyers_address")),
        sa.UniqueConstraint("account_id", "slot", name="uq_buyers_address_account_id_slot"),
    )
    op.create_index(
        "uq_buyers_address_default",
        "buyers_address",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "buyers_organisation",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("invoice_title", sa.Text(), nullable=False),
        sa.Column("invoice_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("orders_on_832", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.CheckConstraint(
            "status IN ('applied', 'verified', 'suspended')", name=op.f("ck_buyers_organisation_status")
        ),
        sa.CheckConstraint("kind IN ('union', 'enterprise', 'budget_unit')", name=op.f("ck_buyers_organisation_kind")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["identity_account.id"], name=op.f("fk_buyers_organisation_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["identity_account.id"], name=op.f("fk_buyers_organisation_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buyers_organisation")),
    )
    op.create_index(op.f("ix_buyers_organisation_created_by"), "buyers_organisation", ["created_by"])
    op.create_index(op.f("ix_buyers_organisation_decided_by"), "buyers_organisation", ["decided_by"])
    op.create_index("ix_buyers_organisation_status_id", "buyers_organisation", ["status", "id"])
    op.create_index(
        "uq_buyers_organisation_uscc",
        "buyers_organisation",
        ["uscc"],
        unique=True,
        postgresql_where=sa.text("status = 'verified'"),
    )
    op.create_table(
        "buyers_member",
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'purchaser')", name=op.f("ck_buyers_member_role")),
        sa.ForeignKeyConstraint(["account_id"], ["identity_account.id"], name=op.f("fk_buyers_member_account_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["buyers_organisation.id"], name=op.f("fk_buyers_member_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "account_id", name="pk_buyers_member"),
    )
    op.create_index(op.f("ix_buyers_member_account_id"), "buyers_member", ["account_id"])
    op.create_table(
        "buyers_invitation",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.UUID(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'purchaser')", name=op.f("ck_buyers_invitation_role")),
        sa.ForeignKeyConstraint(["invited_by"], ["identity_account.id"], name=op.f("fk_buyers_invitation_invited_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["buyers_organisation.id"], name=op.f("fk_buyers_invitation_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buyers_invitation")),
        sa.UniqueConstraint("organisation_id", "phone_index", name="uq_buyers_invitation_phone"),
    )
    op.create_index(op.f("ix_buyers_invitation_expires_at"), "buyers_invitation", ["expires_at"])
    op.create_index(op.f("ix_buyers_invitation_invited_by"), "buyers_invitation", ["invited_by"])
    op.create_index(op.f("ix_buyers_invitation_phone_index"), "buyers_invitation", ["phone_index"])
    op.add_column("orders_order", sa.Column("organisation_id", sa.UUID(), nullable=True))
    op.add_column("orders_order", sa.Column("ext_832_order_no", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_orders_order_organisation_id"), "orders_order", "buyers_organisation", ["organisation_id"], ["id"]
    )
    op.create_index(op.f("ix_orders_order_organisation_id"), "orders_order", ["organisation_id"])
    op.create_check_constraint(
        op.f("ck_orders_order_organisation"),
        "orders_order",
        "(channel = 'organisation') = (organisation_id IS NOT NULL)",
    )
    op.create_check_constraint(
        op.f("ck_orders_order_ext_832"), "orders_order", "ext_832_order_no IS NULL OR organisation_id IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_orders_order_ext_832"), "orders_order")
    op.drop_constraint(op.f("ck_orders_order_organisation"), "orders_order")
    op.drop_column("orders_order", "ext_832_order_no")
    op.drop_column("orders_order", "organisation_id")
    for table in ("buyers_invitation", "buyers_member", "buyers_organisation", "buyers_address"):
        op.drop_table(table)
    op.drop_table("identity_challenge")
    op.drop_column("identity_account", "closed_at")
    op.drop_column("identity_account", "phone_proven_at")
