"""Wholesale: contracts, price lists and credit of partners; their purchase orders, receipts, returns and statements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.db import append_only_trigger

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_LEDGERS = (
    "partners_credit_entry",
    "wholesale_po_version",
    "wholesale_po_event",
    "wholesale_receipt",
    "wholesale_receipt_line",
    "wholesale_return",
    "wholesale_return_line",
    "wholesale_statement_line",
    "wholesale_correction",
    "wholesale_payment",
)


def upgrade() -> None:
    op.create_table(
        "partners_contract",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("contract_no", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("order_weekdays", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("order_until", sa.Time(), nullable=False),
        sa.Column("lead_days", sa.SmallInteger(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("minimum_unit", sa.Text(), nullable=False),
        sa.Column("min_life_pct", sa.SmallInteger(), nullable=False),
        sa.Column("term_days", sa.SmallInteger(), nullable=False),
        sa.Column("term_base", sa.Text(), nullable=False),
        sa.Column("rebate_bp", sa.SmallInteger(), nullable=False),
        sa.Column("rebate_on_invoice", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("tolerance", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.CheckConstraint(
            "minimum_unit IN ('fen', 'cases', 'net_weight_g')", name=op.f("ck_partners_contract_minimum_unit")
        ),
        sa.CheckConstraint(
            "term_base IN ('receipt_date', 'statement_date', 'invoice_date')",
            name=op.f("ck_partners_contract_term_base"),
        ),
        sa.CheckConstraint(
            "lead_days BETWEEN 0 AND 60 AND min_life_pct BETWEEN 0 AND 100", name=op.f("ck_partners_contract_days")
        ),
        sa.CheckConstraint("minimum >= 0", name=op.f("ck_partners_contract_minimum")),
        sa.CheckConstraint("rebate_bp BETWEEN 0 AND 10000", name=op.f("ck_partners_contract_rebate_bp")),
        sa.CheckConstraint("term_days BETWEEN 0 AND 60", name=op.f("ck_partners_contract_term_days")),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_partners_contract_period")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners_partner.id"], name=op.f("fk_partners_contract_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners_contract")),
        sa.UniqueConstraint("contract_no", name=op.f("uq_partners_contract_contract_no")),
    )
    op.create_index("ix_partners_contract_partner_id", "partners_contract", ["partner_id", "valid_from"], unique=False)
    op.create_table(
        "partners_credit",
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("limit_fen", sa.BigInteger(), nullable=False),
        sa.Column("used_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("limit_fen >= 0 AND used_fen >= 0", name=op.f("ck_partners_credit_signs")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners_partner.id"], name=op.f("fk_partners_credit_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", name=op.f("pk_partners_credit")),
    )
    op.create_table(
        "partners_credit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('ordered', 'amended', 'cancelled', 'received', 'returned', 'corrected', 'stated', 'paid')",
            name=op.f("ck_partners_credit_entry_kind"),
        ),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_partners_credit_entry_says_something")),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners_partner.id"], name=op.f("fk_partners_credit_entry_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners_credit_entry")),
        sa.UniqueConstraint(
            "kind", "source_id", "reference", name=op.f("uq_partners_credit_entry_kind_source_id_reference")
        ),
        info={"append_only": True},
    )
    op.create_index("ix_partners_credit_entry_partner_id", "partners_credit_entry", ["partner_id", "id"], unique=False)
    op.create_index("ix_partners_credit_entry_reference", "partners_credit_entry", ["reference"], unique=False)
    op.create_table(
        "partners_location",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("gln", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('dc', 'store')", name=op.f("ck_partners_location_kind")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners_partner.id"], name=op.f("fk_partners_location_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners_location")),
        sa.UniqueConstraint("partner_id", "code", name=op.f("uq_partners_location_partner_id_code")),
    )
    op.create_table(
        "wholesale_po_import",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("results", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners_partner.id"], name=op.f("fk_wholesale_po_import_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_po_import")),
        sa.UniqueConstraint("partner_id", "digest", name=op.f("uq_wholesale_po_import_partner_id_digest")),
    )
    op.create_index("ix_wholesale_po_import_partner_id", "wholesale_po_import", ["partner_id", "id"], unique=False)
    op.create_table(
        "partners_fee",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("contract_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("rate_bp", sa.SmallInteger(), nullable=True),
        sa.Column("tax_rate_bp", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("(basis = 'percent') = (amount_fen IS NULL)", name=op.f("ck_partners_fee_amount")),
        sa.CheckConstraint("(basis = 'percent') = (rate_bp IS NOT NULL)", name=op.f("ck_partners_fee_rate")),
        sa.CheckConstraint("basis IN ('fixed', 'percent', 'per_store')", name=op.f("ck_partners_fee_basis")),
        sa.CheckConstraint("amount_fen > 0 AND tax_rate_bp BETWEEN 0 AND 10000", name=op.f("ck_partners_fee_signs")),
        sa.CheckConstraint("rate_bp BETWEEN 1 AND 10000", name=op.f("ck_partners_fee_share")),
        sa.ForeignKeyConstraint(["contract_id"], ["partners_contract.id"], name=op.f("fk_partners_fee_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners_fee")),
        sa.UniqueConstraint("contract_id", "name", name=op.f("uq_partners_fee_contract_id_name")),
    )
    op.create_table(
        "wholesale_po",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("partner_name", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.UUID(), nullable=False),
        sa.Column("location_id", sa.UUID(), nullable=False),
        sa.Column("location_code", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("po_no", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("required_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('normal', 'promo', 'first', 'urgent')", name=op.f("ck_wholesale_po_kind")),
        sa.CheckConstraint("source IN ('api', 'sheet', 'page')", name=op.f("ck_wholesale_po_source")),
        sa.CheckConstraint(
            "status IN ('needs_approval', 'confirmed', 'shipped', 'partially_received', 'received', 'closed', 'rejected', 'cancelled', 'expired')",
            name=op.f("ck_wholesale_po_status"),
        ),
        sa.CheckConstraint("required_on <= closes_on", name=op.f("ck_wholesale_po_days")),
        sa.CheckConstraint("total_fen >= 0 AND version >= 1", name=op.f("ck_wholesale_po_signs")),
        sa.ForeignKeyConstraint(["contract_id"], ["partners_contract.id"], name=op.f("fk_wholesale_po_contract_id")),
        sa.ForeignKeyConstraint(["location_id"], ["partners_location.id"], name=op.f("fk_wholesale_po_location_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners_partner.id"], name=op.f("fk_wholesale_po_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_po")),
        sa.UniqueConstraint("partner_id", "po_no", name=op.f("uq_wholesale_po_partner_id_po_no")),
    )
    op.create_index(op.f("ix_wholesale_po_contract_id"), "wholesale_po", ["contract_id"], unique=False)
    op.create_index(op.f("ix_wholesale_po_location_id"), "wholesale_po", ["location_id"], unique=False)
    op.create_index("ix_wholesale_po_partner_id", "wholesale_po", ["partner_id", "id"], unique=False)
    op.create_index("ix_wholesale_po_status", "wholesale_po", ["status", "closes_on"], unique=False)
    op.create_table(
        "wholesale_slot",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("location_id", sa.UUID(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacity_cases", sa.Integer(), nullable=False),
        sa.Column("booked_cases", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("booked_cases BETWEEN 0 AND capacity_cases", name=op.f("ck_wholesale_slot_booked")),
        sa.CheckConstraint("starts_at < ends_at AND capacity_cases > 0", name=op.f("ck_wholesale_slot_times")),
        sa.ForeignKeyConstraint(["location_id"], ["partners_location.id"], name=op.f("fk_wholesale_slot_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_slot")),
        sa.UniqueConstraint("location_id", "starts_at", name=op.f("uq_wholesale_slot_location_id_starts_at")),
    )
    op.create_table(
        "wholesale_statement",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("contract_id", sa.UUID(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("goods_fen", sa.BigInteger(), nullable=False),
        sa.Column("rebate_fen", sa.BigInteger(), nullable=False),
        sa.Column("fees_fen", sa.BigInteger(), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.UUID(), nullable=True),
        sa.Column("invoiced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invoice_no", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'sent', 'disputed', 'confirmed', 'invoiced', 'partially_paid', 'paid')",
            name=op.f("ck_wholesale_statement_status"),
        ),
        sa.CheckConstraint(
            "paid_fen >= 0 AND rebate_fen >= 0 AND fees_fen >= 0", name=op.f("ck_wholesale_statement_signs")
        ),
        sa.CheckConstraint(
            "payable_fen = goods_fen - rebate_fen - fees_fen", name=op.f("ck_wholesale_statement_payable")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["partners_contract.id"], name=op.f("fk_wholesale_statement_contract_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners_partner.id"], name=op.f("fk_wholesale_statement_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_statement")),
        sa.UniqueConstraint("code", name=op.f("uq_wholesale_statement_code")),
        sa.UniqueConstraint("number", name=op.f("uq_wholesale_statement_number")),
        sa.UniqueConstraint("partner_id", "month", name=op.f("uq_wholesale_statement_partner_id_month")),
    )
    op.create_index(op.f("ix_wholesale_statement_contract_id"), "wholesale_statement", ["contract_id"], unique=False)
    op.create_index("ix_wholesale_statement_status", "wholesale_statement", ["status", "due_on"], unique=False)
    op.create_table(
        "wholesale_appointment",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("po_id", sa.UUID(), nullable=False),
        sa.Column("slot_id", sa.UUID(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("cases > 0", name=op.f("ck_wholesale_appointment_cases")),
        sa.ForeignKeyConstraint(["po_id"], ["wholesale_po.id"], name=op.f("fk_wholesale_appointment_po_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["wholesale_slot.id"], name=op.f("fk_wholesale_appointment_slot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_appointment")),
    )
    op.create_index("ix_wholesale_appointment_po_id", "wholesale_appointment", ["po_id"], unique=False)
    op.create_index(op.f("ix_wholesale_appointment_slot_id"), "wholesale_appointment", ["slot_id"], unique=False)
    op.create_index(
        "uq_wholesale_appointment_open",
        "wholesale_appointment",
        ["po_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "wholesale_delivery",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("po_id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("vehicle_plate", sa.Text(), nullable=True),
        sa.Column("driver_phone_sealed", postgresql.BYTEA(), nullable=True),
        sa.Column("pallets", sa.Integer(), nullable=False),
        sa.Column("coldest_c10", sa.SmallInteger(), nullable=True),
        sa.Column("warmest_c10", sa.SmallInteger(), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.CheckConstraint("pallets >= 0 AND coldest_c10 <= warmest_c10", name=op.f("ck_wholesale_delivery_signs")),
        sa.ForeignKeyConstraint(["po_id"], ["wholesale_po.id"], name=op.f("fk_wholesale_delivery_po_id")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_wholesale_delivery_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_delivery")),
        sa.UniqueConstraint("number", name=op.f("uq_wholesale_delivery_number")),
    )
    op.create_index("ix_wholesale_delivery_po_id", "wholesale_delivery", ["po_id", "id"], unique=False)
    op.create_index("ix_wholesale_delivery_supplier_id", "wholesale_delivery", ["supplier_id", "id"], unique=False)
    op.create_table(
        "wholesale_payment",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("statement_id", sa.UUID(), nullable=False),
        sa.Column("entry_id", sa.UUID(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_wholesale_payment_signs")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["wholesale_statement.id"], name=op.f("fk_wholesale_payment_statement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_payment")),
        sa.UniqueConstraint("entry_id", "statement_id", name=op.f("uq_wholesale_payment_entry_id_statement_id")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_wholesale_payment_statement_id"), "wholesale_payment", ["statement_id"], unique=False)
    op.create_table(
        "wholesale_po_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("po_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('needs_approval', 'confirmed', 'shipped', 'partially_received', 'received', 'closed', 'rejected', 'cancelled', 'expired')",
            name=op.f("ck_wholesale_po_event_status"),
        ),
        sa.ForeignKeyConstraint(["po_id"], ["wholesale_po.id"], name=op.f("fk_wholesale_po_event_po_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_po_event")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_wholesale_po_event_po_id"), "wholesale_po_event", ["po_id"], unique=False)
    op.create_table(
        "wholesale_po_version",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("po_id", sa.UUID(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("file_digest", sa.LargeBinary(), nullable=True),
        sa.Column("file_row", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(["po_id"], ["wholesale_po.id"], name=op.f("fk_wholesale_po_version_po_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_po_version")),
        sa.UniqueConstraint("po_id", "version", name=op.f("uq_wholesale_po_version_po_id_version")),
        info={"append_only": True},
    )
    op.create_table(
        "wholesale_receipt",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("po_id", sa.UUID(), nullable=False),
        sa.Column("receipt_no", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("inspector", sa.Text(), nullable=True),
        sa.Column("photos", postgresql.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.CheckConstraint("payable_fen >= 0", name=op.f("ck_wholesale_receipt_signs")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners_partner.id"], name=op.f("fk_wholesale_receipt_partner_id")),
        sa.ForeignKeyConstraint(["po_id"], ["wholesale_po.id"], name=op.f("fk_wholesale_receipt_po_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_receipt")),
        sa.UniqueConstraint("partner_id", "receipt_no", name=op.f("uq_wholesale_receipt_partner_id_receipt_no")),
        info={"append_only": True},
    )
    op.create_index("ix_wholesale_receipt_partner_id", "wholesale_receipt", ["partner_id", "received_on"], unique=False)
    op.create_index("ix_wholesale_receipt_po_id", "wholesale_receipt", ["po_id", "id"], unique=False)
    op.create_table(
        "wholesale_statement_line",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("statement_id", sa.UUID(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=True),
        sa.Column("po_no", sa.Text(), nullable=True),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("partner_item_code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=True),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=True),
        sa.Column("tax_rate_bp", sa.SmallInteger(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('receipt', 'return', 'correction', 'rebate', 'fee')",
            name=op.f("ck_wholesale_statement_line_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["wholesale_statement.id"], name=op.f("fk_wholesale_statement_line_statement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_statement_line")),
        sa.UniqueConstraint(
            "statement_id",
            "revision",
            "position",
            name=op.f("uq_wholesale_statement_line_statement_id_revision_position"),
        ),
        info={"append_only": True},
    )
    op.create_index("ix_wholesale_statement_line_source_id", "wholesale_statement_line", ["source_id"], unique=False)
    op.create_table(
        "pricing_contract_price",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("contract_id", sa.UUID(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("promotion", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("min_cases", sa.Integer(), nullable=False),
        sa.Column("multiple_cases", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("min_life_days", sa.SmallInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.CheckConstraint("min_cases >= 1 AND multiple_cases >= 1", name=op.f("ck_pricing_contract_price_cases")),
        sa.CheckConstraint("price_fen BETWEEN 1 AND 10000000", name=op.f("ck_pricing_contract_price_sane")),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_pricing_contract_price_period")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["partners_contract.id"], name=op.f("fk_pricing_contract_price_contract_id")
        ),
        sa.ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], name=op.f("fk_pricing_contract_price_sku")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pricing_contract_price")),
        sa.UniqueConstraint(
            "contract_id",
            "sku",
            "promotion",
            "valid_from",
            name=op.f("uq_pricing_contract_price_contract_id_sku_promotion_valid_from"),
        ),
    )
    op.create_index("ix_pricing_contract_price_sku", "pricing_contract_price", ["sku"], unique=False)
    op.create_table(
        "pricing_item",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("partner_item_code", sa.Text(), nullable=True),
        sa.Column("gtin13", sa.Text(), nullable=True),
        sa.Column("itf14", sa.Text(), nullable=True),
        sa.Column("case_pack", sa.Integer(), nullable=False),
        sa.Column("pallet_cases", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.CheckConstraint("case_pack >= 1 AND pallet_cases >= 1", name=op.f("ck_pricing_item_packs")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners_partner.id"], name=op.f("fk_pricing_item_partner_id")),
        sa.ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], name=op.f("fk_pricing_item_sku")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pricing_item")),
        sa.UniqueConstraint("partner_id", "gtin13", name=op.f("uq_pricing_item_partner_id_gtin13")),
        sa.UniqueConstraint("partner_id", "itf14", name=op.f("uq_pricing_item_partner_id_itf14")),
        sa.UniqueConstraint(
            "partner_id", "partner_item_code", name=op.f("uq_pricing_item_partner_id_partner_item_code")
        ),
        sa.UniqueConstraint("partner_id", "sku", name=op.f("uq_pricing_item_partner_id_sku")),
    )
    op.create_index(op.f("ix_pricing_item_sku"), "pricing_item", ["sku"], unique=False)
    op.create_table(
        "wholesale_dispute",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("statement_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("claimed_units", sa.Integer(), nullable=True),
        sa.Column("claimed_price_fen", sa.BigInteger(), nullable=True),
        sa.Column("claimed_amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.UUID(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('QTY', 'PRICE', 'MISSING_RECEIPT', 'UNKNOWN_DEDUCTION', 'TAX')",
            name=op.f("ck_wholesale_dispute_kind"),
        ),
        sa.CheckConstraint("(decided_at IS NULL) = (accepted IS NULL)", name=op.f("ck_wholesale_dispute_decided")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["wholesale_statement_line.id"], name=op.f("fk_wholesale_dispute_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["wholesale_statement.id"], name=op.f("fk_wholesale_dispute_statement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_dispute")),
    )
    op.create_index(op.f("ix_wholesale_dispute_line_id"), "wholesale_dispute", ["line_id"], unique=False)
    op.create_index("ix_wholesale_dispute_statement_id", "wholesale_dispute", ["statement_id", "id"], unique=False)
    op.create_table(
        "wholesale_po_line",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("po_id", sa.UUID(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("ordered_sku", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("partner_item_code", sa.Text(), nullable=True),
        sa.Column("gtin13", sa.Text(), nullable=True),
        sa.Column("itf14", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("case_pack", sa.Integer(), nullable=False),
        sa.Column("ordered_units", sa.Integer(), nullable=False),
        sa.Column("promised_units", sa.Integer(), nullable=False),
        sa.Column("ack", sa.Text(), nullable=False),
        sa.Column("ack_reason", sa.Text(), nullable=True),
        sa.Column("asked_price_fen", sa.BigInteger(), nullable=True),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("min_life_pct", sa.SmallInteger(), nullable=False),
        sa.Column("min_life_days", sa.SmallInteger(), nullable=False),
        sa.Column("shipped_units", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("delivered_units", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("received_units", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("returned_units", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("product_id", sa.UUID(), nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("supplier_name", sa.Text(), nullable=False),
        sa.Column("township_code", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=False),
        sa.Column("net_weight_g", sa.Integer(), nullable=False),
        sa.Column("tax_rate_bp", sa.Integer(), nullable=False),
        sa.Column("assisted", sa.Boolean(), nullable=False),
        sa.Column("self_purchase", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "ack IN ('accepted', 'cut', 'substituted', 'rejected')", name=op.f("ck_wholesale_po_line_ack")
        ),
        sa.CheckConstraint("delivered_units BETWEEN 0 AND promised_units", name=op.f("ck_wholesale_po_line_delivered")),
        sa.CheckConstraint(
            "ordered_units >= 0 AND promised_units >= 0 AND case_pack >= 1", name=op.f("ck_wholesale_po_line_units")
        ),
        sa.CheckConstraint("received_units BETWEEN 0 AND delivered_units", name=op.f("ck_wholesale_po_line_received")),
        sa.CheckConstraint("returned_units BETWEEN 0 AND received_units", name=op.f("ck_wholesale_po_line_returned")),
        sa.CheckConstraint("shipped_units BETWEEN 0 AND promised_units", name=op.f("ck_wholesale_po_line_shipped")),
        sa.CheckConstraint("unit_price_fen >= 0 AND payable_fen >= 0", name=op.f("ck_wholesale_po_line_signs")),
        sa.ForeignKeyConstraint(["ordered_sku"], ["catalogue_sku.sku"], name=op.f("fk_wholesale_po_line_ordered_sku")),
        sa.ForeignKeyConstraint(["po_id"], ["wholesale_po.id"], name=op.f("fk_wholesale_po_line_po_id")),
        sa.ForeignKeyConstraint(["product_id"], ["catalogue_product.id"], name=op.f("fk_wholesale_po_line_product_id")),
        sa.ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], name=op.f("fk_wholesale_po_line_sku")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_wholesale_po_line_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_po_line")),
        sa.UniqueConstraint("po_id", "line_no", name=op.f("uq_wholesale_po_line_po_id_line_no")),
    )
    op.create_index(op.f("ix_wholesale_po_line_ordered_sku"), "wholesale_po_line", ["ordered_sku"], unique=False)
    op.create_index(op.f("ix_wholesale_po_line_product_id"), "wholesale_po_line", ["product_id"], unique=False)
    op.create_index(op.f("ix_wholesale_po_line_sku"), "wholesale_po_line", ["sku"], unique=False)
    op.create_index(op.f("ix_wholesale_po_line_supplier_id"), "wholesale_po_line", ["supplier_id"], unique=False)
    op.create_table(
        "wholesale_return",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=False),
        sa.Column("po_id", sa.UUID(), nullable=False),
        sa.Column("receipt_id", sa.UUID(), nullable=False),
        sa.Column("return_no", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("freight_payer", sa.Text(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.CheckConstraint(
            "freight_payer IN ('partner', 'supplier', 'platform')", name=op.f("ck_wholesale_return_freight_payer")
        ),
        sa.CheckConstraint(
            "reason IN ('unsold', 'recall', 'quality', 'expired')", name=op.f("ck_wholesale_return_reason")
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_wholesale_return_signs")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners_partner.id"], name=op.f("fk_wholesale_return_partner_id")),
        sa.ForeignKeyConstraint(["po_id"], ["wholesale_po.id"], name=op.f("fk_wholesale_return_po_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["wholesale_receipt.id"], name=op.f("fk_wholesale_return_receipt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_return")),
        sa.UniqueConstraint("partner_id", "return_no", name=op.f("uq_wholesale_return_partner_id_return_no")),
        info={"append_only": True},
    )
    op.create_index("ix_wholesale_return_partner_id", "wholesale_return", ["partner_id", "returned_on"], unique=False)
    op.create_index(op.f("ix_wholesale_return_po_id"), "wholesale_return", ["po_id"], unique=False)
    op.create_index(op.f("ix_wholesale_return_receipt_id"), "wholesale_return", ["receipt_id"], unique=False)
    op.create_table(
        "wholesale_correction",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("dispute_id", sa.UUID(), nullable=False),
        sa.Column("po_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=True),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.CheckConstraint("units <> 0 OR amount_fen <> 0", name=op.f("ck_wholesale_correction_says_something")),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["wholesale_dispute.id"], name=op.f("fk_wholesale_correction_dispute_id")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["wholesale_po_line.id"], name=op.f("fk_wholesale_correction_line_id")),
        sa.ForeignKeyConstraint(["po_id"], ["wholesale_po.id"], name=op.f("fk_wholesale_correction_po_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_correction")),
        sa.UniqueConstraint("dispute_id", name=op.f("uq_wholesale_correction_dispute_id")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_wholesale_correction_line_id"), "wholesale_correction", ["line_id"], unique=False)
    op.create_index(op.f("ix_wholesale_correction_po_id"), "wholesale_correction", ["po_id"], unique=False)
    op.create_table(
        "wholesale_receipt_line",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("receipt_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("delivered_units", sa.Integer(), nullable=False),
        sa.Column("received_units", sa.Integer(), nullable=False),
        sa.Column("rejected_units", sa.Integer(), nullable=False),
        sa.Column("short_units", sa.Integer(), nullable=False),
        sa.Column("excess_units", sa.Integer(), nullable=False),
        sa.Column("deducted_units", sa.Integer(), nullable=False),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("lot_code", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('ROT', 'BRUISE', 'SIZE', 'SUGAR', 'SHORT_WT', 'PKG', 'DATE', 'LABEL', 'CERT', 'TEMP', 'NO_PO', 'PRICE')",
            name=op.f("ck_wholesale_receipt_line_reason"),
        ),
        sa.CheckConstraint(
            "delivered_units = received_units + rejected_units", name=op.f("ck_wholesale_receipt_line_adds_up")
        ),
        sa.CheckConstraint(
            "excess_units >= 0 AND deducted_units BETWEEN 0 AND received_units",
            name=op.f("ck_wholesale_receipt_line_more_units"),
        ),
        sa.CheckConstraint(
            "payable_fen = unit_price_fen * (received_units - deducted_units)",
            name=op.f("ck_wholesale_receipt_line_payable"),
        ),
        sa.CheckConstraint(
            "received_units >= 0 AND rejected_units >= 0 AND short_units >= 0",
            name=op.f("ck_wholesale_receipt_line_units"),
        ),
        sa.ForeignKeyConstraint(["line_id"], ["wholesale_po_line.id"], name=op.f("fk_wholesale_receipt_line_line_id")),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["wholesale_receipt.id"], name=op.f("fk_wholesale_receipt_line_receipt_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_receipt_line")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_wholesale_receipt_line_line_id"), "wholesale_receipt_line", ["line_id"], unique=False)
    op.create_index(
        op.f("ix_wholesale_receipt_line_receipt_id"), "wholesale_receipt_line", ["receipt_id"], unique=False
    )
    op.create_table(
        "wholesale_delivery_line",
        sa.Column("delivery_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=True),
        sa.Column("lot_code", sa.Text(), nullable=True),
        sa.Column("best_before", sa.Date(), nullable=True),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_wholesale_delivery_line_units")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["wholesale_delivery.id"], name=op.f("fk_wholesale_delivery_line_delivery_id")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["wholesale_po_line.id"], name=op.f("fk_wholesale_delivery_line_line_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["inventory_lot.id"], name=op.f("fk_wholesale_delivery_line_lot_id")),
        sa.PrimaryKeyConstraint("delivery_id", "position", name=op.f("pk_wholesale_delivery_line")),
    )
    op.create_index(op.f("ix_wholesale_delivery_line_line_id"), "wholesale_delivery_line", ["line_id"], unique=False)
    op.create_index(op.f("ix_wholesale_delivery_line_lot_id"), "wholesale_delivery_line", ["lot_id"], unique=False)
    op.create_table(
        "wholesale_return_line",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("return_id", sa.UUID(), nullable=False),
        sa.Column("receipt_line_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("sellable_units", sa.SmallInteger(), nullable=False),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen = unit_price_fen * units", name=op.f("ck_wholesale_return_line_amount")),
        sa.CheckConstraint(
            "units > 0 AND sellable_units BETWEEN 0 AND units", name=op.f("ck_wholesale_return_line_units")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["wholesale_po_line.id"], name=op.f("fk_wholesale_return_line_line_id")),
        sa.ForeignKeyConstraint(
            ["receipt_line_id"], ["wholesale_receipt_line.id"], name=op.f("fk_wholesale_return_line_receipt_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["return_id"], ["wholesale_return.id"], name=op.f("fk_wholesale_return_line_return_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_return_line")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_wholesale_return_line_line_id"), "wholesale_return_line", ["line_id"], unique=False)
    op.create_index(
        op.f("ix_wholesale_return_line_receipt_line_id"), "wholesale_return_line", ["receipt_line_id"], unique=False
    )
    op.create_index(op.f("ix_wholesale_return_line_return_id"), "wholesale_return_line", ["return_id"], unique=False)
    for ledger in _LEDGERS:
        op.execute(append_only_trigger(ledger))
