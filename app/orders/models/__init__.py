"""Tables of the orders module. What a sale needs to be understood later is copied onto its line when it happens."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Sequence, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from app.catalogue import SEALED
from app.core.db import Base, append_only, fen, instant, uid
from app.orders.lifecycle import Status
from app.orders.rules.weights import WeightCorrection

_STATUSES = ", ".join(f"'{status.value}'" for status in Status)

order_numbers = Sequence("orders_number_seq", metadata=Base.metadata)


class Order(Base):
    """What a buyer places and pays. Its status is derived from its supplier orders and stored nowhere.

    ``division_code`` is the county in which its buyer counts as located: of a person, where the goods go; of an
    organisation, also where it is registered (domain handbook §2.2). ``ext_832_order_no`` names the order on the 832
    platform under which the same sale is reported there (§2.5).
    """

    __tablename__ = "orders_order"
    __table_args__ = (
        Index(
            "ix_orders_order_ext_832_order_no",
            "ext_832_order_no",
            postgresql_where=text("ext_832_order_no IS NOT NULL"),
        ),
        CheckConstraint("total_fen = goods_fen - discount_fen + freight_fen", name="total"),
        CheckConstraint("(channel = 'organisation') = (organisation_id IS NOT NULL)", name="organisation"),
        CheckConstraint("ext_832_order_no IS NULL OR organisation_id IS NOT NULL", name="ext_832"),
        CheckConstraint("goods_fen >= 0 AND discount_fen >= 0 AND freight_fen >= 0 AND total_fen >= 0", name="signs"),
        Index("ix_orders_order_buyer", "buyer_id", "id"),
        Index("ix_orders_order_paid_at", "paid_at"),
    )

    id: Mapped[uid]
    number: Mapped[str] = mapped_column(Text, unique=True)
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    channel: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("buyers_organisation.id"), index=True)
    ext_832_order_no: Mapped[str | None] = mapped_column(Text)
    bulk_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders_bulk.id"), index=True)
    division_code: Mapped[str] = mapped_column(Text)
    address_sealed: Mapped[bytes] = mapped_column(BYTEA)
    note: Mapped[str | None] = mapped_column(Text)
    invoice_sealed: Mapped[bytes | None] = mapped_column(BYTEA)
    placed_at: Mapped[instant]
    expires_at: Mapped[instant]
    paid_at: Mapped[datetime | None]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments_payment.id"), index=True)
    goods_fen: Mapped[fen]
    discount_fen: Mapped[fen]
    freight_fen: Mapped[fen]
    total_fen: Mapped[fen]


class Bulk(Base):
    """Many orders that an organisation placed together, one for each recipient of a roster, and pays in one sum.

    Each order has its own address, parcels and life; what is paid is the sum of those that still wait for money.
    """

    __tablename__ = "orders_bulk"
    __table_args__ = (
        CheckConstraint("recipients > 0 AND total_fen > 0", name="signs"),
        CheckConstraint("(payment_id IS NULL) = (paid_at IS NULL)", name="paid"),
        Index("ix_orders_bulk_buyer", "buyer_id", "id"),
    )

    id: Mapped[uid]
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("buyers_organisation.id"), index=True)
    recipients: Mapped[int]
    total_fen: Mapped[fen]
    placed_at: Mapped[instant]
    expires_at: Mapped[instant]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments_payment.id"), index=True)
    paid_at: Mapped[datetime | None]


class Roster(Base):
    """A roster that was uploaded and not ordered yet: sealed as a whole, and kept for a day at most."""

    __tablename__ = "orders_roster"

    id: Mapped[uid]
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("buyers_organisation.id"), index=True)
    rows_sealed: Mapped[bytes] = mapped_column(BYTEA)
    uploaded_at: Mapped[datetime] = mapped_column(index=True)


class SupplierOrder(Base):
    """The part of an order that one supplier fulfils, with its own lifecycle.

    ``due_at`` is when the clock moves it on by itself: expiry while unpaid, confirmation once delivered.
    ``open_claims`` is how many claims keep it from being confirmed.
    ``refunded_fen`` counts refunds from the moment they are asked for, so that no two can exceed what was paid.
    ``ship_by`` is the day on which it leaves the house at the latest, frozen at payment by the days open then.
    """

    __tablename__ = "orders_supplier_order"
    __table_args__ = (
        UniqueConstraint("order_id", "supplier_id"),
        CheckConstraint("amount_fen = goods_fen - discount_fen + freight_fen", name="amount"),
        CheckConstraint("refunded_fen BETWEEN 0 AND amount_fen", name="refunded"),
        CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        CheckConstraint("open_claims >= 0", name="open_claims"),
        Index("ix_orders_supplier_order_supplier", "supplier_id", "status", "id"),
        Index("ix_orders_supplier_order_due", "status", "due_at", postgresql_where="due_at IS NOT NULL"),
        Index("ix_orders_supplier_order_completed_at", "completed_at"),
    )

    id: Mapped[uid]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders_order.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    status: Mapped[str] = mapped_column(Text)
    goods_fen: Mapped[fen]
    discount_fen: Mapped[fen]
    freight_fen: Mapped[fen]
    amount_fen: Mapped[fen]
    refunded_fen: Mapped[fen] = mapped_column(default=0, server_default="0")
    open_claims: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    due_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    ship_by: Mapped[date | None]


class OrderLine(Base):
    """One SKU of an order, with everything about it frozen as it was when the sale happened.

    ``subsidy_fen`` is the part of ``discount_fen`` that the seller does not bear: it is never counted as a sale (domain
    handbook §2.9), and it is owed to the seller all the same.
    ``cancelled_quantity`` are pieces that were cancelled before shipment and will never be sent. A line with
    ``ship_by`` was bought, at least in part, of a harvest to come: it leaves the house on that day at the latest.
    """

    __tablename__ = "orders_line"
    __table_args__ = (
        UniqueConstraint("order_id", "sku"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("shipped_quantity BETWEEN 0 AND quantity", name="shipped"),
        CheckConstraint(
            "cancelled_quantity >= 0 AND shipped_quantity + cancelled_quantity <= quantity", name="cancelled"
        ),
        CheckConstraint("amount_fen = unit_price_fen * quantity - discount_fen", name="amount"),
        CheckConstraint("subsidy_fen BETWEEN 0 AND discount_fen", name="subsidy"),
        CheckConstraint("refunded_fen BETWEEN 0 AND amount_fen", name="refunded"),
        CheckConstraint("refunded_quantity BETWEEN 0 AND quantity", name="refunded_quantity"),
        CheckConstraint(
            "return_days >= 0 AND claim_hours >= 0 AND bad_allow_bp BETWEEN 0 AND bad_full_bp AND bad_full_bp <= 10000",
            name="return_policy",
        ),
    )

    id: Mapped[uid]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders_order.id"))
    supplier_order_id: Mapped[UUID] = mapped_column(ForeignKey("orders_supplier_order.id"), index=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    sku: Mapped[str] = mapped_column(ForeignKey("catalogue_sku.sku"), index=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_product.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    product_name: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int]
    shipped_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    cancelled_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    refunded_quantity: Mapped[int] = mapped_column(default=0, server_default="0")
    unit_price_fen: Mapped[fen]
    discount_fen: Mapped[fen]
    subsidy_fen: Mapped[fen] = mapped_column(default=0, server_default="0")
    amount_fen: Mapped[fen]
    refunded_fen: Mapped[fen] = mapped_column(default=0, server_default="0")
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"), index=True)
    supplier_name: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    township_code: Mapped[str] = mapped_column(Text)
    township: Mapped[str] = mapped_column(Text)
    village: Mapped[str] = mapped_column(Text)
    net_weight_g: Mapped[int]
    tax_rate_bp: Mapped[int | None]
    assisted: Mapped[bool]
    self_purchase: Mapped[bool]
    lot_code: Mapped[str | None] = mapped_column(Text)
    return_policy: Mapped[str] = mapped_column(Text, server_default=SEALED.code)
    return_days: Mapped[int] = mapped_column(SmallInteger, server_default=str(SEALED.return_days))
    claim_hours: Mapped[int] = mapped_column(SmallInteger, server_default=str(SEALED.claim_hours))
    bad_allow_bp: Mapped[int] = mapped_column(SmallInteger, server_default=str(SEALED.bad_allow_bp))
    bad_full_bp: Mapped[int] = mapped_column(SmallInteger, server_default=str(SEALED.bad_full_bp))
    ship_by: Mapped[date | None]


class LineDiscount(Base):
    """What a promotion took off a line, and who pays it: frozen when the sale happened."""

    __tablename__ = "orders_line_discount"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("funder IN ('supplier', 'platform', 'district')", name="funder"),
    )

    line_id: Mapped[UUID] = mapped_column(ForeignKey("orders_line.id"), primary_key=True)
    promotion_id: Mapped[UUID] = mapped_column(ForeignKey("pricing_promotion.id"), primary_key=True, index=True)
    funder: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[fen]


append_only(Base.metadata.tables["orders_line_discount"])


class Cart(Base):
    """What somebody means to order. Without a buyer it is a guest's; claimed at sign-in, it says into which it went."""

    __tablename__ = "orders_cart"
    __table_args__ = (
        CheckConstraint("merged_into IS NULL OR buyer_id IS NULL", name="of_a_guest"),
        Index("uq_orders_cart_buyer_id", "buyer_id", unique=True, postgresql_where=text("buyer_id IS NOT NULL")),
        Index("ix_orders_cart_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index("ix_orders_cart_expires_at", "expires_at"),
    )

    id: Mapped[uid]
    buyer_id: Mapped[UUID | None] = mapped_column(ForeignKey("identity_account.id"))
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("orders_cart.id", ondelete="CASCADE"))
    created_at: Mapped[instant]
    expires_at: Mapped[instant]


