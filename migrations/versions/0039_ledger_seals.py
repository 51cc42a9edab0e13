"""A chain of hashes over the ledger of counted sales, and what an entry says of its evidence and its correction.

Entries from before wait to be sealed like new ones. The version before posts beside this one: what it leaves out has
a default, and what it posts waits for its seal.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db import append_only_trigger

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_NOTE_FUNCTION = """
CREATE OR REPLACE FUNCTION assistance_note_unsealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO assistance_unsealed (entry_id) SELECT id FROM fresh;
    RETURN NULL;
END $$
"""
_NOTE_TRIGGER = (
    "CREATE TRIGGER assistance_entry_noted AFTER INSERT ON assistance_entry REFERENCING NEW TABLE AS fresh "
    "FOR EACH STATEMENT EXECUTE FUNCTION assistance_note_unsealed()"
)


def upgrade() -> None:
    op.add_column(
        "assistance_entry", sa.Column("evidence", sa.Text(), server_default=sa.text("'platform'"), nullable=False)
    )
    op.add_column("assistance_entry", sa.Column("reason", sa.Text()))
    op.add_column("assistance_entry", sa.Column("by_account", sa.Uuid()))
    op.add_column("assistance_entry", sa.Column("approved_by", sa.Uuid()))
    op.alter_column("assistance_entry", "sku", nullable=True)
    op.alter_column("assistance_entry", "product_id", nullable=True)
    op.drop_constraint("ck_assistance_entry_reverses", "assistance_entry")
    op.create_check_constraint("reverses", "assistance_entry", "(kind = 'sale') = (reverses IS NULL)")
    op.create_check_constraint("evidence", "assistance_entry", "evidence IN ('platform', 'declared')")
    op.create_check_constraint(
        "of_goods", "assistance_entry", "evidence = 'declared' OR num_nonnulls(sku, product_id) = 2"
    )
    op.create_check_constraint(
        "two_persons",
        "assistance_entry",
        "(kind = 'adjustment') <= (num_nonnulls(reason, by_account, approved_by) = 3 AND by_account <> approved_by)",
    )

    op.create_table(
        "assistance_unsealed",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_assistance_unsealed"),
    )
    op.create_table(
        "assistance_sealed_entry",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["assistance_entry.id"], name="fk_assistance_sealed_entry_entry_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_assistance_sealed_entry"),
        sa.UniqueConstraint("entry_id", name="uq_assistance_sealed_entry_entry_id"),
    )
    op.create_table(
        "assistance_seal",
        sa.Column("seq_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq_to", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("sum_fen", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.SmallInteger(), nullable=False),
        sa.Column("previous", postgresql.BYTEA(), nullable=False),
        sa.Column("digest", postgresql.BYTEA(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("seq_to = seq_from + entries - 1 AND entries > 0", name=op.f("ck_assistance_seal_span")),
        sa.PrimaryKeyConstraint("seq_from", name="pk_assistance_seal"),
        sa.UniqueConstraint("seq_to", name="uq_assistance_seal_seq_to"),
    )
    for ledger in ("assistance_sealed_entry", "assistance_seal"):
        op.execute(append_only_trigger(ledger))
    # The trigger first: what somebody posts meanwhile is noted by it or seen below.
    op.execute(_NOTE_FUNCTION)
    op.execute(_NOTE_TRIGGER)
    op.execute("INSERT INTO assistance_unsealed SELECT id FROM assistance_entry")


def downgrade() -> None:
    op.execute("DROP TRIGGER assistance_entry_noted ON assistance_entry")
    op.execute("DROP FUNCTION assistance_note_unsealed")
    op.drop_table("assistance_seal")
    op.drop_table("assistance_sealed_entry")
    op.drop_table("assistance_unsealed")
    for name in ("two_persons", "of_goods", "evidence", "reverses"):
        op.drop_constraint(f"ck_assistance_entry_{name}", "assistance_entry")
    op.create_check_constraint("reverses", "assistance_entry", "(kind = 'refund') = (reverses IS NOT NULL)")
    op.alter_column("assistance_entry", "product_id", nullable=False)
    op.alter_column("assistance_entry", "sku", nullable=False)
    for column in ("approved_by", "by_account", "reason", "evidence"):
        op.drop_column("assistance_entry", column)
