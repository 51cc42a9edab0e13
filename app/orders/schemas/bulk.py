"""Rosters and bulk orders on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.sheets import RowFault
from app.core.web import Body, Out
from app.orders.lifecycle import Status
from app.orders.rules.bulk import BulkView, RosterCheck
from app.orders.schemas import InvoiceIn


class RowFaultOut(Out):
    """What is wrong with one cell of a row."""

    column: str = Field(examples=["phone"])
    code: str = Field(examples=["invalid_phone"])
    detail: str

    @classmethod
    def of(cls, fault: RowFault, language: str) -> Self:
        """In the caller's language."""
        return cls(column=fault.column, code=fault.code, detail=fault.en if language == "en" else fault.zh)


class RosterRowOut(Out):
    """What would become of one row; `row` is its number in the file."""

    row: int
    recipient: str = Field(description="Masked", examples=["王**"])
    goods_fen: int
    freight_fen: int
    faults: list[RowFaultOut]


class ShortOut(Out):
    """A SKU of which there is too little for the whole roster."""

    sku: str
    needed: int
    available: int


class AheadOut(Out):
    """A SKU of which part would come from a harvest to come."""

    sku: str
    pieces: int
    ship_by: date


class RosterOut(Out):
    """What would become of a roster now. It can be ordered when no row has faults and nothing is short."""

    id: UUID
    recipients: int
    rejected: int
    goods_fen: int
    freight_fen: int
    total_fen: int
    short: list[ShortOut]
    presale: list[AheadOut] = Field(description="What is not there yet and ships on the day said; the last rows wait")
    rows: list[RosterRowOut]

    @classmethod
    def of(cls, check: RosterCheck, language: str) -> Self:
        """From the value."""
        return cls(
            id=check.id,
            recipients=len(check.rows),
            rejected=sum(1 for row in check.rows if row.faults),
            goods_fen=check.goods_fen,
            freight_fen=check.freight_fen,
            total_fen=check.goods_fen + check.freight_fen,
            short=[
                ShortOut(sku=sku, needed=needed, available=available)
                for sku, (needed, available) in check.short.items()
            ],
            presale=[
                AheadOut(sku=sku, pieces=pieces, ship_by=ship_by) for sku, (pieces, ship_by) in check.ahead.items()
            ],
            rows=[
                RosterRowOut(
                    row=row.row,
                    recipient=row.recipient,
                    goods_fen=row.goods_fen,
                    freight_fen=row.freight_fen,
                    faults=_faults(row.faults, language),
                )
                for row in check.rows
            ],
        )


def _faults(faults: Sequence[RowFault], language: str) -> list[RowFaultOut]:
    return [RowFaultOut.of(fault, language) for fault in faults]


class BulkIn(Body):
    """Order a roster that was checked."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"roster_id": "0193478a-2b00-7abc-8def-0123456789ab"}]})
    roster_id: UUID
    fresh_goods_acknowledged: bool = Field(
        default=False,
        description="Fresh goods cannot be returned without a reason; the buyer has been told and agrees.",
    )
    ext_832_order_no: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{6,40}$")] | None = Field(
        default=None, description="The order on the 832 platform that reports the same sale"
    )
    invoice: InvoiceIn | None = Field(
        default=None, description="For each of the orders; what is left out is filled in from the organisation's"
    )


class BulkOut(Out):
    """A bulk order. `progress` counts the parcels to be (supplier orders) by where they stand."""

    id: UUID
    organisation_id: UUID
    recipients: int
    total_fen: int
    to_pay_fen: int = Field(description="What the orders that still wait for money come to")
    placed_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    progress: dict[Status, int]

    @classmethod
    def of(cls, bulk: BulkView) -> Self:
        """From the value."""
        return cls.model_validate(bulk)
