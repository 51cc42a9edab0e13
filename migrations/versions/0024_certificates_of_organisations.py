"""Certificates are made out to organisations, for all that their members bought.

Those that were made out to accounts go, with the names that they sealed: they certified nobody's purchases but a
person's, and a ledger is no place for persons. A process of the version before issues none until it is replaced.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ONLY_ADDED = (
    "CREATE TRIGGER assistance_certificate_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON assistance_certificate "
    "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
)


def upgrade() -> None:
    op.drop_table("assistance_certificate")
    op.create_table(
        "assistance_certificate",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.UUID(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["buyers_organisation.id"], name=op.f("fk_assistance_certificate_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_certificate")),
        sa.UniqueConstraint("code", name=op.f("uq_assistance_certificate_code")),
    )
    op.create_index(op.f("ix_assistance_certificate_organisation_id"), "assistance_certificate", ["organisation_id"])
    op.execute(_ONLY_ADDED)


def downgrade() -> None:
    op.drop_table("assistance_certificate")
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
    op.execute(_ONLY_ADDED)
