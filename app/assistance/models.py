"""Tables of assistance. ``assistance_entry`` is the ledger: everything a report needs is frozen on the entry."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.assistance.rules import Channel, GoalCodeTaken, Kind, Metric, NumberTaken, PlanExists
from app.core.db import Base, append_only, fen, instant, uid

_KINDS = ", ".join(f"'{kind.value}'" for kind in Kind)
_CHANNELS = ", ".join(f"'{channel.value}'" for channel in Channel)
_METRICS = ", ".join(f"'{metric.value}'" for metric in Metric)


class PlanRow(Base):
    """A year's cooperation plan."""

    __tablename__ = "assistance_plan"
    __table_args__ = (UniqueConstraint("year", "title", info={"means": PlanExists}),)

    id: Mapped[uid]
    year: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(Text)
    created_at: Mapped[instant]
    by_account: Mapped[UUID]


class AspectRow(Base):
    """One field of work of a plan."""

    __tablename__ = "assistance_aspect"
    __table_args__ = (UniqueConstraint("plan_id", "no", info={"means": NumberTaken}),)

    id: Mapped[uid]
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_plan.id"))
    no: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str] = mapped_column(Text)
    by_account: Mapped[UUID]


class MeasureRow(Base):
    """One promise of a plan. Numbers run through the whole plan, not through one aspect."""

    __tablename__ = "assistance_measure"
    __table_args__ = (UniqueConstraint("plan_id", "no", info={"means": NumberTaken}),)

    id: Mapped[uid]
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_plan.id"))
    aspect_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_aspect.id"), index=True)
    no: Mapped[int] = mapped_column(SmallInteger)
    text: Mapped[str] = mapped_column(Text)
    indicator: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    target: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date | None] = mapped_column(Date)
    goal_code: Mapped[str | None] = mapped_column(Text)
    by_account: Mapped[UUID]


class GoalRow(Base):
    """A goal: metric, period and filter. A filter column that is NULL lets everything pass.

    ``divisions`` holds prefixes of division codes; the statement that measures goals compares with ``LIKE``.
    """

    __tablename__ = "assistance_goal"
    __table_args__ = (
        UniqueConstraint("code", "starts_on", "ends_on", info={"means": GoalCodeTaken}),
        CheckConstraint("starts_on <= ends_on", name="period"),
        CheckConstraint("target > 0", name="target"),
        CheckConstraint(f"metric IN ({_METRICS})", name="metric"),
        Index("ix_assistance_goal_starts_on", "starts_on", "code"),
    )

    id: Mapped[uid]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    metric: Mapped[str] = mapped_column(Text)
    target: Mapped[int] = mapped_column(BigInteger)
    categories: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    suppliers: Mapped[list[UUID] | None] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    townships: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    channels: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    divisions: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    partition_group: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[instant]
    by_account: Mapped[UUID]


class EntryRow(Base):
    """One line of the ledger of counted sales.

    Unique on its source, so that hearing a fact twice posts once; a line is sold once, whatever the source.
    ``occurred_at`` is the instant of the cause (completion, settled refund), ``counted_on`` its Shanghai day,
    ``posted_at`` when it was written down. ``counted_month`` is kept because reports group by nothing as often.
    """

    __tablename__ = "assistance_entry"
    __table_args__ = (
        UniqueConstraint("kind", "source_id", "line_id"),
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint(f"channel IN ({_CHANNELS})", name="channel"),
        CheckConstraint("(kind = 'refund') = (reverses IS NOT NULL)", name="reverses"),
        CheckConstraint(
            "(kind = 'sale' AND quantity >= 0 AND weight_g >= 0 AND amount_fen > 0) OR kind = 'adjustment'"
            " OR (kind = 'refund' AND quantity <= 0 AND weight_g <= 0 AND amount_fen <= 0)",
            name="signs",
        ),
        Index("ix_assistance_entry_counted_on_id", "counted_on", "id"),
        Index("uq_assistance_entry_sold_once", "line_id", unique=True, postgresql_where=text("kind = 'sale'")),
        Index("ix_assistance_entry_order_id", "order_id"),
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
    sku: Mapped[str] = mapped_column(Text)
    product_id: Mapped[UUID]
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


append_only(EntryRow.metadata.tables["assistance_entry"])


class CertificateRow(Base):
    """A certificate as it was issued to an organisation: never changed, because its code is in the hands of others."""

    __tablename__ = "assistance_certificate"
    __table_args__ = (UniqueConstraint("code"),)

    id: Mapped[uid]
    code: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("buyers_organisation.id"), index=True)
    holder: Mapped[str] = mapped_column(Text)
    uscc: Mapped[str] = mapped_column(Text)
    year: Mapped[int] = mapped_column(SmallInteger)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    digest: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[instant]


append_only(CertificateRow.metadata.tables["assistance_certificate"])
