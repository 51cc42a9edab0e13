"""A payment is taken back once by what was approved: what was proposed and declined no longer stands in the way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.core.db import append_only_trigger

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assistance_payment_taken_back",
        sa.Column("payment_id", sa.UUID(), nullable=False),
        sa.Column("reversal_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["assistance_household_payment.id"],
            name=op.f("fk_assistance_payment_taken_back_payment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["reversal_id"],
            ["assistance_household_payment.id"],
            name=op.f("fk_assistance_payment_taken_back_reversal_id"),
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_assistance_payment_taken_back")),
        info={"append_only": True},
    )
    op.create_index(
        op.f("ix_assistance_payment_taken_back_reversal_id"), "assistance_payment_taken_back", ["reversal_id"]
    )
    op.execute(append_only_trigger("assistance_payment_taken_back"))
    op.execute("""
        INSERT INTO assistance_payment_taken_back (payment_id, reversal_id)
        SELECT p.reverses, p.id FROM assistance_household_payment p
        JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'
        WHERE p.reverses IS NOT NULL
    """)
    op.drop_constraint(op.f("uq_assistance_household_payment_reverses"), "assistance_household_payment", type_="unique")
    op.create_index(
        "ix_assistance_household_payment_reverses",
        "assistance_household_payment",
        ["reverses"],
        postgresql_where=sa.text("reverses IS NOT NULL"),
    )


def downgrade() -> None:
    """Refused by the database once a payment's reversal was proposed twice: the old rule cannot hold then."""
    op.drop_index("ix_assistance_household_payment_reverses", "assistance_household_payment")
    op.create_unique_constraint(
        op.f("uq_assistance_household_payment_reverses"), "assistance_household_payment", ["reverses"]
    )
    op.drop_table("assistance_payment_taken_back")
