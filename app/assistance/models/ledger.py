"""The ledger of counted sales: everything a report needs is frozen on the entry."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Date, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.assistance.rules import Channel, Evidence, Kind
from app.core.db import Base, append_only, fen, instant, uid

_KINDS = ", ".join(f"'{kind.value}'" for kind in Kind)

_EVIDENCE = ", ".join(f"'{evidence.value}'" for evidence in Evidence)

_CHANNELS = ", ".join(f"'{channel.value}'" for channel in Channel)


class EntryRow(Base):
    """One line of the ledger of counted sales.

    Unique on its source, so that hearing a fact twice posts once; a line is sold once, whatever the source.
    ``occurred_at`` is the instant of the cause (completion, settled refund), ``counted_on`` its Shanghai day,
    ``posted_at`` when it was written down. ``counted_month`` is kept because reports group by nothing as often.
    ``reverses`` is the sale that an entry takes back or corrects. ``evidence`` tells what stands behind it: an order of
    the platform, or a voucher from outside, which may name no SKU. An adjustment has a reason and two persons.
    """

    __tablename__ = "assistance_entry"
    __table_args__ = (
        UniqueConstraint("kind", "source_id", "line_id"),
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint(f"channel IN ({_CHANNELS})", name="channel"),
        CheckConstraint("(kind = 'sale') = (reverses IS NULL)", name="reverses"),
        CheckConstraint(f"evidence IN ({_EVIDENCE})", name="evidence"),
        CheckConstraint("evidence = 'declared' OR num_nonnulls(sku, product_id) = 2", name="of_goods"),
        CheckConstraint(
            "(kind = 'adjustment') <= (num_nonnulls(reason, by_account, approved_by) = 3"
            " AND by_account <> approved_by)",
            name="two_persons",
        ),
        CheckConstraint(
            "(kind = 'sale' AND quantity >= 0 AND weight_g >= 0 AND amount_fen > 0) OR kind = 'adjustment'"
            " OR (kind = 'refund' AND quantity <= 0 AND weight_g <= 0 AND amount_fen <= 0)",
            name="signs",
        ),
        Index("ix_assistance_entry_counted_on_id", "counted_on", "id"),
        Index("uq_assistance_entry_sold_once", "line_id", unique=True, postgresql_where=text("kind = 'sale'")),
        Index("ix_assistance_entry_order_id", "order_id"),
        Index("ix_assistance_entry_declared", "counted_on", postgresql_where=text("evidence = 'declared'")),
        Index("ix_assistance_entry_reverses", "reverses", postgresql_where=text("reverses IS NOT NULL")),
    )

    id: Mapped[uid]
    posted_at: Mapped[instant]
    occurred_at: Mapped[instant]
    counted_on: Mapped[date] = mapped_column(Date)
    counted_month: Mapped[date] = mapped_column(
        Date, Computed("CAST(date_trunc('month', CAST(counted_on AS timestamp)) AS date)", persisted=True)
    )
    kind: Mapped[str] = mapped_column(Text)
    source_id: Mapped[UUID]
    line_id: Mapped[UUID]
    order_id: Mapped[UUID]
    order_number: Mapped[str | None] = mapped_column(Text)
    po_no: Mapped[str | None] = mapped_column(Text)
    sku: Mapped[str | None] = mapped_column(Text)
    product_id: Mapped[UUID | None]
    product_name: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    supplier_id: Mapped[UUID]
    supplier_name: Mapped[str] = mapped_column(Text)
    township_code: Mapped[str] = mapped_column(Text)
    township: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    division_code: Mapped[str] = mapped_column(Text)
    partner_id: Mapped[UUID | None]
    partner_name: Mapped[str | None] = mapped_column(Text)
    lot_code: Mapped[str | None] = mapped_column(Text)
    quantity: Mapped[int]
    weight_g: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[fen]
    reverses: Mapped[UUID | None] = mapped_column(ForeignKey("assistance_entry.id"))
    evidence: Mapped[str] = mapped_column(Text, server_default=text("'platform'"))
    reason: Mapped[str | None] = mapped_column(Text)
    by_account: Mapped[UUID | None]
    approved_by: Mapped[UUID | None]


append_only(EntryRow.metadata.tables["assistance_entry"])
