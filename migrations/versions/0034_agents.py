"""Agents, who enter stock for suppliers that they are not of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_ROLE = "ck_suppliers_invitation_role"


def upgrade() -> None:
    op.drop_constraint(op.f(_ROLE), "suppliers_invitation")
    op.create_check_constraint(op.f(_ROLE), "suppliers_invitation", "role IN ('owner', 'staff', 'agent')")
    op.create_table(
        "suppliers_agent",
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_suppliers_agent_supplier_id")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["identity_account.id"], name=op.f("fk_suppliers_agent_account_id")),
        sa.PrimaryKeyConstraint("supplier_id", "account_id", name=op.f("pk_suppliers_agent")),
    )
    op.create_index("ix_suppliers_agent_account_id", "suppliers_agent", ["account_id"])


def downgrade() -> None:
    op.drop_table("suppliers_agent")
    op.execute("DELETE FROM suppliers_invitation WHERE role = 'agent'")
    op.drop_constraint(op.f(_ROLE), "suppliers_invitation")
    op.create_check_constraint(op.f(_ROLE), "suppliers_invitation", "role IN ('owner', 'staff')")
