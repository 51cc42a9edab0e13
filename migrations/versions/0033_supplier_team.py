"""Several people for one supplier: owners and staff, and invitations. Whoever acts for one now is its owner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("identity_grant", sa.Column("is_owner", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_index("ix_identity_grant_scope_id", "identity_grant", ["scope_id"])
    op.create_table(
        "suppliers_invitation",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.UUID(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'staff')", name=op.f("ck_suppliers_invitation_role")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_suppliers_invitation_supplier_id")
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["identity_account.id"], name=op.f("fk_suppliers_invitation_invited_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers_invitation")),
        sa.UniqueConstraint("supplier_id", "phone_index", name="uq_suppliers_invitation_phone"),
    )
    for column in ("phone_index", "invited_by", "expires_at"):
        op.create_index(f"ix_suppliers_invitation_{column}", "suppliers_invitation", [column])


def downgrade() -> None:
    op.drop_table("suppliers_invitation")
    op.drop_index("ix_identity_grant_scope_id", "identity_grant")
    op.drop_column("identity_grant", "is_owner")
