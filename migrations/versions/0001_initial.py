"""The tables of the first version, and the triggers that keep ledgers append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


REFUSE_CHANGE = """
CREATE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: correct it with a reversing entry', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""
REFUSED_ON = (
    "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
)
LEDGERS = (
    "assistance_entry",
    "core_event",
    "inventory_movement",
)


def upgrade() -> None:
    op.execute("CREATE SEQUENCE orders_number_seq")
    op.create_table(
        "assistance_entry",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column(
            "counted_month",
            sa.Date(),
            sa.Computed("CAST(date_trunc('month', CAST(counted_on AS timestamp)) AS date)", persisted=True),
            nullable=False,
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("po_no", sa.Text(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("product_id", sa.UUID(), nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("supplier_name", sa.Text(), nullable=False),
        sa.Column("township_code", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("partner_id", sa.UUID(), nullable=True),
        sa.Column("partner_name", sa.Text(), nullable=True),
        sa.Column("lot_code", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("weight_g", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reverses", sa.UUID(), nullable=True),
        sa.CheckConstraint("(kind = 'refund') = (reverses IS NOT NULL)", name=op.f("ck_assistance_entry_reverses")),
        sa.CheckConstraint(
            "(kind = 'sale' AND quantity >= 0 AND weight_g >= 0 AND amount_fen > 0) OR kind = 'adjustment' OR (kind = 'refund' AND quantity <= 0 AND weight_g <= 0 AND amount_fen <= 0)",
            name=op.f("ck_assistance_entry_signs"),
        ),
        sa.CheckConstraint(
            "channel IN ('retail', 'supermarket', 'organisation')", name=op.f("ck_assistance_entry_channel")
        ),
        sa.CheckConstraint("kind IN ('sale', 'refund', 'adjustment')", name=op.f("ck_assistance_entry_kind")),
        sa.ForeignKeyConstraint(["reverses"], ["assistance_entry.id"], name=op.f("fk_assistance_entry_reverses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_entry")),
        sa.UniqueConstraint("kind", "source_id", "line_id", name=op.f("uq_assistance_entry_kind_source_id_line_id")),
        info={"append_only": True},
    )
    op.create_index("ix_assistance_entry_counted_on_id", "assistance_entry", ["counted_on", "id"], unique=False)
    op.create_index(
        "ix_assistance_entry_reverses",
        "assistance_entry",
        ["reverses"],
        unique=False,
        postgresql_where=sa.text("reverses IS NOT NULL"),
    )
    op.create_index(
        "uq_assistance_entry_sold_once",
        "assistance_entry",
        ["line_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'sale'"),
    )
    op.create_table(
        "assistance_goal",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("suppliers", postgresql.ARRAY(sa.UUID()), nullable=True),
        sa.Column("townships", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("channels", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("divisions", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("partition_group", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.CheckConstraint(
            "metric IN ('net_sales_fen', 'orders', 'quantity_g', 'households', 'persons', 'household_income_fen')",
            name=op.f("ck_assistance_goal_metric"),
        ),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_assistance_goal_period")),
        sa.CheckConstraint("target > 0", name=op.f("ck_assistance_goal_target")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_goal")),
        sa.UniqueConstraint("code", "starts_on", "ends_on", name=op.f("uq_assistance_goal_code_starts_on_ends_on")),
    )
    op.create_index("ix_assistance_goal_starts_on", "assistance_goal", ["starts_on", "code"], unique=False)
    op.create_table(
        "assistance_plan",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_plan")),
        sa.UniqueConstraint("year", "title", name=op.f("uq_assistance_plan_year_title")),
    )
    op.create_table(
        "catalogue_category",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("parent_slug", sa.String(), nullable=True),
        sa.Column("root_slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(parent_slug IS NULL) = (root_slug = slug)", name=op.f("ck_catalogue_category_root_of_itself")
        ),
        sa.ForeignKeyConstraint(
            ["parent_slug"], ["catalogue_category.slug"], name=op.f("fk_catalogue_category_parent_slug")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_catalogue_category")),
    )
    op.create_index(op.f("ix_catalogue_category_parent_slug"), "catalogue_category", ["parent_slug"], unique=False)
    op.create_index(op.f("ix_catalogue_category_root_slug"), "catalogue_category", ["root_slug"], unique=False)
    op.create_table(
        "catalogue_image",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_image")),
        sa.UniqueConstraint("digest", name=op.f("uq_catalogue_image_digest")),
    )
    op.create_table(
        "core_allowance",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_core_allowance")),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_core_allowance_free_at", "core_allowance", ["free_at"], unique=False)
    op.create_table(
        "core_event",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_event")),
        info={"append_only": True},
    )
    op.create_index("ix_core_event_subject", "core_event", ["subject"], unique=False)
    op.create_table(
        "core_heartbeat",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_core_heartbeat")),
    )
    op.create_table(
        "core_idempotency",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", postgresql.BYTEA(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("body", postgresql.BYTEA(), nullable=True),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_core_idempotency")),
    )
    op.create_index("ix_core_idempotency_created_at", "core_idempotency", ["created_at"], unique=False)
    op.create_table(
        "core_installation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_core_installation")),
    )
    op.create_table(
        "fulfilment_shipment",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("reference", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'delivered') = (delivered_at IS NOT NULL)", name=op.f("ck_fulfilment_shipment_delivered")
        ),
        sa.CheckConstraint(
            "carrier IN ('SF', 'ZTO', 'YTO', 'STO', 'YD', 'EMS', 'YZPY', 'JD', 'DBL')",
            name=op.f("ck_fulfilment_shipment_carrier"),
        ),
        sa.CheckConstraint("status IN ('dispatched', 'delivered')", name=op.f("ck_fulfilment_shipment_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilment_shipment")),
        sa.UniqueConstraint(
            "carrier",
            "tracking_number",
            "reference",
            name=op.f("uq_fulfilment_shipment_carrier_tracking_number_reference"),
        ),
    )
    op.create_index("ix_fulfilment_shipment_reference", "fulfilment_shipment", ["reference"], unique=False)
    op.create_table(
        "identity_account",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(phone_sealed IS NULL) = (phone_index IS NULL)", name=op.f("ck_identity_account_phone")),
        sa.CheckConstraint(
            "username IS NOT NULL OR phone_index IS NOT NULL", name=op.f("ck_identity_account_reachable")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_account")),
        sa.UniqueConstraint("phone_index", name="uq_identity_account_phone_index"),
        sa.UniqueConstraint("username", name="uq_identity_account_username"),
    )
    op.create_table(
        "identity_sign_in_failure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_sign_in_failure")),
    )
    op.create_index(op.f("ix_identity_sign_in_failure_at"), "identity_sign_in_failure", ["at"], unique=False)
    op.create_index(
        "ix_identity_sign_in_failure_subject_at", "identity_sign_in_failure", ["subject", "at"], unique=False
    )
    op.create_table(
        "partners_partner",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("stores_count", sa.Integer(), nullable=False),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("rebate_bp", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('active', 'suspended')", name=op.f("ck_partners_partner_status")),
        sa.CheckConstraint("rebate_bp BETWEEN 0 AND 10000", name=op.f("ck_partners_partner_rebate_bp")),
        sa.CheckConstraint("stores_count >= 0", name=op.f("ck_partners_partner_stores_count")),
        sa.CheckConstraint("term_days BETWEEN 0 AND 60", name=op.f("ck_partners_partner_term_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners_partner")),
        sa.UniqueConstraint("code", name="uq_partners_partner_code"),
        sa.UniqueConstraint("uscc", name="uq_partners_partner_uscc"),
    )
    op.create_table(
        "payments_notification",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("notification_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "notification_id", name=op.f("pk_payments_notification")),
    )
    op.create_table(
        "payments_payment",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reference", sa.UUID(), nullable=False),
        sa.Column("payer_id", sa.UUID(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("code_url", sa.Text(), nullable=True),
        sa.Column("remittance_code", sa.Text(), nullable=True),
        sa.Column("provider_transaction", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'captured') = (captured_at IS NOT NULL) AND (captured_at IS NULL) = (provider_transaction IS NULL)",
            name=op.f("ck_payments_payment_captured"),
        ),
        sa.CheckConstraint(
            "provider IN ('sandbox', 'wechat_native', 'bank_transfer')", name=op.f("ck_payments_payment_provider")
        ),
        sa.CheckConstraint(
            "refunded_fen BETWEEN 0 AND amount_fen AND (refunded_fen = 0 OR status = 'captured')",
            name=op.f("ck_payments_payment_refunded"),
        ),
        sa.CheckConstraint("status <> 'closed' OR closed_at IS NOT NULL", name=op.f("ck_payments_payment_closed")),
        sa.CheckConstraint("status IN ('pending', 'closed', 'captured')", name=op.f("ck_payments_payment_status")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payments_payment_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments_payment")),
        sa.UniqueConstraint(
            "provider", "provider_transaction", name=op.f("uq_payments_payment_provider_provider_transaction")
        ),
    )
    op.create_index("ix_payments_payment_reference", "payments_payment", ["reference"], unique=False)
    op.create_index(
        "uq_payments_payment_open",
        "payments_payment",
        ["reference", "provider", "amount_fen"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "suppliers_township",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_suppliers_township")),
    )
    op.create_table(
        "assistance_aspect",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("plan_id", sa.UUID(), nullable=False),
        sa.Column("no", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["assistance_plan.id"], name=op.f("fk_assistance_aspect_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_aspect")),
        sa.UniqueConstraint("plan_id", "no", name=op.f("uq_assistance_aspect_plan_id_no")),
    )
    op.create_table(
        "core_delivery",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("listener", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("by_courier", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.UUID(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["core_event.id"], name=op.f("fk_core_delivery_event_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_core_delivery")),
    )
    op.create_index(
        "ix_core_delivery_due",
        "core_delivery",
        ["by_courier", "position"],
        unique=False,
        postgresql_where=sa.text("parked_at IS NULL"),
    )
    op.create_index(op.f("ix_core_delivery_event_id"), "core_delivery", ["event_id"], unique=False)
    op.create_index("ix_core_delivery_lane", "core_delivery", ["lane", "subject", "position"], unique=False)
    op.create_table(
        "fulfilment_shipment_line",
        sa.Column("shipment_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line_reference", sa.UUID(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("lot_code", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_fulfilment_shipment_line_quantity")),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["fulfilment_shipment.id"], name=op.f("fk_fulfilment_shipment_line_shipment_id")
        ),
        sa.PrimaryKeyConstraint("shipment_id", "position", name=op.f("pk_fulfilment_shipment_line")),
    )
    op.create_index(
        op.f("ix_fulfilment_shipment_line_line_reference"), "fulfilment_shipment_line", ["line_reference"], unique=False
    )
    op.create_table(
        "identity_api_key",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('supplier', 'partner')", name=op.f("ck_identity_api_key_role")),
        sa.ForeignKeyConstraint(["created_by"], ["identity_account.id"], name=op.f("fk_identity_api_key_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_api_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_identity_api_key_digest")),
    )
    op.create_index(op.f("ix_identity_api_key_created_by"), "identity_api_key", ["created_by"], unique=False)
    op.create_index("ix_identity_api_key_scope_id_id", "identity_api_key", ["scope_id", "id"], unique=False)
    op.create_table(
        "identity_grant",
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.UUID(), nullable=True),
        sa.CheckConstraint(
            "(role IN ('supplier', 'partner')) = (scope_id IS NOT NULL)", name=op.f("ck_identity_grant_scope")
        ),
        sa.CheckConstraint(
            "role IN ('buyer', 'supplier', 'partner', 'officer', 'operator')", name=op.f("ck_identity_grant_role")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["identity_account.id"], name=op.f("fk_identity_grant_account_id")),
        sa.PrimaryKeyConstraint("account_id", "role", name=op.f("pk_identity_grant")),
    )
    op.create_table(
        "identity_refresh_token",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["identity_account.id"], name=op.f("fk_identity_refresh_token_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_refresh_token")),
    )
    op.create_index(
        op.f("ix_identity_refresh_token_account_id"), "identity_refresh_token", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_identity_refresh_token_expires_at"), "identity_refresh_token", ["expires_at"], unique=False
    )
    op.create_table(
        "orders_order",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("buyer_id", sa.UUID(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("address_sealed", postgresql.BYTEA(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_id", sa.UUID(), nullable=True),
        sa.Column("goods_fen", sa.BigInteger(), nullable=False),
        sa.Column("discount_fen", sa.BigInteger(), nullable=False),
        sa.Column("freight_fen", sa.BigInteger(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "goods_fen >= 0 AND discount_fen >= 0 AND freight_fen >= 0 AND total_fen >= 0",
            name=op.f("ck_orders_order_signs"),
        ),
        sa.CheckConstraint("total_fen = goods_fen - discount_fen + freight_fen", name=op.f("ck_orders_order_total")),
        sa.ForeignKeyConstraint(["buyer_id"], ["identity_account.id"], name=op.f("fk_orders_order_buyer_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments_payment.id"], name=op.f("fk_orders_order_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_order")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_order_number")),
    )
    op.create_index("ix_orders_order_buyer", "orders_order", ["buyer_id", "id"], unique=False)
    op.create_index("ix_orders_order_paid_at", "orders_order", ["paid_at"], unique=False)
    op.create_index(op.f("ix_orders_order_payment_id"), "orders_order", ["payment_id"], unique=False)
    op.create_table(
        "payments_refund",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("payment_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("reference", sa.UUID(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("provider_refund", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'requested') = (settled_at IS NULL)", name=op.f("ck_payments_refund_settled")),
        sa.CheckConstraint("status IN ('requested', 'succeeded', 'failed')", name=op.f("ck_payments_refund_status")),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (provider_refund IS NULL)", name=op.f("ck_payments_refund_provider_refund")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payments_refund_amount")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments_payment.id"], name=op.f("fk_payments_refund_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments_refund")),
        sa.UniqueConstraint("number", name=op.f("uq_payments_refund_number")),
        sa.UniqueConstraint("reference", name=op.f("uq_payments_refund_reference")),
    )
    op.create_index(op.f("ix_payments_refund_payment_id"), "payments_refund", ["payment_id"], unique=False)
    op.create_table(
        "suppliers_supplier",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("township_code", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("licence_no", sa.Text(), nullable=True),
        sa.Column("taxpayer", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("linked_since", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('company', 'coop', 'family_farm', 'sole', 'collective')", name=op.f("ck_suppliers_supplier_kind")
        ),
        sa.CheckConstraint("status IN ('applied', 'approved', 'suspended')", name=op.f("ck_suppliers_supplier_status")),
        sa.CheckConstraint("taxpayer IN ('small', 'general')", name=op.f("ck_suppliers_supplier_taxpayer")),
        sa.ForeignKeyConstraint(
            ["township_code"], ["suppliers_township.code"], name=op.f("fk_suppliers_supplier_township_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppliers_supplier")),
        sa.UniqueConstraint("code", name="uq_suppliers_supplier_code"),
        sa.UniqueConstraint("uscc", name="uq_suppliers_supplier_uscc"),
    )
    op.create_index(op.f("ix_suppliers_supplier_status"), "suppliers_supplier", ["status"], unique=False)
    op.create_index(op.f("ix_suppliers_supplier_township_code"), "suppliers_supplier", ["township_code"], unique=False)
    op.create_table(
        "assistance_measure",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("plan_id", sa.UUID(), nullable=False),
        sa.Column("aspect_id", sa.UUID(), nullable=False),
        sa.Column("no", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("goal_code", sa.Text(), nullable=True),
        sa.Column("by_account", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(["aspect_id"], ["assistance_aspect.id"], name=op.f("fk_assistance_measure_aspect_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["assistance_plan.id"], name=op.f("fk_assistance_measure_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assistance_measure")),
        sa.UniqueConstraint("plan_id", "no", name=op.f("uq_assistance_measure_plan_id_no")),
    )
    op.create_index(op.f("ix_assistance_measure_aspect_id"), "assistance_measure", ["aspect_id"], unique=False)
    op.create_table(
        "catalogue_product",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("category_slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("township_code", sa.Text(), nullable=False),
        sa.Column("village", sa.String(), nullable=False),
        sa.Column("season_opens", sa.String(), nullable=True),
        sa.Column("season_closes", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("image_id", sa.UUID(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "season_opens ~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' AND season_closes ~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'",
            name=op.f("ck_catalogue_product_season_days"),
        ),
        sa.CheckConstraint(
            "status <> 'published' OR published_at IS NOT NULL", name=op.f("ck_catalogue_product_published_at")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'published', 'withdrawn')", name=op.f("ck_catalogue_product_status")
        ),
        sa.CheckConstraint(
            "(season_opens IS NULL) = (season_closes IS NULL)", name=op.f("ck_catalogue_product_whole_season")
        ),
        sa.ForeignKeyConstraint(
            ["category_slug"], ["catalogue_category.slug"], name=op.f("fk_catalogue_product_category_slug")
        ),
        sa.ForeignKeyConstraint(["image_id"], ["catalogue_image.id"], name=op.f("fk_catalogue_product_image_id")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_catalogue_product_supplier_id")
        ),
        sa.ForeignKeyConstraint(
            ["township_code"], ["suppliers_township.code"], name=op.f("fk_catalogue_product_township_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_product")),
        sa.UniqueConstraint("slug", name=op.f("uq_catalogue_product_slug")),
    )
    op.create_index(op.f("ix_catalogue_product_category_slug"), "catalogue_product", ["category_slug"], unique=False)
    op.create_index(op.f("ix_catalogue_product_image_id"), "catalogue_product", ["image_id"], unique=False)
    op.create_index("ix_catalogue_product_supplier_id_id", "catalogue_product", ["supplier_id", "id"], unique=False)
    op.create_index(op.f("ix_catalogue_product_township_code"), "catalogue_product", ["township_code"], unique=False)
    op.create_table(
        "orders_supplier_order",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("goods_fen", sa.BigInteger(), nullable=False),
        sa.Column("discount_fen", sa.BigInteger(), nullable=False),
        sa.Column("freight_fen", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending_payment', 'paid', 'shipped', 'delivered', 'completed', 'cancelled', 'expired', 'refunded')",
            name=op.f("ck_orders_supplier_order_status"),
        ),
        sa.CheckConstraint(
            "amount_fen = goods_fen - discount_fen + freight_fen", name=op.f("ck_orders_supplier_order_amount")
        ),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND amount_fen", name=op.f("ck_orders_supplier_order_refunded")),
        sa.ForeignKeyConstraint(["order_id"], ["orders_order.id"], name=op.f("fk_orders_supplier_order_order_id")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_orders_supplier_order_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_supplier_order")),
        sa.UniqueConstraint("order_id", "supplier_id", name=op.f("uq_orders_supplier_order_order_id_supplier_id")),
    )
    op.create_index("ix_orders_supplier_order_completed_at", "orders_supplier_order", ["completed_at"], unique=False)
    op.create_index(
        "ix_orders_supplier_order_due",
        "orders_supplier_order",
        ["status", "due_at"],
        unique=False,
        postgresql_where="due_at IS NOT NULL",
    )
    op.create_index(
        "ix_orders_supplier_order_supplier", "orders_supplier_order", ["supplier_id", "status", "id"], unique=False
    )
    op.create_table(
        "pricing_freight_template",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=True),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_pricing_freight_template_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pricing_freight_template")),
    )
    op.create_index(
        "uq_pricing_freight_template_house",
        "pricing_freight_template",
        ["code"],
        unique=True,
        postgresql_where=sa.text("supplier_id IS NULL"),
    )
    op.create_index(
        "uq_pricing_freight_template_supplier",
        "pricing_freight_template",
        ["supplier_id"],
        unique=True,
        postgresql_where=sa.text("supplier_id IS NOT NULL"),
    )
    op.create_table(
        "catalogue_sku",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("product_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("net_content", sa.String(), nullable=False),
        sa.Column("net_weight_g", sa.Integer(), nullable=False),
        sa.Column("gross_weight_g", sa.Integer(), nullable=False),
        sa.Column("case_pack", sa.Integer(), nullable=False),
        sa.Column("gtin13", sa.String(), nullable=True),
        sa.Column("itf14", sa.String(), nullable=True),
        sa.Column("retail", sa.Boolean(), nullable=False),
        sa.Column("wholesale", sa.Boolean(), nullable=False),
        sa.Column("shelf_life_days", sa.Integer(), nullable=False),
        sa.Column("tax_rate_bp", sa.Integer(), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.CheckConstraint("case_pack >= 1 AND shelf_life_days >= 1", name=op.f("ck_catalogue_sku_positive")),
        sa.CheckConstraint(
            "net_weight_g > 0 AND gross_weight_g >= net_weight_g", name=op.f("ck_catalogue_sku_weights")
        ),
        sa.CheckConstraint("tax_rate_bp BETWEEN 0 AND 10000", name=op.f("ck_catalogue_sku_tax_rate_bp")),
        sa.ForeignKeyConstraint(["product_id"], ["catalogue_product.id"], name=op.f("fk_catalogue_sku_product_id")),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_catalogue_sku")),
        sa.UniqueConstraint("gtin13", name=op.f("uq_catalogue_sku_gtin13")),
        sa.UniqueConstraint("itf14", name=op.f("uq_catalogue_sku_itf14")),
        sa.UniqueConstraint("product_id", "position", name=op.f("uq_catalogue_sku_product_id_position")),
    )
    op.create_table(
        "orders_refund",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("supplier_order_id", sa.UUID(), nullable=False),
        sa.Column("payment_id", sa.UUID(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("freight_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'settled') = (settled_at IS NOT NULL)", name=op.f("ck_orders_refund_settled")),
        sa.CheckConstraint("status IN ('requested', 'settled')", name=op.f("ck_orders_refund_status")),
        sa.CheckConstraint(
            "amount_fen > 0 AND freight_fen BETWEEN 0 AND amount_fen", name=op.f("ck_orders_refund_amount")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["identity_account.id"], name=op.f("fk_orders_refund_asked_by")),
        sa.ForeignKeyConstraint(["order_id"], ["orders_order.id"], name=op.f("fk_orders_refund_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments_payment.id"], name=op.f("fk_orders_refund_payment_id")),
        sa.ForeignKeyConstraint(
            ["supplier_order_id"], ["orders_supplier_order.id"], name=op.f("fk_orders_refund_supplier_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_refund")),
    )
    op.create_index(op.f("ix_orders_refund_asked_by"), "orders_refund", ["asked_by"], unique=False)
    op.create_index(op.f("ix_orders_refund_order_id"), "orders_refund", ["order_id"], unique=False)
    op.create_index(op.f("ix_orders_refund_payment_id"), "orders_refund", ["payment_id"], unique=False)
    op.create_index("ix_orders_refund_settled_at", "orders_refund", ["settled_at"], unique=False)
    op.create_index(op.f("ix_orders_refund_supplier_order_id"), "orders_refund", ["supplier_order_id"], unique=False)
    op.create_table(
        "pricing_freight_rule",
        sa.Column("template_id", sa.UUID(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("first_weight_g", sa.Integer(), nullable=False),
        sa.Column("first_fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("step_weight_g", sa.Integer(), nullable=False),
        sa.Column("step_fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("free_over_fen", sa.BigInteger(), nullable=True),
        sa.Column("deliverable", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "region IN ('') OR region ~ '^([0-9]{2}|[0-9]{4}|[0-9]{6})$'", name=op.f("ck_pricing_freight_rule_region")
        ),
        sa.CheckConstraint(
            "first_weight_g >= 0 AND first_fee_fen >= 0 AND step_weight_g > 0 AND step_fee_fen >= 0",
            name=op.f("ck_pricing_freight_rule_sane"),
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["pricing_freight_template.id"], name=op.f("fk_pricing_freight_rule_template_id")
        ),
        sa.PrimaryKeyConstraint("template_id", "region", name=op.f("pk_pricing_freight_rule")),
    )
    op.create_table(
        "storefront_shelf",
        sa.Column("product_id", sa.UUID(), nullable=False),
        sa.Column("root_slug", sa.String(), nullable=False),
        sa.Column("leaf_slug", sa.String(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("township_code", sa.Text(), nullable=False),
        sa.Column("price_from_fen", sa.BigInteger(), nullable=False),
        sa.Column("in_stock", sa.Boolean(), nullable=False),
        sa.Column("sales", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("season_opens", sa.String(), nullable=True),
        sa.Column("season_closes", sa.String(), nullable=True),
        sa.Column("perishable", sa.Boolean(), nullable=False),
        sa.Column("named", postgresql.TSVECTOR(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.Column("face", sa.String(), nullable=False),
        sa.Column("words_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("price_from_fen > 0 AND sales >= 0", name=op.f("ck_storefront_shelf_figures")),
        sa.ForeignKeyConstraint(["leaf_slug"], ["catalogue_category.slug"], name=op.f("fk_storefront_shelf_leaf_slug")),
        sa.ForeignKeyConstraint(["product_id"], ["catalogue_product.id"], name=op.f("fk_storefront_shelf_product_id")),
        sa.ForeignKeyConstraint(["root_slug"], ["catalogue_category.slug"], name=op.f("fk_storefront_shelf_root_slug")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_storefront_shelf_supplier_id")
        ),
        sa.ForeignKeyConstraint(
            ["township_code"], ["suppliers_township.code"], name=op.f("fk_storefront_shelf_township_code")
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_storefront_shelf")),
    )
    op.create_index(
        "ix_storefront_shelf_leaf_slug_price_from_fen",
        "storefront_shelf",
        ["leaf_slug", "price_from_fen", "product_id"],
        unique=False,
    )
    op.create_index(
        "ix_storefront_shelf_leaf_slug_published_at",
        "storefront_shelf",
        ["leaf_slug", "published_at", "product_id"],
        unique=False,
    )
    op.create_index(
        "ix_storefront_shelf_leaf_slug_sales", "storefront_shelf", ["leaf_slug", "sales", "product_id"], unique=False
    )
    op.create_index(
        "ix_storefront_shelf_named",
        "storefront_shelf",
        ["named"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )
    op.create_index(
        "ix_storefront_shelf_price_from_fen", "storefront_shelf", ["price_from_fen", "product_id"], unique=False
    )
    op.create_index(
        "ix_storefront_shelf_published_at", "storefront_shelf", ["published_at", "product_id"], unique=False
    )
    op.create_index(
        "ix_storefront_shelf_root_slug_price_from_fen",
        "storefront_shelf",
        ["root_slug", "price_from_fen", "product_id"],
        unique=False,
    )
    op.create_index(
        "ix_storefront_shelf_root_slug_published_at",
        "storefront_shelf",
        ["root_slug", "published_at", "product_id"],
        unique=False,
    )
    op.create_index(
        "ix_storefront_shelf_root_slug_sales", "storefront_shelf", ["root_slug", "sales", "product_id"], unique=False
    )
    op.create_index("ix_storefront_shelf_sales", "storefront_shelf", ["sales", "product_id"], unique=False)
    op.create_index(
        "ix_storefront_shelf_season_opens",
        "storefront_shelf",
        ["season_opens"],
        unique=False,
        postgresql_where=sa.text("perishable"),
    )
    op.create_index("ix_storefront_shelf_supplier_id", "storefront_shelf", ["supplier_id"], unique=False)
    op.create_index("ix_storefront_shelf_township_code", "storefront_shelf", ["township_code"], unique=False)
    op.create_index(
        "ix_storefront_shelf_words",
        "storefront_shelf",
        ["words"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )
    op.create_index("ix_storefront_shelf_words_version", "storefront_shelf", ["words_version"], unique=False)
    op.create_table(
        "inventory_stock",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reserved", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reserved >= 0 AND reserved <= on_hand", name=op.f("ck_inventory_stock_promised_goods_exist")
        ),
        sa.ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], name=op.f("fk_inventory_stock_sku")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_inventory_stock_supplier_id")
        ),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_inventory_stock")),
    )
    op.create_index("ix_inventory_stock_supplier_id_sku", "inventory_stock", ["supplier_id", "sku"], unique=False)
    op.create_table(
        "orders_line",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("order_id", sa.UUID(), nullable=False),
        sa.Column("supplier_order_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("product_id", sa.UUID(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("shipped_quantity", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refunded_quantity", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("discount_fen", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("supplier_name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("township_code", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=False),
        sa.Column("village", sa.Text(), nullable=False),
        sa.Column("net_weight_g", sa.Integer(), nullable=False),
        sa.Column("tax_rate_bp", sa.Integer(), nullable=True),
        sa.Column("assisted", sa.Boolean(), nullable=False),
        sa.Column("self_purchase", sa.Boolean(), nullable=False),
        sa.Column("lot_code", sa.Text(), nullable=True),
        sa.CheckConstraint("amount_fen = unit_price_fen * quantity - discount_fen", name=op.f("ck_orders_line_amount")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_orders_line_quantity")),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND amount_fen", name=op.f("ck_orders_line_refunded")),
        sa.CheckConstraint("refunded_quantity BETWEEN 0 AND quantity", name=op.f("ck_orders_line_refunded_quantity")),
        sa.CheckConstraint("shipped_quantity BETWEEN 0 AND quantity", name=op.f("ck_orders_line_shipped")),
        sa.ForeignKeyConstraint(["order_id"], ["orders_order.id"], name=op.f("fk_orders_line_order_id")),
        sa.ForeignKeyConstraint(["product_id"], ["catalogue_product.id"], name=op.f("fk_orders_line_product_id")),
        sa.ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], name=op.f("fk_orders_line_sku")),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_orders_line_supplier_id")),
        sa.ForeignKeyConstraint(
            ["supplier_order_id"], ["orders_supplier_order.id"], name=op.f("fk_orders_line_supplier_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_line")),
        sa.UniqueConstraint("order_id", "sku", name=op.f("uq_orders_line_order_id_sku")),
    )
    op.create_index(op.f("ix_orders_line_product_id"), "orders_line", ["product_id"], unique=False)
    op.create_index(op.f("ix_orders_line_sku"), "orders_line", ["sku"], unique=False)
    op.create_index(op.f("ix_orders_line_supplier_id"), "orders_line", ["supplier_id"], unique=False)
    op.create_index(op.f("ix_orders_line_supplier_order_id"), "orders_line", ["supplier_order_id"], unique=False)
    op.create_table(
        "pricing_price",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("sku", sa.String(length=32), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_account", sa.UUID(), nullable=True),
        sa.CheckConstraint("price_fen BETWEEN 1 AND 10000000", name=op.f("ck_pricing_price_sane")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_pricing_price_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], name=op.f("fk_pricing_price_sku")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pricing_price")),
    )
    op.create_index("ix_pricing_price_sku_valid_from", "pricing_price", ["sku", "valid_from"], unique=False)
    op.create_index(
        "uq_pricing_price_current", "pricing_price", ["sku"], unique=True, postgresql_where=sa.text("valid_to IS NULL")
    )
    op.create_table(
        "inventory_lot",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("harvested_on", sa.Date(), nullable=True),
        sa.Column("produced_on", sa.Date(), nullable=True),
        sa.Column("best_before", sa.Date(), nullable=False),
        sa.Column("village", sa.String(length=100), nullable=True),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("trace_code", sa.String(length=16), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_inventory_lot_not_negative")),
        sa.ForeignKeyConstraint(["sku"], ["inventory_stock.sku"], name=op.f("fk_inventory_lot_sku")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_lot")),
        sa.UniqueConstraint("sku", "code", name=op.f("uq_inventory_lot_sku_code")),
        sa.UniqueConstraint("trace_code", name=op.f("uq_inventory_lot_trace_code")),
    )
    op.create_table(
        "inventory_reservation",
        sa.Column("reference", sa.UUID(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_inventory_reservation_holds_something")),
        sa.ForeignKeyConstraint(["sku"], ["inventory_stock.sku"], name=op.f("fk_inventory_reservation_sku")),
        sa.PrimaryKeyConstraint("reference", "sku", name=op.f("pk_inventory_reservation")),
    )
    op.create_index(op.f("ix_inventory_reservation_sku"), "inventory_reservation", ["sku"], unique=False)
    op.create_table(
        "orders_refund_line",
        sa.Column("refund_id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen >= 0 AND quantity >= 0", name=op.f("ck_orders_refund_line_signs")),
        sa.ForeignKeyConstraint(["line_id"], ["orders_line.id"], name=op.f("fk_orders_refund_line_line_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["orders_refund.id"], name=op.f("fk_orders_refund_line_refund_id")),
        sa.PrimaryKeyConstraint("refund_id", "line_id", name=op.f("pk_orders_refund_line")),
    )
    op.create_index(op.f("ix_orders_refund_line_line_id"), "orders_refund_line", ["line_id"], unique=False)
    op.create_table(
        "inventory_movement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("lot_id", sa.UUID(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("on_hand_delta", sa.BigInteger(), nullable=False),
        sa.Column("reserved_delta", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.UUID(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("by_account", sa.UUID(), nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('received', 'set', 'adjusted', 'reserved', 'released', 'shipped', 'returned')",
            name=op.f("ck_inventory_movement_kind"),
        ),
        sa.CheckConstraint(
            "on_hand_delta <> 0 OR reserved_delta <> 0", name=op.f("ck_inventory_movement_moves_something")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["inventory_lot.id"], name=op.f("fk_inventory_movement_lot_id")),
        sa.ForeignKeyConstraint(["sku"], ["inventory_stock.sku"], name=op.f("fk_inventory_movement_sku")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_movement")),
        info={"append_only": True},
    )
    op.create_index(
        "ix_inventory_movement_lot_id",
        "inventory_movement",
        ["lot_id"],
        unique=False,
        postgresql_where=sa.text("lot_id IS NOT NULL"),
    )
    op.create_index(
        "ix_inventory_movement_sku_effective_at", "inventory_movement", ["sku", "effective_at"], unique=False
    )
    op.create_index("ix_inventory_movement_sku_id", "inventory_movement", ["sku", "id"], unique=False)
    op.execute(REFUSE_CHANGE)
    for table in LEDGERS:
        op.execute(REFUSED_ON.format(table=table))


def downgrade() -> None:
    op.drop_index("ix_inventory_movement_sku_id", table_name="inventory_movement")
    op.drop_index("ix_inventory_movement_sku_effective_at", table_name="inventory_movement")
    op.drop_index(
        "ix_inventory_movement_lot_id", table_name="inventory_movement", postgresql_where=sa.text("lot_id IS NOT NULL")
    )
    op.drop_table("inventory_movement")
    op.drop_index(op.f("ix_orders_refund_line_line_id"), table_name="orders_refund_line")
    op.drop_table("orders_refund_line")
    op.drop_index(op.f("ix_inventory_reservation_sku"), table_name="inventory_reservation")
    op.drop_table("inventory_reservation")
    op.drop_table("inventory_lot")
    op.drop_index("uq_pricing_price_current", table_name="pricing_price", postgresql_where=sa.text("valid_to IS NULL"))
    op.drop_index("ix_pricing_price_sku_valid_from", table_name="pricing_price")
    op.drop_table("pricing_price")
    op.drop_index(op.f("ix_orders_line_supplier_order_id"), table_name="orders_line")
    op.drop_index(op.f("ix_orders_line_supplier_id"), table_name="orders_line")
    op.drop_index(op.f("ix_orders_line_sku"), table_name="orders_line")
    op.drop_index(op.f("ix_orders_line_product_id"), table_name="orders_line")
    op.drop_table("orders_line")
    op.drop_index("ix_inventory_stock_supplier_id_sku", table_name="inventory_stock")
    op.drop_table("inventory_stock")
    op.drop_index("ix_storefront_shelf_words_version", table_name="storefront_shelf")
    op.drop_index(
        "ix_storefront_shelf_words",
        table_name="storefront_shelf",
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )
    op.drop_index("ix_storefront_shelf_township_code", table_name="storefront_shelf")
    op.drop_index("ix_storefront_shelf_supplier_id", table_name="storefront_shelf")
    op.drop_index(
        "ix_storefront_shelf_season_opens", table_name="storefront_shelf", postgresql_where=sa.text("perishable")
    )
    op.drop_index("ix_storefront_shelf_sales", table_name="storefront_shelf")
    op.drop_index("ix_storefront_shelf_root_slug_sales", table_name="storefront_shelf")
    op.drop_index("ix_storefront_shelf_root_slug_published_at", table_name="storefront_shelf")
    op.drop_index("ix_storefront_shelf_root_slug_price_from_fen", table_name="storefront_shelf")
    op.drop_index("ix_storefront_shelf_published_at", table_name="storefront_shelf")
    op.drop_index("ix_storefront_shelf_price_from_fen", table_name="storefront_shelf")
    op.drop_index(
        "ix_storefront_shelf_named",
        table_name="storefront_shelf",
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )
    op.drop_index("ix_storefront_shelf_leaf_slug_sales", table_name="storefront_shelf")
    op.drop_index("ix_storefront_shelf_leaf_slug_published_at", table_name="storefront_shelf")
    op.drop_index("ix_storefront_shelf_leaf_slug_price_from_fen", table_name="storefront_shelf")
    op.drop_table("storefront_shelf")
    op.drop_table("pricing_freight_rule")
    op.drop_index(op.f("ix_orders_refund_supplier_order_id"), table_name="orders_refund")
    op.drop_index("ix_orders_refund_settled_at", table_name="orders_refund")
    op.drop_index(op.f("ix_orders_refund_payment_id"), table_name="orders_refund")
    op.drop_index(op.f("ix_orders_refund_order_id"), table_name="orders_refund")
    op.drop_index(op.f("ix_orders_refund_asked_by"), table_name="orders_refund")
    op.drop_table("orders_refund")
    op.drop_table("catalogue_sku")
    op.drop_index(
        "uq_pricing_freight_template_supplier",
        table_name="pricing_freight_template",
        postgresql_where=sa.text("supplier_id IS NOT NULL"),
    )
    op.drop_index(
        "uq_pricing_freight_template_house",
        table_name="pricing_freight_template",
        postgresql_where=sa.text("supplier_id IS NULL"),
    )
    op.drop_table("pricing_freight_template")
    op.drop_index("ix_orders_supplier_order_supplier", table_name="orders_supplier_order")
    op.drop_index(
        "ix_orders_supplier_order_due", table_name="orders_supplier_order", postgresql_where="due_at IS NOT NULL"
    )
    op.drop_index("ix_orders_supplier_order_completed_at", table_name="orders_supplier_order")
    op.drop_table("orders_supplier_order")
    op.drop_index(op.f("ix_catalogue_product_township_code"), table_name="catalogue_product")
    op.drop_index("ix_catalogue_product_supplier_id_id", table_name="catalogue_product")
    op.drop_index(op.f("ix_catalogue_product_image_id"), table_name="catalogue_product")
    op.drop_index(op.f("ix_catalogue_product_category_slug"), table_name="catalogue_product")
    op.drop_table("catalogue_product")
    op.drop_index(op.f("ix_assistance_measure_aspect_id"), table_name="assistance_measure")
    op.drop_table("assistance_measure")
    op.drop_index(op.f("ix_suppliers_supplier_township_code"), table_name="suppliers_supplier")
    op.drop_index(op.f("ix_suppliers_supplier_status"), table_name="suppliers_supplier")
    op.drop_table("suppliers_supplier")
    op.drop_index(op.f("ix_payments_refund_payment_id"), table_name="payments_refund")
    op.drop_table("payments_refund")
    op.drop_index(op.f("ix_orders_order_payment_id"), table_name="orders_order")
    op.drop_index("ix_orders_order_paid_at", table_name="orders_order")
    op.drop_index("ix_orders_order_buyer", table_name="orders_order")
    op.drop_table("orders_order")
    op.drop_index(op.f("ix_identity_refresh_token_expires_at"), table_name="identity_refresh_token")
    op.drop_index(op.f("ix_identity_refresh_token_account_id"), table_name="identity_refresh_token")
    op.drop_table("identity_refresh_token")
    op.drop_table("identity_grant")
    op.drop_index("ix_identity_api_key_scope_id_id", table_name="identity_api_key")
    op.drop_index(op.f("ix_identity_api_key_created_by"), table_name="identity_api_key")
    op.drop_table("identity_api_key")
    op.drop_index(op.f("ix_fulfilment_shipment_line_line_reference"), table_name="fulfilment_shipment_line")
    op.drop_table("fulfilment_shipment_line")
    op.drop_index("ix_core_delivery_lane", table_name="core_delivery")
    op.drop_index(op.f("ix_core_delivery_event_id"), table_name="core_delivery")
    op.drop_index("ix_core_delivery_due", table_name="core_delivery", postgresql_where=sa.text("parked_at IS NULL"))
    op.drop_table("core_delivery")
    op.drop_table("assistance_aspect")
    op.drop_table("suppliers_township")
    op.drop_index(
        "uq_payments_payment_open", table_name="payments_payment", postgresql_where=sa.text("status = 'pending'")
    )
    op.drop_index("ix_payments_payment_reference", table_name="payments_payment")
    op.drop_table("payments_payment")
    op.drop_table("payments_notification")
    op.drop_table("partners_partner")
    op.drop_index("ix_identity_sign_in_failure_subject_at", table_name="identity_sign_in_failure")
    op.drop_index(op.f("ix_identity_sign_in_failure_at"), table_name="identity_sign_in_failure")
    op.drop_table("identity_sign_in_failure")
    op.drop_table("identity_account")
    op.drop_index("ix_fulfilment_shipment_reference", table_name="fulfilment_shipment")
    op.drop_table("fulfilment_shipment")
    op.drop_table("core_installation")
    op.drop_index("ix_core_idempotency_created_at", table_name="core_idempotency")
    op.drop_table("core_idempotency")
    op.drop_table("core_heartbeat")
    op.drop_index("ix_core_event_subject", table_name="core_event")
    op.drop_table("core_event")
    op.drop_index("ix_core_allowance_free_at", table_name="core_allowance")
    op.drop_table("core_allowance")
    op.drop_table("catalogue_image")
    op.drop_index(op.f("ix_catalogue_category_root_slug"), table_name="catalogue_category")
    op.drop_index(op.f("ix_catalogue_category_parent_slug"), table_name="catalogue_category")
    op.drop_table("catalogue_category")
    op.drop_table("assistance_plan")
    op.drop_index("ix_assistance_goal_starts_on", table_name="assistance_goal")
    op.drop_table("assistance_goal")
    op.drop_index(
        "uq_assistance_entry_sold_once", table_name="assistance_entry", postgresql_where=sa.text("kind = 'sale'")
    )
    op.drop_index(
        "ix_assistance_entry_reverses", table_name="assistance_entry", postgresql_where=sa.text("reverses IS NOT NULL")
    )
    op.drop_index("ix_assistance_entry_counted_on_id", table_name="assistance_entry")
    op.drop_table("assistance_entry")
    op.execute("DROP SEQUENCE orders_number_seq")
    op.execute("DROP FUNCTION core_refuse_change()")
