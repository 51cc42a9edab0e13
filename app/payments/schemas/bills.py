"""Days of providers, their bills and what differs, on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from app.core.web import Body, LongText, Out, unfit
from app.payments.rules import Provider
from app.payments.rules.bills import DayStatus, DifferenceKind, DifferenceStatus, Leg, RowKind


def _sane(day: date) -> date:
    if not 2000 <= day.year < 2200:  # noqa: PLR2004 - outside lie typing errors
        raise unfit("日期须在 2000 至 2199 年之间", "A day between 2000 and 2199")
    return day


Day = Annotated[date, AfterValidator(_sane)]


class ReconciledDayOut(Out):
    """A day of a provider: which bills are there, and how many of its differences wait."""

    provider: Provider
    day: date = Field(examples=["2026-11-20"])
    status: DayStatus
    trade_sha256: str | None = Field(description="Of the bill of trades, unpacked; null while it is missing")
    fund_flow_sha256: str | None = Field(description="Of the bill of the account")
    rows: int = Field(description="Of both bills")
    open: int = Field(description="Differences that somebody has to explain")
    waiting: int = Field(description="Differences that the next day's bill may settle, because of midnight")
    explained: int
    compared_at: datetime | None
    closed_at: datetime | None
    closed_by: UUID | None


class ReconciliationDifferenceOut(Out):
    """Something that differs. `leg` says which two: our books and the trades, or the trades and the account."""

    id: UUID
    provider: Provider
    day: date
    kind: DifferenceKind = Field(description="`LONG`: they have it and we do not; `SHORT`: the other way round")
    leg: Leg
    about: RowKind
    key: str = Field(description="Our number of the payment or refund, or theirs where there is none of ours")
    transaction: str | None = Field(description="The provider's number")
    ours_fen: int | None
    theirs_fen: int | None
    ours: str | None
    theirs: str | None
    status: DifferenceStatus
    found_at: datetime
    explanation: str | None
    explained_by: UUID | None
    explained_at: datetime | None


class ExplainIn(Body):
    """Why it differs."""

    explanation: LongText = Field(examples=["渠道次日补单，凭证 20261121-07，金额已核对"])
