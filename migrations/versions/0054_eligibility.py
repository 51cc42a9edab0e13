"""The register of certified products, and the accepted lines that do not count, each with its reason.

Lines that completed before and were not counted get the reason that they had then. Whose fact still waits is left to
whoever hears it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db import append_only_trigger

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_BACKFILL = """
INSERT INTO assistance_exclusion (id, source_id, line_id, order_id, order_number, sku, product_name, supplier_id,
    supplier_name, quantity, net_fen, occurred_at, excluded_at, reason, facts)
SELECT gen_random_uuid(), source_id, line_id, order_id, number, sku, product_name, supplier_id, supplier_name, quantity,
       net_fen, completed_at, now(), reason,
       jsonb_build_object('assisted', assisted, 'township_code', township_code, 'division_code', division_code,
                          'self_purchase', self_purchase, 'on_832', on_832, 'net_fen', net_fen)
FROM (
    SELECT p.id AS source_id, l.id AS line_id, l.order_id, o.number, l.sku, l.product_name, l.supplier_id,
           l.supplier_name, l.quantity - coalesce(b.quantity, 0) AS quantity,
           l.amount_fen - coalesce(b.amount_fen, 0) AS net_fen, p.completed_at, l.assisted, l.township_code,
           o.division_code, l.self_purchase, o.ext_832_order_no IS NOT NULL AS on_832,
           CASE WHEN p.completed_at < '2016-01-01T00:00:00+08:00' THEN 'no_programme'
                WHEN NOT l.assisted THEN 'not_assisted'
                WHEN l.township_code NOT LIKE '433125%' THEN 'other_origin'
                WHEN o.division_code NOT LIKE '37%' THEN 'other_destination'
                WHEN l.self_purchase THEN 'self_purchase'
                WHEN o.ext_832_order_no IS NOT NULL THEN 'on_832'
                WHEN l.amount_fen <= coalesce(b.amount_fen, 0) THEN 'nothing_paid' END AS reason
    FROM orders_supplier_order p JOIN orders_line l ON l.supplier_order_id = p.id
    JOIN orders_order o ON o.id = p.order_id
    LEFT JOIN (SELECT i.line_id, sum(i.amount_fen) AS amount_fen, sum(i.quantity) AS quantity
               FROM orders_refund_line i JOIN orders_refund r ON r.id = i.refund_id
               JOIN orders_supplier_order w ON w.id = r.supplier_order_id
               WHERE r.status = 'settled' AND r.settled_at <= w.completed_at GROUP BY i.line_id) b
           ON b.line_id = l.id
    WHERE p.status = 'completed'
      AND NOT EXISTS (SELECT FROM assistance_entry e WHERE e.line_id = l.id AND e.kind = 'sale')
      AND NOT EXISTS (SELECT FROM core_delivery d WHERE d.lane = 'assistance' AND d.subject = p.id)) told
WHERE reason IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "catalogue_certification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid()),
        sa.Column("batch", sa.String(), nullable=False),
        sa.Column("people_linked", sa.Integer(), nullable=False),
        sa.Column("value_fen", sa.BigInteger(), nullable=False),
        sa.Column("notice_from", sa.Date()),
        sa.Column("notice_to", sa.Date()),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "kind IN ('poverty_product', 'assistance_product', 'supplier_832')",
            name=op.f("ck_catalogue_certification_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'township', 'county', 'public_notice', 'city', 'province', 'listed', 'suspended', "
            "'refused')",
            name=op.f("ck_catalogue_certification_status"),
        ),
        sa.CheckConstraint(
            "(kind = 'supplier_832') = (product_id IS NULL)", name=op.f("ck_catalogue_certification_product")
        ),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_catalogue_certification_ends_after_it_begins")),
        sa.CheckConstraint(
            "status NOT IN ('listed', 'suspended') OR listed_at IS NOT NULL",
            name=op.f("ck_catalogue_certification_listed"),
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_catalogue_certification_supplier_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["catalogue_product.id"], name=op.f("fk_catalogue_certification_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_certification")),
    )
    op.create_index(
        "ix_catalogue_certification_supplier_id_status", "catalogue_certification", ["supplier_id", "status"]
    )
    op.create_index(
        "ix_catalogue_certification_product_id",
        "catalogue_certification",
        ["product_id"],
        postgresql_where=sa.text("product_id IS NOT NULL"),
    )
    op.create_table(
        "catalogue_certification_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("certification_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("by_account", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "step IN ('pass_township', 'pass_county', 'give_notice', 'pass_city', 'pass_province', 'enter_list', "
            "'suspend', 'resume', 'refuse', 'register')",
            name=op.f("ck_catalogue_certification_step_step"),
        ),
        sa.ForeignKeyConstraint(
            ["certification_id"],
            ["catalogue_certification.id"],
            name=op.f("fk_catalogue_certification_step_certification_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_certification_step")),
    )
    op.create_index(
        "ix_catalogue_certification_step_certification_id_id",
        "catalogue_certification_step",
        ["certification_id", "id"],
    )
    op.create_table(
        "assistance_exclusion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_number", sa.Text()),
        sa.Column("po_no", sa.Text()),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("excluded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('no_programme', 'not_assisted', 'other_origin', 'other_destination', 'self_purchase', "
            "'internal_transfer', 'on_832', 'nothing_paid')",
            name=op.f("ck_assistance_exclusion_reason"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_exclusion")),
        sa.UniqueConstraint("line_id", name=op.f("uq_assistance_exclusion_line_id")),
    )
    op.create_index("ix_assistance_exclusion_reason_id", "assistance_exclusion", ["reason", "id"])
    for ledger in ("catalogue_certification_step", "assistance_exclusion"):
        op.execute(append_only_trigger(ledger))
    op.execute(_BACKFILL)


def downgrade() -> None:
    op.drop_table("assistance_exclusion")
    op.drop_table("catalogue_certification_step")
    op.drop_table("catalogue_certification")
