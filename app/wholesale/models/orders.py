"""Purchase orders, their versions and lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, fen, instant, uid
from app.wholesale.lifecycle import Status, Step, after
from app.wholesale.rules import Ack, PoKind, PoNoTaken, Source
from app.wholesale.rules.orders import AnswerKind


def one_of(column: str, values: Iterable[str]) -> str:
    """The check that ``column`` holds one of ``values``."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class PurchaseOrderRow(Base):
    """What a partner orders for one place and day, under its own number; ``version`` counts its amendments.

    ``order_on`` is the day of the order window that it counts for: that day's prices are its prices.
    ``total_fen`` is the worth of what we answered to deliver. ``closes_on`` is the last day on which goods may come;
    after it the rest is given back. Stock is reserved under the order's id.
    """

    __tablename__ = "wholesale_po"
    __table_args__ = (
        UniqueConstraint("partner_id", "po_no", info={"means": PoNoTaken}),
        CheckConstraint(one_of("status", Status), name="status"),
        CheckConstraint(one_of("kind", PoKind), name="kind"),
        CheckConstraint(one_of("source", Source), name="source"),
        CheckConstraint("total_fen >= 0 AND version >= 1", name="signs"),
        CheckConstraint("required_on <= closes_on", name="days"),
        Index("ix_wholesale_po_partner_id", "partner_id", "id"),
        Index("ix_wholesale_po_status", "status", "closes_on"),
    )

    id: Mapped[uid]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    partner_name: Mapped[str] = mapped_column(Text)
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("partners_contract.id"), index=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("partners_location.id"), index=True)
    location_code: Mapped[str] = mapped_column(Text)
    division_code: Mapped[str] = mapped_column(Text)
    po_no: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    ordered_at: Mapped[instant]
    order_on: Mapped[date] = mapped_column(Date, server_default=text("CURRENT_DATE"))
    required_on: Mapped[date] = mapped_column(Date)
    closes_on: Mapped[date] = mapped_column(Date)
    total_fen: Mapped[fen]
    note: Mapped[str | None] = mapped_column(Text)
    by_account: Mapped[UUID]
    confirmed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    def take(self, step: Step) -> None:
        """Take a step, the only place where a status is assigned. Raises ``PoStepNotAllowed``."""
        self.status = after(Status(self.status), step).value


class VersionRow(Base):
    """A purchase order as it was sent, each time it was sent with another content; ``digest`` is that of the content.

    ``file_digest`` and ``file_row`` name the sheet and the row of it that the order began in.
    """

    __tablename__ = "wholesale_po_version"
    __table_args__ = (UniqueConstraint("po_id", "version"),)

    id: Mapped[uid]
    po_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po.id"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    file_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    file_row: Mapped[int | None]
    received_at: Mapped[instant]
    by_account: Mapped[UUID]


append_only(VersionRow.metadata.tables["wholesale_po_version"])


