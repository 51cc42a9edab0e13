"""The table of goals."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
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

from app.assistance.rules.goals import GoalCodeTaken, Metric
from app.core.db import Base, append_only, instant, uid

_METRICS = ", ".join(f"'{metric.value}'" for metric in Metric)


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
    season: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    created_at: Mapped[instant]
    by_account: Mapped[UUID]


class GoalVersionRow(Base):
    """A goal as it was defined from ``set_at`` on, until the next version of it."""

    __tablename__ = "assistance_goal_version"

    goal_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_goal.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    set_at: Mapped[instant]
    by_account: Mapped[UUID]
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)


append_only(GoalVersionRow.metadata.tables["assistance_goal_version"])


class GoalReachedRow(Base):
    """That a version of a goal was reached: found at ``noticed_at``, when ``actual`` was counted."""

    __tablename__ = "assistance_goal_reached"

    goal_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_goal.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    noticed_at: Mapped[instant]
    actual: Mapped[int] = mapped_column(BigInteger)


append_only(GoalReachedRow.metadata.tables["assistance_goal_reached"])
