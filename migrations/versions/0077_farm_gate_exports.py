"""What farmers got of each price can be exported as well."""

from __future__ import annotations

from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None

_BEFORE = "'ledger', 'lines', 'sales', 'goals', 'households', 'suppliers', 'partners', 'exceptions'"


def upgrade() -> None:
    _allow(f"{_BEFORE}, 'farm-gate'")


def downgrade() -> None:
    op.execute("DELETE FROM reports_export WHERE subject = 'farm-gate'")
    _allow(_BEFORE)


def _allow(subjects: str) -> None:
    op.drop_constraint(op.f("ck_reports_export_subject"), "reports_export")
    op.create_check_constraint(op.f("ck_reports_export_subject"), "reports_export", f"subject IN ({subjects})")
