"""The wire format of contracts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.core.money import MAX_FEN
from app.core.web import Body, Out, ShortText, Slug
from app.core.web.schemas import WallTime
from app.partners.rules import MAX_TERM_DAYS
from app.partners.rules.contracts import (
    MAX_LEAD_DAYS,
    WHOLE_BP,
    Contract,
    Fee,
    FeeBasis,
    MinimumUnit,
    NewFee,
    TermBase,
    Terms,
    Tolerance,
)

Share = Annotated[int, Field(strict=True, ge=0, le=WHOLE_BP, description="Hundredths of a percent")]
_EXAMPLE: JsonDict = {
    "contract_no": "HT-2027-P01",
    "valid_from": "2027-01-01",
    "valid_to": "2027-12-31",
    "order_weekdays": [1, 3, 5],
    "order_until": "14:00",
    "lead_days": 2,
    "minimum": 300_000,
    "minimum_unit": "fen",
    "min_life_pct": 66,
    "term_days": 45,
    "term_base": "receipt_date",
    "rebate_bp": 600,
    "rebate_on_invoice": False,
    "tolerance": {"navel-orange": {"accept_bp": 100, "deduct_bp": 500, "notify_below_bp": 8500}},
    "fees": [
        {
            "name": "促销服务费",
            "service": "每月一次堆头陈列",
            "basis": "fixed",
            "amount_fen": 30_000,
            "tax_rate_bp": 600,
        }
    ],
}


class ToleranceIn(Body):
    """How faulty goods of a root category are treated at the dock."""

    accept_bp: Share = Field(description="Up to this share of faults a line is taken and paid whole")
    deduct_bp: Share = Field(description="Up to this share what is faulty is deducted; with more the line is refused")
    notify_below_bp: Share = Field(8_500, description="The buying department is told when less than this share comes")


class ToleranceOut(Out):
    """The same as agreed."""

    accept_bp: int
    deduct_bp: int
    notify_below_bp: int


class FeeIn(Body):
    """A fee to be agreed: nothing that is not named here may be deducted."""

    name: ShortText = Field(examples=["促销服务费"])
    service: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="The service that it pays for; the law allows no fee without one", examples=["每月一次堆头陈列"]
    )
    basis: FeeBasis
    amount_fen: int | None = Field(None, strict=True, ge=1, le=MAX_FEN, description="`fixed`, `per_store`: each month")
    rate_bp: int | None = Field(None, strict=True, ge=1, le=WHOLE_BP, description="`percent`: of net receipts")
    tax_rate_bp: Share = 600

    def fee(self) -> NewFee:
        """The value that the module works with."""
        return NewFee(**self.model_dump())


class ContractIn(Body):
    """The terms of a draft."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})
    contract_no: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$")]
    valid_from: date
    valid_to: date
    order_weekdays: list[Annotated[int, Field(strict=True, ge=1, le=7)]] = Field(
        min_length=1, max_length=7, description="1 Monday to 7 Sunday"
    )
    order_until: WallTime = Field(description="Orders of the day are taken until then, in Shanghai")
    lead_days: int = Field(strict=True, ge=0, le=MAX_LEAD_DAYS, description="From the day of ordering to delivery")
    minimum: int = Field(0, strict=True, ge=0, le=MAX_FEN, description="The least of a purchase order")
    minimum_unit: MinimumUnit = MinimumUnit.FEN
    min_life_pct: int = Field(strict=True, ge=0, le=100, description="Of its life, goods have at least so much left")
    term_days: int = Field(strict=True, ge=0, le=MAX_TERM_DAYS, description="The law allows 60 days after receipt")
    term_base: TermBase = TermBase.RECEIPT_DATE
    rebate_bp: Share = 0
    rebate_on_invoice: bool = Field(False, description="True: a discount line of the invoice instead of a red one")
    tolerance: dict[Slug, ToleranceIn] = Field(
        default_factory=dict, max_length=20, description="By root category; what is left out is as usual"
    )
    fees: list[FeeIn] = Field(default_factory=list, max_length=20)

    def terms(self) -> Terms:
        """The value that the module works with."""
        return Terms(
            contract_no=self.contract_no,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            order_weekdays=tuple(self.order_weekdays),
            order_until=self.order_until.replace(tzinfo=None),
            lead_days=self.lead_days,
            minimum=self.minimum,
            minimum_unit=self.minimum_unit,
            min_life_pct=self.min_life_pct,
            term_days=self.term_days,
            term_base=self.term_base,
            rebate_bp=self.rebate_bp,
            rebate_on_invoice=self.rebate_on_invoice,
            tolerance={root: Tolerance(**rule.model_dump()) for root, rule in self.tolerance.items()},
        )


class FeeOut(Out):
    """A fee that a contract names."""

    id: UUID
    name: str
    service: str
    basis: FeeBasis
    amount_fen: int | None
    rate_bp: int | None
    tax_rate_bp: int


class ContractOut(Out):
    """A contract with a partner: a draft until it is signed."""

    id: UUID
    partner_id: UUID
    contract_no: str
    valid_from: date
    valid_to: date
    signed_at: datetime | None
    ended_at: datetime | None = Field(description="From the day of this on no order is taken under it")
    order_weekdays: list[int]
    order_until: time
    lead_days: int
    minimum: int
    minimum_unit: MinimumUnit
    min_life_pct: int
    term_days: int
    term_base: TermBase
    rebate_bp: int
    rebate_on_invoice: bool
    tolerance: dict[str, ToleranceOut]


class OneContractOut(ContractOut):
    """The same with the fees that it names."""

    fees: list[FeeOut]

    @classmethod
    def of(cls, contract: Contract, fees: Sequence[Fee]) -> OneContractOut:
        """From the values."""
        shown = ContractOut.model_validate(contract).model_dump()
        return cls(**shown, fees=[FeeOut.model_validate(fee) for fee in fees])