class LineRow(Base):
    """A line of a purchase order, with everything about it frozen as it was when it was answered. Counts are units.

    ``ordered_units`` is what the partner wants, ``promised_units`` what we answered to deliver, of ``sku``, which is
    another than ``ordered_sku`` where we offered a substitute. ``delivered_units`` came to the dock, of which
    ``received_units`` were taken in and the rest was refused; ``returned_units`` went back later. An amendment that
    drops a line leaves it with nothing promised.
    """

    __tablename__ = "wholesale_po_line"
    __table_args__ = (
        UniqueConstraint("po_id", "line_no"),
        CheckConstraint(one_of("ack", Ack), name="ack"),
        CheckConstraint("ordered_units >= 0 AND promised_units >= 0 AND case_pack >= 1", name="units"),
        CheckConstraint("shipped_units BETWEEN 0 AND promised_units", name="shipped"),
        CheckConstraint("delivered_units BETWEEN 0 AND promised_units", name="delivered"),
        CheckConstraint("received_units BETWEEN 0 AND delivered_units", name="received"),
        CheckConstraint("returned_units BETWEEN 0 AND received_units", name="returned"),
        CheckConstraint("unit_price_fen >= 0 AND payable_fen >= 0", name="signs"),
    )

    id: Mapped[uid]
    po_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po.id"))
    line_no: Mapped[int]
    ordered_sku: Mapped[str] = mapped_column(ForeignKey("catalogue_sku.sku"), index=True)
    sku: Mapped[str] = mapped_column(ForeignKey("catalogue_sku.sku"), index=True)
    partner_item_code: Mapped[str | None] = mapped_column(Text)
    gtin13: Mapped[str | None] = mapped_column(Text)
    itf14: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    case_pack: Mapped[int]
    ordered_units: Mapped[int]
    promised_units: Mapped[int]
    ack: Mapped[str] = mapped_column(Text)
    ack_reason: Mapped[str | None] = mapped_column(Text)
    asked_price_fen: Mapped[fen | None]
    unit_price_fen: Mapped[fen]
    min_life_pct: Mapped[int] = mapped_column(SmallInteger)
    min_life_days: Mapped[int] = mapped_column(SmallInteger)
    shipped_units: Mapped[int] = mapped_column(server_default=text("0"))
    delivered_units: Mapped[int] = mapped_column(server_default=text("0"))
    received_units: Mapped[int] = mapped_column(server_default=text("0"))
    returned_units: Mapped[int] = mapped_column(server_default=text("0"))
    payable_fen: Mapped[fen] = mapped_column(server_default=text("0"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_product.id"), index=True)
    product_name: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"), index=True)
    supplier_name: Mapped[str] = mapped_column(Text)
    township_code: Mapped[str] = mapped_column(Text)
    township: Mapped[str] = mapped_column(Text)
    village: Mapped[str] = mapped_column(Text)
    net_weight_g: Mapped[int]
    tax_rate_bp: Mapped[int]
    assisted: Mapped[bool]
    self_purchase: Mapped[bool]


class AnswerRow(Base):
    """What was answered to a line after the order was confirmed: fewer units, or a substitute of ``units`` of ``sku``.

    A cut holds at once (``accepted``), a substitute once the partner takes it; ``by_account`` is None for the clock,
    which takes back what was not sent by the last day. Its id is the source of the credit entry that it causes.
    """

    __tablename__ = "wholesale_po_answer"
    __table_args__ = (
        CheckConstraint(one_of("kind", AnswerKind), name="kind"),
        CheckConstraint("units >= 0 AND unit_price_fen >= 0", name="signs"),
        CheckConstraint("(decided_at IS NULL) = (accepted IS NULL)", name="decided"),
        Index("ix_wholesale_po_answer_po_id", "po_id", "id"),
    )

    id: Mapped[uid]
    po_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po.id"))
    line_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po_line.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    sku: Mapped[str] = mapped_column(Text, ForeignKey("catalogue_sku.sku"), index=True)
    units: Mapped[int]
    unit_price_fen: Mapped[fen]
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[instant]
    by_account: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    accepted: Mapped[bool | None]


class PoImportRow(Base):
    """A sheet of purchase orders that a partner sent: the file, and what became of each order and row of it."""

    __tablename__ = "wholesale_po_import"
    __table_args__ = (
        UniqueConstraint("partner_id", "digest"),
        Index("ix_wholesale_po_import_partner_id", "partner_id", "id"),
    )

    id: Mapped[uid]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners_partner.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    file_name: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    results: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    at: Mapped[instant]
    by_account: Mapped[UUID]


class PoEventRow(Base):
    """One step of a purchase order. Added, never changed; ``by_account`` is None for the clock."""

    __tablename__ = "wholesale_po_event"
    __table_args__ = (CheckConstraint(one_of("status", Status), name="status"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    po_id: Mapped[UUID] = mapped_column(ForeignKey("wholesale_po.id"), index=True)
    status: Mapped[str] = mapped_column(Text)
    by_account: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[instant]


append_only(PoEventRow.metadata.tables["wholesale_po_event"])
