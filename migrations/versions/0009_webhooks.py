"""Webhooks out: endpoints, messages, attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhooks_endpoint",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.UUID(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret_sealed", postgresql.BYTEA(), nullable=False),
        sa.Column("previous_sealed", postgresql.BYTEA(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(audience = 'operator') = (owner_id IS NULL)", name=op.f("ck_webhooks_endpoint_owner")),
        sa.CheckConstraint(
            "audience IN ('supplier', 'partner', 'operator')", name=op.f("ck_webhooks_endpoint_audience")
        ),
        sa.CheckConstraint(
            "(disabled_at IS NULL) = (disabled_reason IS NULL)", name=op.f("ck_webhooks_endpoint_disabled")
        ),
        sa.CheckConstraint(
            "(previous_sealed IS NULL) = (previous_until IS NULL)", name=op.f("ck_webhooks_endpoint_previous")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["identity_account.id"], name=op.f("fk_webhooks_endpoint_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_endpoint")),
    )
    op.create_index(op.f("ix_webhooks_endpoint_created_by"), "webhooks_endpoint", ["created_by"], unique=False)
    op.create_index(
        "ix_webhooks_endpoint_owner_id_id",
        "webhooks_endpoint",
        ["owner_id", "id"],
        unique=False,
        postgresql_where="deleted_at IS NULL",
    )
    op.create_table(
        "webhooks_message",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("endpoint_id", sa.UUID(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("object_id", sa.UUID(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'delivered') = (delivered_at IS NOT NULL)", name=op.f("ck_webhooks_message_delivered")
        ),
        sa.CheckConstraint("status IN ('pending', 'delivered', 'failed')", name=op.f("ck_webhooks_message_status")),
        sa.CheckConstraint("sequence >= 1 AND attempts >= 0", name=op.f("ck_webhooks_message_counts")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhooks_endpoint.id"], name=op.f("fk_webhooks_message_endpoint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_message")),
        sa.UniqueConstraint(
            "endpoint_id", "object_id", "sequence", name=op.f("uq_webhooks_message_endpoint_id_object_id_sequence")
        ),
    )
    op.create_index("ix_webhooks_message_created_at", "webhooks_message", ["created_at"], unique=False)
    op.create_index("ix_webhooks_message_endpoint_id_id", "webhooks_message", ["endpoint_id", "id"], unique=False)
    op.create_table(
        "webhooks_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("message_id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.CheckConstraint("(status IS NULL) <> (error IS NULL)", name=op.f("ck_webhooks_attempt_outcome")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["webhooks_message.id"], name=op.f("fk_webhooks_attempt_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_attempt")),
    )
    op.create_index(op.f("ix_webhooks_attempt_message_id"), "webhooks_attempt", ["message_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_webhooks_attempt_message_id"), table_name="webhooks_attempt")
    op.drop_table("webhooks_attempt")
    op.drop_index("ix_webhooks_message_endpoint_id_id", table_name="webhooks_message")
    op.drop_index("ix_webhooks_message_created_at", table_name="webhooks_message")
    op.drop_table("webhooks_message")
    op.drop_index(
        "ix_webhooks_endpoint_owner_id_id", table_name="webhooks_endpoint", postgresql_where="deleted_at IS NULL"
    )
    op.drop_index(op.f("ix_webhooks_endpoint_created_by"), table_name="webhooks_endpoint")
    op.drop_table("webhooks_endpoint")