class CartItem(Base):
    """So many of a SKU in a cart; ``price_fen`` is what one cost when it was put in, to tell the buyer of a change."""

    __tablename__ = "orders_cart_item"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    cart_id: Mapped[UUID] = mapped_column(ForeignKey("orders_cart.id", ondelete="CASCADE"), primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("catalogue_sku.sku"), primary_key=True, index=True)
    quantity: Mapped[int]
    price_fen: Mapped[fen]
    added_at: Mapped[instant]


class Refund(Base):
    """Money to be given back for one supplier order, and whether it has arrived.

    ``asked_by`` is nobody when a rule of the marketplace gave it. A failed one is asked for again, or paid by hand, by
    an operator (domain handbook §6.5).
    """

    __tablename__ = "orders_refund"
    __table_args__ = (
        CheckConstraint("amount_fen > 0 AND freight_fen BETWEEN 0 AND amount_fen", name="amount"),
        CheckConstraint("status IN ('requested', 'settled', 'failed')", name="status"),
        CheckConstraint("(status = 'settled') = (settled_at IS NOT NULL)", name="settled"),
        Index("ix_orders_refund_settled_at", "settled_at"),
    )

    id: Mapped[uid]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders_order.id"), index=True)
    supplier_order_id: Mapped[UUID] = mapped_column(ForeignKey("orders_supplier_order.id"), index=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments_payment.id"), index=True)
    amount_fen: Mapped[fen]
    freight_fen: Mapped[fen]
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("identity_account.id"), index=True)
    status: Mapped[str] = mapped_column(Text)
    requested_at: Mapped[instant]
    settled_at: Mapped[datetime | None]

    def become(self, status: str, *, settled_at: datetime | None = None) -> None:
        """Follow what became of the money: ``settled``, ``failed``, or ``requested`` again."""
        self.status, self.settled_at = status, settled_at


