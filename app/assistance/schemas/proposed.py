"""The wire format of what suppliers propose for households, and of payments by sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.assistance.rules.households import LinkageProposal, LinkKind, ListStatus, PaymentList
from app.assistance.rules.payment_sheets import CheckedSheet, SheetRow
from app.assistance.schemas.households import ContractIn, Number, PaidIn, PaymentListOut
from app.core.web import Body, LongText, Out

MOST_SHOWN = 500


class ProposedLinkageIn(ContractIn):
    """A contract of the caller's supplier with a household, which is named by its number in the official system."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "household_no": "H-433125116-0001",
                    "kind": "PURCHASE",
                    "contract_no": "LD-2026-001",
                    "valid_from": "2026-01-01",
                    "terms": "鲜叶保底价 40 元/kg",
                }
            ]
        }
    )

    household_no: Number


class LinkageProposalOut(Out):
    """A proposed contract and where it stands. The household is told by id alone."""

    id: UUID
    household_id: UUID
    supplier_id: UUID
    kind: LinkKind
    contract_no: str
    valid_from: date
    valid_to: date | None
    terms: str
    yearly_fen: int | None
    proposed_at: datetime
    status: ListStatus
    decided_at: datetime | None
    decision_note: str | None

    @classmethod
    def of(cls, found: LinkageProposal) -> LinkageProposalOut:
        """From the module's value."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class ProposedPaymentIn(PaidIn):
    """What the caller's supplier paid a household, which is named by its number in the official system."""

    household_no: Number


class ProposedPaymentsIn(Body):
    """Payments that a supplier proposes together: all of them or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "note": "四月鲜叶收购",
                    "payments": [
                        {
                            "household_no": "H-433125116-0001",
                            "kind": "PURCHASE",
                            "category": "golden-tea",
                            "paid_on": "2026-04-02",
                            "quantity_milli": 312500,
                            "unit_price_fen": 5000,
                            "voucher_no": "BD-0402-01",
                        }
                    ],
                }
            ]
        }
    )

    note: LongText
    payments: Annotated[list[ProposedPaymentIn], Field(min_length=1, max_length=1_000)]
    evidence: Annotated[list[UUID], Field(max_length=20, description="Files of the purpose `evidence`")] = Field(
        default_factory=list
    )


class OwnPaymentListOut(Out):
    """What a supplier proposed, and what an officer decided."""

    id: UUID
    rows: int
    total_fen: int
    note: str
    status: ListStatus
    entered_at: datetime
    decided_at: datetime | None
    decision_note: str | None

    @classmethod
    def of(cls, found: PaymentList) -> OwnPaymentListOut:
        """From the module's value."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class SheetFaultOut(Out):
    """Why a row cannot be taken, or what about it should be looked at."""

    column: str
    code: str
    detail: str


class SheetRowOut(Out):
    """A row of a sheet; ``row`` is its number in the file."""

    row: int
    status: Literal["ok", "warning", "rejected"]
    amount_fen: int | None
    faults: list[SheetFaultOut]

    @classmethod
    def of(cls, found: SheetRow, language: str) -> SheetRowOut:
        """From the module's value."""
        status = "rejected" if found.faults else "warning" if found.warnings else "ok"
        told = [
            SheetFaultOut(column=one.column, code=one.code, detail=one.en if language == "en" else one.zh)
            for one in (*found.faults, *found.warnings)
        ]
        return cls(row=found.number, status=status, amount_fen=found.amount_fen, faults=told)


class PaymentSheetOut(Out):
    """What would become of a sheet, or has: ``list`` is there once it was proposed."""

    rows: int
    rejected: int
    warned: int
    total_fen: int
    items: Sequence[SheetRowOut] = Field(description=f"At most {MOST_SHOWN}; those that cannot be taken come first")
    list: PaymentListOut | None

    @classmethod
    def of(cls, found: CheckedSheet, kept: PaymentList | None, language: str) -> PaymentSheetOut:
        """From the module's values."""
        return cls(
            rows=len(found.rows),
            rejected=found.rejected,
            warned=found.warned,
            total_fen=found.total_fen,
            items=[SheetRowOut.of(one, language) for one in found.by_trouble[:MOST_SHOWN]],
            list=None if kept is None else PaymentListOut.of(kept),
        )
