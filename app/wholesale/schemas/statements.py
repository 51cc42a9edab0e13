"""Statements and disputes on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.money import MAX_FEN
from app.core.web import Body, LongText, Out
from app.wholesale.lifecycle import StatementStatus
from app.wholesale.rules import DisputeKind, StatementLineKind
from app.wholesale.rules.asking import MAX_UNITS
from app.wholesale.rules.statements import Claim, Difference, Statement, TheirRow
from app.wholesale.schemas import Code

MONTH = r"^(20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])$"
Month = Annotated[str, StringConstraints(pattern=MONTH), Field(examples=["2026-10"])]
Amount = Annotated[int, Field(strict=True, ge=0, le=MAX_FEN, examples=[7200])]
Claimed = Annotated[int, Field(strict=True, ge=0, le=MAX_UNITS, examples=[90])]
MOST_ROWS = 5_000


def first_of(month: str) -> date:
    """The first day of ``YYYY-MM``."""
    return date.fromisoformat(f"{month}-01")


class PartnerStatementLineOut(Out):
    """A row of a statement. Returns, corrections, fees, what is carried over, and most rebates are below zero."""

    id: UUID
    position: int
    kind: StatementLineKind
    po_no: str | None
    document_no: str | None = Field(description="Your number of the receipt or return")
    on_day: date
    sku: str | None
    partner_item_code: str | None
    name: str
    units: int | None
    unit_price_fen: int | None
    tax_rate_bp: int | None
    amount_fen: int


class PartnerDisputeOut(Out):
    """What was said to be wrong, and what became of it."""

    id: UUID
    statement_id: UUID
    line_id: UUID | None
    kind: DisputeKind
    claimed_units: int | None
    claimed_price_fen: int | None
    claimed_amount_fen: int | None
    note: str
    opened_at: datetime
    accepted: bool | None = Field(description="Null while nobody has decided")
    answer: str | None
    decided_at: datetime | None
    corrected_fen: int = Field(description="What it changed of what is owed, not above zero")


class PartnerStatementOut(Out):
    """A month's statement: `payable_fen = goods_fen - rebate_fen - fees_fen - carried_fen`."""

    id: UUID
    number: str
    code: str = Field(description="To be written into the postscript (附言) of the remittance")
    partner_id: UUID
    partner_name: str
    contract_no: str
    month: Month
    revision: int
    status: StatementStatus
    goods_fen: int
    rebate_fen: int = Field(description="Below zero where more went back than came")
    fees_fen: int
    carried_fen: int = Field(description="What earlier statements came to below zero")
    payable_fen: int = Field(description="Below zero where more went back than is owed")
    paid_fen: int
    open_fen: int
    credit_fen: int = Field(description="Of one closed below zero: what is still yours and lessens the next statement")
    carried_to: str | None = Field(description="Number of the statement that took it over")
    issued_at: datetime
    sent_at: datetime | None
    confirmed_at: datetime | None
    invoiced_at: datetime | None
    invoice_no: str | None
    due_on: date
    paid_at: datetime | None

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """From the value."""
        return cls.model_validate({**_fields(cls, statement), "month": f"{statement.month:%Y-%m}"})


def _fields(of: type[Out], statement: Statement) -> dict[str, object]:
    return {name: getattr(statement, name) for name in of.model_fields if hasattr(statement, name)}


class OnePartnerStatementOut(PartnerStatementOut):
    """A statement with the rows of a revision, and everything that was disputed of it."""

    lines: list[PartnerStatementLineOut]
    disputes: list[PartnerDisputeOut]


class PartnerStatementDraftIn(Body):
    """Draw a partner's statement of a month that is over."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"partner_id": "0198c0de-0000-7000-8000-000000000001", "month": "2026-10"}]}
    )
    partner_id: UUID
    month: Month


class StatementConfirmationIn(Body):
    """Agree to a statement."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"revision": 1}]})
    revision: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = Field(
        None, description="That you looked at: a newer one is then not confirmed unseen", examples=[1]
    )


class PartnerDisputeIn(Body):
    """Say what is wrong with a row, or with the whole statement."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "QTY",
                    "line_id": "0198c0de-0000-7000-8000-000000000002",
                    "claimed_units": 90,
                    "note": "验收单实收 90 箱",
                }
            ]
        }
    )
    kind: DisputeKind
    line_id: UUID | None = Field(None, description="A row of the newest revision; needed for QTY, PRICE and TAX")
    claimed_units: Claimed | None = Field(None, description="QTY: what was taken in")
    claimed_price_fen: Amount | None = Field(None, description="PRICE: what a unit costs")
    claimed_amount_fen: Amount | None = Field(None, description="UNKNOWN_DEDUCTION: what you would deduct")
    note: LongText

    def claim(self) -> Claim:
        """As the module's value."""
        return Claim(**self.model_dump())


class DisputeDecisionIn(Body):
    """Take a dispute's word, or not."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"accept": True, "answer": "已核对验收单"}]})
    accept: bool
    answer: LongText | None = None


class PartnerInvoiceIn(Body):
    """The invoice over a statement."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"invoice_no": "26434000000012345678"}]})
    invoice_no: Code


class PartnerPaymentIn(Body):
    """Which entry of the bank's file is the partner's."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"entry_id": "0198c0de-0000-7000-8000-000000000003"}]})
    entry_id: UUID


class TheirRowIn(Body):
    """A row of your books: goods by order, receipt and item, or a `deduction` with its `amount_fen`."""

    po_no: Code | None = None
    receipt_no: Code | None = Field(None, description="Or the number of the return")
    item: Code | None = Field(None, description="Your code or our SKU")
    units: Annotated[int, Field(strict=True, ge=-MAX_UNITS, le=MAX_UNITS, examples=[96])] | None = None
    unit_price_fen: Amount | None = None
    tax_rate_bp: Annotated[int, Field(strict=True, ge=0, le=10_000, examples=[900])] | None = None
    deduction: Code | None = Field(None, description="Its name", examples=["促销服务费"])
    amount_fen: Amount | None = None


class ComparisonIn(Body):
    """Your books of the month, to be compared with the statement."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rows": [
                        {
                            "po_no": "PO20261120-017",
                            "receipt_no": "YS20261125-031",
                            "item": "200310",
                            "units": 96,
                            "unit_price_fen": 7200,
                        },
                        {"deduction": "促销服务费", "amount_fen": 30000},
                    ]
                }
            ]
        }
    )
    rows: list[TheirRowIn] = Field(min_length=1, max_length=MOST_ROWS)

    def theirs(self) -> list[TheirRow]:
        """As the module's values."""
        return [TheirRow(**row.model_dump()) for row in self.rows]


class DifferenceOut(Out):
    """What the two sides differ in; amounts are fen, tax rates basis points."""

    kind: DisputeKind
    row: int | None = Field(description="Place in `rows`, from 0; null for a row of the statement that you lack")
    line_id: UUID | None
    ours: int | None
    theirs: int | None


class ComparisonOut(Out):
    """Where the statement and your books differ; nowhere if `differences` is empty."""

    revision: int
    matched: int = Field(description="Rows of yours that agree")
    differences: list[DifferenceOut]

    @classmethod
    def of(cls, revision: int, rows: int, found: list[Difference]) -> Self:
        """From the values."""
        wrong = {one.row for one in found if one.row is not None}
        differences = [DifferenceOut.model_validate(one) for one in found]
        return cls(revision=revision, matched=rows - len(wrong), differences=differences)
