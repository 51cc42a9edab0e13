"""Purchase orders on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.core.money import MAX_FEN
from app.core.web import Body, LongText, Out, Quantity, unfit
from app.core.web.schemas import NO_CONTROL, Sku
from app.wholesale.lifecycle import Status
from app.wholesale.rules import Ack, PoKind, Source
from app.wholesale.rules.asking import MAX_UNITS, AskedLine, AskedOrder
from app.wholesale.rules.orders import Offer, Prices, PurchaseOrder, Version

MOST_LINES = 500
MAX_LINE_NO = 1_000_000

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2200, 12, 31), examples=["2026-11-25"])]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_CONTROL, strip_whitespace=True)]
Fen = Annotated[int, Field(strict=True, ge=1, le=MAX_FEN)]
LineNo = Annotated[int, Field(strict=True, ge=1, le=MAX_LINE_NO, examples=[1])]
PoNo = Annotated[Code, Field(examples=["PO20261120-017"])]


class PoLineIn(Body):
    """Goods by one code or several, and how much: whole cases, or units that make whole cases."""

    line_no: LineNo
    sku: Sku | None = None
    partner_item_code: Code | None = Field(None, examples=["100245"])
    gtin: Code | None = Field(None, description="GTIN-13 of the unit or ITF-14 of the case, padded with zeros or not")
    cases: Quantity | None = None
    units: Annotated[int, Field(strict=True, ge=1, le=MAX_UNITS)] | None = None
    case_pack: Quantity | None = Field(None, description="What you believe a case to hold: another is a question")
    unit_price_fen: Fen | None = Field(None, description="What you believe a unit to cost, tax included")
    amount_fen: Fen | None = Field(None, description="What you believe the line to cost; it may differ by one fen")

    @model_validator(mode="after")
    def _once(self) -> Self:
        if (self.cases is None) == (self.units is None):
            raise unfit("请填写 cases 或 units 之一", "Give either cases or units", at="/cases")
        return self

    def asked(self) -> AskedLine:
        """As the module's value."""
        return AskedLine(**self.model_dump())


class PoIn(Body):
    """A purchase order. The same number with other content is a new version of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "po_no": "PO20261120-017",
                    "dc_code": "0012",
                    "required_on": "2026-11-25",
                    "lines": [
                        {"line_no": 1, "sku": "GT04", "cases": 5},
                        {"line_no": 2, "gtin": "16901234500016", "cases": 2, "unit_price_fen": 3200},
                    ],
                }
            ]
        }
    )
    po_no: PoNo
    dc_code: Code = Field(description="Your code of the distribution centre or store", examples=["0012"])
    required_on: Day
    latest_on: Day | None = Field(None, description="The last day on which goods may come; else three days later")
    kind: PoKind = PoKind.NORMAL
    note: LongText | None = None
    lines: list[PoLineIn] = Field(min_length=1, max_length=MOST_LINES)

    def asked(self) -> AskedOrder:
        """As the module's value."""
        return AskedOrder(
            po_no=self.po_no,
            location_code=self.dc_code,
            required_on=self.required_on,
            latest_on=self.latest_on,
            kind=self.kind,
            note=self.note,
            lines=tuple(line.asked() for line in self.lines),
        )


class PoCancelIn(Body):
    """Why an order is given up."""

    reason: LongText = Field(examples=["门店促销取消"])


class PoApprovalIn(Body):
    """Confirm an order that was in doubt."""

    prices: Prices = Field(description="`contract`, or `asked`: what the partner wrote", examples=["contract"])
    reason: LongText | None = None


class PoRejectionIn(Body):
    """Refuse an order that was in doubt."""

    reason: LongText = Field(examples=["价格低于合同价，请按价目表重新下单"])


class PoCutIn(Body):
    """A line is to have so many cases and no more."""

    line_no: LineNo
    cases: Annotated[int, Field(strict=True, ge=0, le=1_000_000, examples=[3])]
    reason: LongText = Field(examples=["产地降雨，采收减少"])


