"""Receipts, returns and consents to return on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from app.core.web import Body, LongText, Out, Quantity, ShortText, unfit
from app.core.web.schemas import Instant
from app.files import FileOut
from app.wholesale.lifecycle import Status
from app.wholesale.rules import FreightPayer, Reason, ReturnReason
from app.wholesale.rules.asking import MAX_UNITS
from app.wholesale.rules.receiving import Counted, CountedLine, Receipt, Verdict
from app.wholesale.rules.returns import Back, BackLine, Consent, DamagedBy, Return
from app.wholesale.schemas import MOST_LINES, Code, Day, LineNo, PoCreditOut

MOST_PHOTOS = 20
Units = Annotated[int, Field(strict=True, ge=0, le=MAX_UNITS, examples=[100])]


class ReceiptLineIn(Body):
    """What was counted of a line, in units. `rejected_units` are faulty ones of those delivered."""

    line_no: LineNo
    delivered_units: Units
    rejected_units: Annotated[int, Field(strict=True, ge=0, le=MAX_UNITS, examples=[4])] = 0
    deducted_units: Units = Field(0, description="Faulty too, by a sample, but left among the good ones: not paid")
    reason: Reason | None = Field(None, examples=["BRUISE"])
    lot_code: Code | None = Field(None, description="If you know it; from the delivery note")

    def counted(self) -> CountedLine:
        """As the module's value."""
        return CountedLine(**self.model_dump())


class ReceiptIn(Body):
    """A receipt (验收单) of goods of one purchase order; an order may have several."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "receipt_no": "YS20261125-031",
                    "lines": [
                        {"line_no": 1, "delivered_units": 100, "rejected_units": 4, "reason": "BRUISE"},
                    ],
                }
            ]
        }
    )
    receipt_no: Code = Field(examples=["YS20261125-031"])
    received_at: Instant | None = Field(None, description="When the goods were taken in; now unless you say so")
    inspector: ShortText | None = Field(None, examples=["收货一组"])
    photos: list[UUID] = Field(
        default_factory=list, max_length=MOST_PHOTOS, description="Files uploaded with the purpose `evidence`"
    )
    lines: list[ReceiptLineIn] = Field(min_length=1, max_length=MOST_LINES)

    def counted(self) -> Counted:
        """As the module's value."""
        return Counted(
            receipt_no=self.receipt_no,
            received_at=self.received_at,
            inspector=self.inspector,
            photos=tuple(self.photos),
            lines=tuple(line.counted() for line in self.lines),
        )


class ReceiptLineOut(Out):
    """What became of a line: `delivered_units` = `received_units` + `rejected_units`. All counts are units."""

    id: UUID
    line_no: int
    sku: str
    name: str
    supplier_id: UUID
    verdict: Verdict = Field(
        description="By the contract's tolerance: `accepted`, `deducted` (faulty ones are not paid), `refused` (all), "
        "or `missing` (nothing came)"
    )
    came_units: int = Field(description="What you counted, with what came beyond the order")
    faulty_units: int = Field(description="What you found faulty of it; few faults are taken in and paid")
    delivered_units: int
    received_units: int
    rejected_units: int
    short_units: int
    excess_units: int = Field(description="Beyond the order: goes back, was never delivered")
    deducted_units: int
    returned_units: int
    unit_price_fen: int
    payable_fen: int
    reason: Reason | None
    lot_code: str | None
    too_little: bool = Field(description="So little came that your buying department should be told")


class ReceiptOut(Out):
    """A receipt. It stays as it is; what changes later is a return or a correction of the statement."""

    id: UUID
    po_id: UUID
    po_no: str
    partner_id: UUID
    partner_name: str
    receipt_no: str
    received_at: datetime
    received_on: date = Field(description="The day from which terms of payment may run and goods count")
    payable_fen: int
    inspector: str | None
    entered_at: datetime
    photos: list[FileOut]
    lines: list[ReceiptLineOut]

    @classmethod
    def of(cls, receipt: Receipt) -> Self:
        """From the value."""
        return cls.model_validate(receipt)


