"""Tables of the yearly plans."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.assistance.rules.plans import NumberTaken, PlanExists
from app.core.db import Base, instant, uid


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
    __table_args__ = (
        UniqueConstraint("plan_id", "no", info={"means": NumberTaken}),
        CheckConstraint("evidence_min BETWEEN 0 AND 20", name="evidence_min"),
    )

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
    evidence: Mapped[str | None] = mapped_column(Text)
    evidence_min: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    by_account: Mapped[UUID]
