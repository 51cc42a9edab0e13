"""Certificates of a buyer's counted year, and the ledger by order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assistance_certificate",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.UUID(), nullable=False),
        sa.Column("holder_sealed", postgresql.BYTEA(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["identity_account.id"], name=op.f("fk_assistance_certificate_holder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_certificate")),
        sa.UniqueConstraint("code", name=op.f("uq_assistance_certificate_code")),
    )
    op.create_index("ix_assistance_certificate_holder", "assistance_certificate", ["holder_id", "year", "issued_at"])
    op.execute(
        "CREATE TRIGGER assistance_certificate_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON assistance_certificate "
        "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
    )
    op.create_index("ix_assistance_entry_order_id", "assistance_entry", ["order_id"])


def downgrade() -> None:
    op.drop_index("ix_assistance_entry_order_id", table_name="assistance_entry")
    op.drop_table("assistance_certificate")
