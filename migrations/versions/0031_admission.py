"""Admission of suppliers: lines of goods, bank accounts, certificates, decisions; products that are held.

Suppliers that sell already keep selling: their lines are those of their products, the county's word counts as given,
and the food production licence that they named counts as verified for ninety days, of which they are warned.

Suppliers that are draft, recommended or rejected and products that are held are new to the version before, which cannot
read them: applications are taken, and certificates watched, only when none of it runs any more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_SUPPLIER = ("draft", "applied", "recommended", "approved", "rejected", "suspended")
_PRODUCT = ("draft", "submitted", "published", "held", "withdrawn")
_KINDS = ("business_licence", "food_production", "food_business", "gi_mark", "green", "organic", "benefit_link")
_CERTIFICATE = ("submitted", "verified", "rejected", "revoked", "expired")
_STEPS = ("submit", "recommend", "approve", "reject", "suspend")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(map(repr, values))})"


def _restate(table: str, statuses: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(f"ck_{table}_status"), table)
    op.create_check_constraint(op.f(f"ck_{table}_status"), table, _one_of("status", statuses))


def upgrade() -> None:
    _restate("suppliers_supplier", _SUPPLIER)
    _restate("catalogue_product", _PRODUCT)
    op.add_column(
        "suppliers_supplier",
        sa.Column("lines", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("suppliers_supplier", sa.Column("bank_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("suppliers_supplier", sa.Column("recommended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("suppliers_supplier", sa.Column("suspended_for", sa.Text(), nullable=True))
    op.drop_constraint("uq_suppliers_supplier_uscc", "suppliers_supplier")
    op.create_index(
        "uq_suppliers_supplier_uscc",
        "suppliers_supplier",
        ["uscc"],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('draft', 'rejected')"),
    )
    op.create_table(
        "suppliers_certificate",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("scope", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.UUID(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("warned_days", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint(_one_of("kind", _KINDS), name=op.f("ck_suppliers_certificate_kind")),
        sa.CheckConstraint(_one_of("status", _CERTIFICATE), name=op.f("ck_suppliers_certificate_status")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_suppliers_certificate_ends_after_it_begins")),
        sa.CheckConstraint(
            "(status IN ('rejected', 'revoked')) = (reason IS NOT NULL)", name=op.f("ck_suppliers_certificate_reason")
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_suppliers_certificate_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers_certificate")),
    )
    op.create_index("ix_suppliers_certificate_supplier_id_id", "suppliers_certificate", ["supplier_id", "id"])
    op.create_index(
        "ix_suppliers_certificate_ends",
        "suppliers_certificate",
        ["valid_to"],
        postgresql_where=sa.text("status = 'verified' AND valid_to IS NOT NULL"),
    )
    op.create_table(
        "suppliers_decision",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("by_account", sa.UUID(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_one_of("step", _STEPS), name=op.f("ck_suppliers_decision_step")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_suppliers_decision_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers_decision")),
    )
    op.create_index("ix_suppliers_decision_supplier_id_id", "suppliers_decision", ["supplier_id", "id"])
    op.execute(
        "CREATE TRIGGER suppliers_decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON suppliers_decision "
        "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
    )
    op.execute("""
        UPDATE suppliers_supplier s SET
            recommended_at = CASE WHEN s.status IN ('approved', 'suspended')
                                  THEN coalesce(s.decided_at, s.created_at) END,
            suspended_for = CASE WHEN s.status = 'suspended' THEN 'operator' END,
            lines = coalesce((
                SELECT array_agg(DISTINCT c.root_slug) FROM catalogue_product p
                JOIN catalogue_category c ON c.slug = p.category_slug WHERE p.supplier_id = s.id), '{}')
    """)
    op.execute("""
        INSERT INTO suppliers_certificate
            (id, supplier_id, kind, number, scope, valid_from, valid_to, status, entered_by, entered_at, decided_at)
        SELECT gen_random_uuid(), id, 'food_production', licence_no, ARRAY[substr(licence_no, 3, 3)], current_date,
               current_date + 90, 'verified', '00000000-0000-0000-0000-000000000000', now(), now()
        FROM suppliers_supplier WHERE licence_no IS NOT NULL AND status IN ('approved', 'suspended')
    """)
    # Nothing ties it to the status: the version that still runs suspends without saying for what.
    op.create_check_constraint(
        op.f("ck_suppliers_supplier_suspended_for"),
        "suppliers_supplier",
        "suspended_for IN ('operator', 'certificates')",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_suppliers_supplier_suspended_for"), "suppliers_supplier")
    op.drop_table("suppliers_decision")
    op.drop_table("suppliers_certificate")
    op.drop_index("uq_suppliers_supplier_uscc", "suppliers_supplier")
    op.create_unique_constraint("uq_suppliers_supplier_uscc", "suppliers_supplier", ["uscc"])
    for column in ("suspended_for", "recommended_at", "bank_sealed", "lines"):
        op.drop_column("suppliers_supplier", column)
    _restate("catalogue_product", ("draft", "submitted", "published", "withdrawn"))
    _restate("suppliers_supplier", ("applied", "approved", "suspended"))
