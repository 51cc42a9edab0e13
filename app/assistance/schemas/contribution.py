"""What a purchase did, on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from app.assistance.rules import Kind
from app.assistance.rules.contribution import WORDINGS, Certificate, Contribution, Counting, programme_of
from app.core.web import Out


class CountedEntryOut(Out):
    """A ledger entry for a line; a refund is negative."""

    id: UUID
    kind: Kind
    counted_on: date
    quantity: int
    amount_fen: int


class GoalShareOut(Out):
    """What of the line a goal counts. Goals overlap: do not add them up."""

    goal_id: UUID
    code: str = Field(examples=["2026-G5"])
    name: str
    amount_fen: int


class LineContributionOut(Out):
    """One line. `reason` says why it is not counted, or not yet: `on_832` is an order that the 832 platform counts."""

    line_id: UUID
    sku: str
    name: str
    supplier_name: str
    township: str
    village: str
    trace_codes: list[str] = Field(description="For `/v1/store/trace/{trace_code}`")
    counting: Counting
    reason: str | None = Field(examples=["not_completed"])
    counted_fen: int
    entries: list[CountedEntryOut]
    goals: list[GoalShareOut]


class ContributionOut(Out):
    """What an order was counted for."""

    order_id: UUID
    order_number: str = Field(examples=["BJ26112000000001"])
    counted_fen: int
    households_linked: int | None = Field(description="Paid by the lines' suppliers within a year; null under 5")
    lines: list[LineContributionOut]

    @classmethod
    def of(cls, contribution: Contribution) -> Self:
        """From the value."""
        return cls.model_validate(contribution)


class ShareOut(Out):
    """What falls on one category or township."""

    name: str
    quantity: int
    net_fen: int


class VerifiedOut(Out):
    """A certificate as anybody may see it: it names an organisation and no person."""

    code: str = Field(examples=["BJ2026-ABCD-EFGH-IJKL-MNOP"])
    title: str = Field(examples=["消费帮扶采购证明"])
    holder: str = Field(description="The organisation's name", examples=["济南市历城区某机关工会委员会（示例）"])
    uscc: str = Field(description="Its unified social credit code", examples=["81370112MC0FAKE172"])
    year: int
    net_fen: int
    orders: int
    categories: list[ShareOut]
    townships: list[ShareOut]
    digest: str = Field(description="SHA-256 over what the certificate says, as printed on it")
    issued_at: datetime
    current: bool = Field(description="False once purchases or refunds of that year were added")
    caution: str

    @classmethod
    def of(cls, certificate: Certificate) -> Self:
        """From the value."""
        content = certificate.content
        programme = programme_of(content.year)
        wording = WORDINGS[programme.code if programme is not None else "P1"]
        return cls(
            code=certificate.code,
            title=wording.title,
            holder=certificate.holder,
            uscc=certificate.uscc,
            year=content.year,
            net_fen=content.net_fen,
            orders=content.orders,
            categories=[ShareOut.model_validate(share) for share in content.categories],
            townships=[ShareOut.model_validate(share) for share in content.townships],
            digest=certificate.digest,
            issued_at=certificate.issued_at,
            current=certificate.current,
            caution=wording.caution,
        )
