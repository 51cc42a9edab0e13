"""What is true of a household has versions by day, and nothing that is entered late counts in a closed month.

A version before this one overwrites the day on which a household left; that day still holds where no version stands.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db import append_only_trigger

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assistance_household_version",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("household_id", sa.UUID(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("township_code", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=False),
        sa.Column("classes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("persons_linked", sa.Integer(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("split_into", sa.UUID(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "persons BETWEEN 1 AND 50 AND persons_linked BETWEEN 0 AND persons",
            name=op.f("ck_assistance_household_version_persons"),
        ),
        sa.CheckConstraint(
            "change IN ('moved', 'corrected', 'split', 'left', 'returned')",
            name=op.f("ck_assistance_household_version_change"),
        ),
        sa.CheckConstraint(
            "left_on IS NOT NULL OR change <> 'left'", name=op.f("ck_assistance_household_version_left")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["assistance_household.id"], name=op.f("fk_assistance_household_version_household_id")
        ),
        sa.ForeignKeyConstraint(
            ["split_into"], ["assistance_household.id"], name=op.f("fk_assistance_household_version_split_into")
        ),
        sa.ForeignKeyConstraint(
            ["township_code"], ["suppliers_township.code"], name=op.f("fk_assistance_household_version_township_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_household_version")),
        info={"append_only": True},
    )
    for columns in (["household_id", "valid_from", "id"], ["township_code"], ["split_into"]):
        op.create_index(op.f(f"ix_assistance_household_version_{columns[0]}"), "assistance_household_version", columns)
    op.execute(append_only_trigger("assistance_household_version"))
    for table in ("assistance_linkage", "assistance_payment_list_decision"):
        op.add_column(table, sa.Column("counts_from", sa.Date(), nullable=True))


def downgrade() -> None:
    for table in ("assistance_linkage", "assistance_payment_list_decision"):
        op.drop_column(table, "counts_from")
    op.drop_table("assistance_household_version")
