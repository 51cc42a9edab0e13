"""Who of the office or the marketplace changed what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db import append_only_trigger

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

_ENTRY = "core_audit_entry"


def upgrade() -> None:
    op.create_table(
        _ENTRY,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("about", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_audit_entry")),
    )
    op.create_index(op.f("ix_core_audit_entry_account_id"), _ENTRY, ["account_id", "id"])
    op.create_index(op.f("ix_core_audit_entry_operation"), _ENTRY, ["operation", "id"])
    op.create_index(op.f("ix_core_audit_entry_about"), _ENTRY, ["about"], postgresql_using="gin")
    op.execute(append_only_trigger(_ENTRY))


def downgrade() -> None:
    op.drop_table(_ENTRY)