class EnteredReceiptOut(ReceiptOut):
    """A receipt, where its order stands after it, and the partner's credit."""

    status: Status = Field(description="Of the purchase order")
    credit: PoCreditOut
    duplicate: bool = Field(description="The receipt was entered before with this content; nothing was changed")


class ReceiptsOut(Out):
    """The receipts of an order, newest first."""

    receipts: list[ReceiptOut]


class ReturnLineIn(Body):
    """So many units of a line go back."""

    line_no: LineNo
    units: Quantity
    sellable_units: Units = Field(0, description="Of them, those that can be sold to others: whole and unopened")
    lot_code: Code | None = Field(None, description="Needed for sellable ones if several lots were sent")

    @model_validator(mode="after")
    def _part(self) -> Self:
        if self.sellable_units > self.units:
            raise unfit(
                "可再售件数不能超过退货件数", "No more units can be sold again than go back", at="/sellable_units"
            )
        return self


class ReturnIn(Body):
    """A return to the vendor (退货单) of goods of one receipt."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "return_no": "TH20261126-002",
                    "reason": "quality",
                    "damaged_by": "carrier",
                    "lines": [{"line_no": 1, "units": 2}],
                }
            ]
        }
    )
    return_no: Code = Field(examples=["TH20261126-002"])
    receipt_no: Code | None = Field(None, description="Needed if the order has several receipts of these lines")
    reason: ReturnReason = Field(description="All but `quality` need a consent, which a recall gives by itself")
    damaged_by: DamagedBy | None = Field(None, description="Needed for `quality`; what you damaged cannot go back")
    freight_payer: FreightPayer | None = Field(None, description="Unless agreed: you for unsold and expired goods")
    returned_at: Instant | None = None
    lines: list[ReturnLineIn] = Field(min_length=1, max_length=MOST_LINES)

    def back(self) -> Back:
        """As the module's value."""
        return Back(
            return_no=self.return_no,
            receipt_no=self.receipt_no,
            reason=self.reason,
            damaged_by=self.damaged_by,
            freight_payer=self.freight_payer,
            returned_at=self.returned_at,
            lines=tuple(BackLine(**line.model_dump()) for line in self.lines),
        )


class ReturnLineOut(Out):
    """What of a line went back."""

    id: UUID
    line_no: int
    sku: str
    name: str
    supplier_id: UUID
    units: int
    sellable_units: int
    unit_price_fen: int
    amount_fen: int
    lot_code: str | None


class ReturnOut(Out):
    """A return. `amount_fen` is not owed any more."""

    id: UUID
    po_id: UUID
    po_no: str
    partner_id: UUID
    partner_name: str
    return_no: str
    receipt_no: str
    reason: ReturnReason
    agreed: bool = Field(description="It was covered by a consent")
    freight_payer: FreightPayer
    returned_at: datetime
    returned_on: date
    amount_fen: int
    lines: list[ReturnLineOut]

    @classmethod
    def of(cls, back: Return) -> Self:
        """From the value."""
        return cls.model_validate(back)


class EnteredReturnOut(ReturnOut):
    """A return, and the partner's credit after it."""

    credit: PoCreditOut


class ReturnsOut(Out):
    """The returns of an order, newest first."""

    returns: list[ReturnOut]


class ReturnConsentIn(Body):
    """Agree that goods may go back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"line_no": 1, "units": 20, "reason": "unsold", "until_on": "2027-03-31"}]}
    )
    line_no: LineNo
    units: Quantity
    reason: ReturnReason
    lot_code: Code | None = None
    until_on: Day | None = Field(None, description="The last day on which they may come back")
    note: LongText | None = None


class ReturnConsentOut(Out):
    """Up to `units` of a line may go back, of which `used_units` have."""

    id: UUID
    po_id: UUID
    po_no: str
    line_no: int
    sku: str
    name: str
    reason: ReturnReason
    units: int
    used_units: int
    lot_code: str | None
    until_on: date | None
    note: str | None
    given_at: datetime

    @classmethod
    def of(cls, consent: Consent) -> Self:
        """From the value."""
        return cls.model_validate(consent)
