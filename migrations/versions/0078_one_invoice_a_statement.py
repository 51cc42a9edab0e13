"""An invoice is over one statement."""

from __future__ import annotations

from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

_STATEMENT = "wholesale_statement"


def upgrade() -> None:
    # A number that was noted twice stays with the older statement; the newer one says which it was.
    op.execute(f"""
        UPDATE {_STATEMENT} s SET invoice_no = s.invoice_no || ' (' || s.number || ')'
        WHERE EXISTS (SELECT FROM {_STATEMENT} o WHERE o.invoice_no = s.invoice_no AND o.id < s.id)
    """)
    op.create_index(op.f("ix_wholesale_statement_invoice_no"), _STATEMENT, ["invoice_no"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_wholesale_statement_invoice_no"), _STATEMENT)