class RefundLine(Base):
    """The part of a refund that falls on one line."""

    __tablename__ = "orders_refund_line"
    __table_args__ = (CheckConstraint("amount_fen >= 0 AND quantity >= 0", name="signs"),)

    refund_id: Mapped[UUID] = mapped_column(ForeignKey("orders_refund.id"), primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("orders_line.id"), primary_key=True, index=True)
    quantity: Mapped[int]
    amount_fen: Mapped[fen]


class WeightCorrectionRow(Base):
    """What a supplier stated that pieces on their way really weigh, and what went back for it. Added, never changed.

    ``promised_g`` and ``stated_g`` are of one piece, ``refund_fen`` is for all ``quantity`` of them.
    """

    __tablename__ = "orders_weight_correction"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND promised_g > 0 AND stated_g > 0 AND tolerance_g >= 0", name="figures"),
        CheckConstraint("(refund_fen > 0) = (refund_id IS NOT NULL)", name="refund"),
        CheckConstraint("refund_fen = 0 OR promised_g - stated_g > tolerance_g", name="owed_beyond_tolerance"),
        Index("ix_orders_weight_correction_lot", "supplier_id", "sku", "lot_code"),
    )

    id: Mapped[uid]
    supplier_order_id: Mapped[UUID] = mapped_column(ForeignKey("orders_supplier_order.id"), index=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("orders_line.id"), index=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    sku: Mapped[str] = mapped_column(Text, ForeignKey("catalogue_sku.sku"), index=True)
    lot_code: Mapped[str | None] = mapped_column(Text)
    quantity: Mapped[int]
    promised_g: Mapped[int]
    stated_g: Mapped[int]
    tolerance_g: Mapped[int]
    refund_fen: Mapped[fen]
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders_refund.id"), index=True)
    stated_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    stated_at: Mapped[instant]

    def value(self) -> WeightCorrection:
        """What crosses the door."""
        return WeightCorrection(
            id=self.id,
            supplier_order_id=self.supplier_order_id,
            line_id=self.line_id,
            lot_code=self.lot_code,
            quantity=self.quantity,
            promised_g=self.promised_g,
            stated_g=self.stated_g,
            tolerance_g=self.tolerance_g,
            refund_fen=self.refund_fen,
            refund_id=self.refund_id,
            stated_at=self.stated_at,
        )


append_only(Base.metadata.tables["orders_weight_correction"])