class PoCutsIn(Body):
    """Promise less of some lines."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lines": [{"line_no": 1, "cases": 3, "reason": "产地降雨，采收减少"}]}]}
    )
    lines: list[PoCutIn] = Field(min_length=1, max_length=MOST_LINES)


class PoOfferIn(Body):
    """Offer other goods of the same category for a line."""

    line_no: LineNo
    sku: Sku
    cases: Quantity
    reason: LongText = Field(examples=["同级别 500g 装可供"])


class PoCreditOut(Out):
    """What the partner may owe, what of it is used by orders and receipts, and what is left."""

    limit_fen: int
    used_fen: int
    available_fen: int


class PoLineOut(Out):
    """A line. Counts are units; a case holds `case_pack` of them."""

    id: UUID
    line_no: int
    sku: str
    ordered_sku: str = Field(description="What was ordered; `sku` is another after a substitution")
    partner_item_code: str | None
    gtin13: str | None
    itf14: str | None
    name: str
    category: str
    supplier_id: UUID
    supplier_name: str
    case_pack: int
    ordered_cases: int
    ordered_units: int
    promised_cases: int
    promised_units: int
    ack: Ack = Field(description="Our answer: accepted, cut, substituted, rejected")
    ack_reason: str | None = Field(description="Why not all: `stock`, `credit`, or in words")
    asked_price_fen: int | None
    unit_price_fen: int
    amount_fen: int = Field(description="What is promised is worth")
    tax_rate_bp: int
    min_life_pct: int = Field(description="Of their life, so much per cent is left when the goods leave")
    min_life_days: int
    shipped_units: int
    delivered_units: int
    received_units: int
    returned_units: int
    payable_fen: int


class PoOfferOut(Out):
    """A substitute that was offered for a line."""

    id: UUID
    line_no: int
    sku: str
    units: int
    unit_price_fen: int
    reason: str
    offered_at: datetime
    accepted: bool | None = Field(description="null until the partner has answered")

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """From the value."""
        return cls.model_validate(offer)


class PoOut(Out):
    """A purchase order."""

    id: UUID
    po_no: str
    version: int
    kind: PoKind
    source: Source
    status: Status
    partner_id: UUID
    partner_name: str
    dc_code: str
    division_code: str
    ordered_at: datetime
    order_on: date = Field(description="The day of the order window that it counts for: its prices are that day's")
    required_on: date
    closes_on: date = Field(description="The last day on which goods may come")
    total_fen: int = Field(description="What is promised is worth")
    note: str | None
    confirmed_at: datetime | None
    closed_at: datetime | None
    lines: list[PoLineOut]
    offers: list[PoOfferOut]

    @classmethod
    def of(cls, order: PurchaseOrder, **more: Any) -> Self:
        """From the value."""
        names = [name for name in PoOut.model_fields if name != "dc_code"]
        return cls.model_validate(
            {name: getattr(order, name) for name in names} | {"dc_code": order.location_code} | more
        )


class PlacedPoOut(PoOut):
    """A purchase order after it was changed, and the partner's credit after that."""

    credit: PoCreditOut
    duplicate: bool = Field(False, description="The order was sent before with this content; nothing was changed")


class PoStepOut(Out):
    """One step of an order's history."""

    status: Status
    reason: str | None
    at: datetime


class PoDetailOut(PoOut):
    """A purchase order with its history."""

    history: list[PoStepOut]


class PoChangeOut(Out):
    """What differs from the version before; of the header where `line_no` is null."""

    line_no: int | None
    field: str
    before: Any
    after: Any


class PoVersionOut(Out):
    """An order as it was sent once."""

    version: int
    received_at: datetime
    content: dict[str, Any] = Field(description="As it was sent; each line with the SKU and units that it means")
    changes: list[PoChangeOut]
    file_row: int | None = Field(description="The row of the sheet in which it began")

    @classmethod
    def of(cls, version: Version) -> Self:
        """From the value."""
        return cls.model_validate(version)


class PoVersionsOut(Out):
    """All versions, oldest first."""

    versions: list[PoVersionOut]
