"""The wire format of sales from outside the platform."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.assistance.rules import Channel
from app.assistance.rules.declared import DeclaredSale, DoubtKind, NewDeclaredSale, Occasion
from app.assistance.rules.periods import following
from app.assistance.rules.proposals import Correction, ProposalStatus
from app.assistance.schemas import Day
from app.assistance.schemas.ledger import EntryOut
from app.assistance.schemas.periods import MONTH, Note, first_of
from app.core.money import MAX_FEN
from app.core.web import Body, Out, ShortText, unfit
from app.files import FileOut

Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class DeclaredSaleIn(Body):
    """A sale from outside the platform: a day's, or with `month` alone a month's total.

    Files of purpose `evidence` prove it: the voucher, the invoice, the contract, at least one.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "occasion": "fair",
                    "voucher_no": "JN-2026-017",
                    "month": "2026-10",
                    "amount_fen": 3680000,
                    "channel": "retail",
                    "division_code": "370112",
                    "supplier_id": "019a9f6b-7c0e-7d3f-8a51-c2d3e4f50617",
                    "category": "golden-tea",
                    "buyer": "济南农产品展销会现场零售",
                    "note": "展销会三天合计，附销售清单",
                    "file_ids": ["019a9f6b-7c0e-7d3f-8a51-c2d3e4f50618"],
                }
            ]
        }
    )

    occasion: Occasion
    voucher_no: Number
    month: str = Field(pattern=MONTH, examples=["2026-10"])
    sold_on: Day | None = Field(None, description="The day within the month; without it, the month as a whole")
    amount_fen: int = Field(strict=True, ge=1, le=MAX_FEN, description="Paid for goods, without freight")
    quantity: int = Field(0, strict=True, ge=0, le=1_000_000)
    weight_g: int = Field(0, strict=True, ge=0, le=10**12)
    channel: Channel
    division_code: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")] = Field(examples=["370112"])
    supplier_id: UUID
    category: ShortText = Field(description="A root of the catalogue", examples=["golden-tea"])
    buyer: ShortText = Field(description="An organisation or an event, no person")
    source: Number = Field("declared", description="Whose invoice it is; with `invoice_no` and its line it counts once")
    invoice_no: Number | None = None
    invoice_line: int | None = Field(None, strict=True, ge=1, le=1_000)
    note: Note
    not_a_duplicate_because: Note | None = Field(None, description="Needed where it looks like a known sale")
    file_ids: list[UUID] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _fits(self) -> DeclaredSaleIn:
        if self.sold_on is not None and f"{self.sold_on:%Y-%m}" != self.month:
            raise unfit("成交日须在 month 所填的月份之内", "Must be a day of the month that is given", at="/sold_on")
        if (self.invoice_no is None) != (self.invoice_line is None):
            raise unfit("发票号与发票行号须同时填写", "Give invoice_no and invoice_line together", at="/invoice_no")
        return self

    def as_value(self) -> NewDeclaredSale:
        """The sale as a value."""
        told = self.model_dump(exclude={"month", "sold_on"})
        last = following(first_of(self.month)) - timedelta(days=1)
        return NewDeclaredSale(**told, sold_on=self.sold_on or last)


class WithdrawalIn(Body):
    """Why a declared sale shall be taken back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "evidence_withdrawn", "note": "展销会主办方更正了销售清单"}]}
    )

    reason: Correction
    note: Note


class DoubtOut(Out):
    """One known sale that it looked like."""

    kind: DoubtKind
    like: str


class DeclaredSaleOut(Out):
    """A declared sale, and what became of it. It is decided at `/v1/office/proposals/{id}`."""

    id: UUID
    status: ProposalStatus
    withdrawn: bool
    occasion: Occasion
    voucher_no: str
    sold_on: date
    amount_fen: int
    quantity: int
    weight_g: int
    channel: Channel
    division_code: str
    supplier_id: UUID
    supplier_name: str
    township_code: str
    township: str
    category: str
    buyer: str
    source: str
    invoice_no: str | None
    invoice_line: int | None
    note: str
    doubts: list[DoubtOut]
    not_a_duplicate_because: str | None
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_note: str | None
    posted: EntryOut | None
    files: list[FileOut]

    @classmethod
    def of(cls, sale: DeclaredSale, files: list[FileOut]) -> DeclaredSaleOut:
        """From the module's value and the links to its vouchers."""
        proposal = sale.proposal
        told = {name: getattr(sale, name) for name in _OF_SALE} | {
            name: getattr(proposal, name) for name in _OF_PROPOSAL
        }
        return cls(
            **told,
            doubts=[DoubtOut.model_validate(doubt) for doubt in sale.doubts],
            posted=None if proposal.posted is None else EntryOut.of(proposal.posted),
            files=files,
        )


_OF_PROPOSAL = (
    *("id", "status", "amount_fen", "quantity", "weight_g", "note", "proposed_by", "proposed_at"),
    *("decided_by", "decided_at", "decision_note"),
)
_OF_SALE = tuple(
    name for name in DeclaredSaleOut.model_fields if name not in (*_OF_PROPOSAL, "doubts", "posted", "files")
)
