"""Statements, payouts, accounts and terms on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from app.core.money import MAX_FEN
from app.core.web import Body, LongText, Out, ShortText, unfit
from app.settlement.lifecycle import PayoutStatus, Status
from app.settlement.rules import (
    MOST_RATE_BP,
    CommissionRule,
    Kind,
    Owed,
    Party,
    Payout,
    PayoutAccount,
    Row,
    Run,
    Statement,
)
from app.settlement.schemas.drafts import OneSettlementDraftOut

MONTH = r"^(20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])$"
Month = Annotated[str, StringConstraints(pattern=MONTH), Field(examples=["2026-10"])]


def first_of(month: str) -> date:
    """The first day of ``YYYY-MM``."""
    return date.fromisoformat(f"{month}-01")


class EventOut(Out):
    """One step, and who took it; the clock is `system`."""

    at: datetime
    status: Status
    party: Party
    reason: str | None


class StatementOut(Out):
    """A month of one supplier. `net_fen` = goods + subsidy + freight - commission - refund + other.

    `balance_fen` is that and what the month before left behind (`opening_fen`, never positive); it is paid when it is
    positive, and opens the next statement when it is not. `sha256` is of the rows as they were issued.
    """

    id: UUID
    number: str = Field(examples=["JS202610S01"])
    supplier_id: UUID
    supplier_name: str
    month: str = Field(examples=["2026-10"])
    status: Status
    row_count: int
    sha256: str
    opening_fen: int
    goods_fen: int = Field(description="Paid by buyers for goods")
    subsidy_fen: int = Field(description="Discounts that the platform or a district bears")
    freight_fen: int
    commission_fen: int
    refund_fen: int = Field(description="Taken back by refunds, commission already given back")
    other_fen: int = Field(description="Goods sent again at others' cost, and corrections")
    net_fen: int
    balance_fen: int
    issued_at: datetime
    confirm_by: datetime | None = Field(description="Taken as confirmed then, while it is `issued`")
    paid_at: datetime | None

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """From the value."""
        names = [name for name in StatementOut.model_fields if name != "month"]
        return cls.model_validate(
            {**{name: getattr(statement, name) for name in names}, "month": f"{statement.month:%Y-%m}"}
        )


class OneStatementOut(StatementOut):
    """A statement with what happened to it."""

    history: list[EventOut]
    draft_id: UUID | None = Field(description="A correction that waits for a second operator's word")

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """From the value."""
        events = [EventOut.model_validate(event) for event in statement.history]
        return cls(**dict(StatementOut.of(statement)), history=events, draft_id=statement.draft_id)


class RowOut(Out):
    """A row of a statement: one sold line, a refund of it, its freight. `share_bp` of its price is the supplier's.

    A `purchase` is a row of a receipt that a supermarket has paid, a `purchase_return` one of what it sent back or had
    corrected: `listed_fen` less `rebate_fen` is the price.
    """

    position: int
    kind: Kind
    order_number: str | None
    line_id: UUID | None = Field(description="None for freight and corrections")
    sku: str | None
    name: str | None
    quantity: int | None
    rate_bp: int | None = Field(description="The commission rate, as it was when the goods were paid, or taken in")
    tax_rate_bp: int | None = Field(description="Of the value-added tax, as it was when the goods were sold")
    occurred_at: datetime
    listed_fen: int | None = Field(description="Of a sold line its price before discounts")
    discount_fen: int | None = Field(description="What the supplier itself took off")
    paid_fen: int = Field(description="By the buyer, or back to the buyer")
    subsidy_fen: int
    commission_fen: int = Field(description="Negative where it lowers what is owed")
    borne_fen: int = Field(description="Paid by the platform or a carrier instead of the supplier")
    net_fen: int
    tax_fen: int | None = Field(description="The value-added tax in `paid_fen` and `subsidy_fen`")
    share_bp: int | None = Field(description="Farm-gate share of a sold line, in basis points of its price")
    po_no: str | None = Field(description="Of a supermarket's purchase order, under the supermarket's own number")
    po_line_no: int | None
    unit_price_fen: int | None = Field(description="What the supermarket pays for a unit")
    rebate_fen: int | None = Field(description="The supplier's share of the rebate that the contract grants")

    @classmethod
    def of(cls, row: Row) -> Self:
        """From the value."""
        return cls.model_validate(row)


class OwedOut(Out):
    """What is owed at this moment, in fen."""

    stated_fen: int = Field(description="On statements that are not paid yet")
    released_fen: int = Field(description="For the next statement")
    held_fen: int = Field(description="Sold, while its buyers may still claim")
    pending_fen: int = Field(description="Taken in by supermarkets that have not paid for it yet")
    total_fen: int

    @classmethod
    def of(cls, owed: Owed) -> Self:
        """From the value."""
        return cls.model_validate(owed)


class DisputeIn(Body):
    """What is wrong with a statement."""

    reason: LongText = Field(examples=["第 12 行的退款应由承运商承担"])


class ResolveIn(Body):
    """The operator's answer."""

    reason: LongText = Field(examples=["核对签收照片后认定由承运商承担，差额计入下期"])
    adjustment_fen: Annotated[int, Field(strict=True, ge=-MAX_FEN, le=MAX_FEN)] = Field(
        0, description="Owed to the supplier on top, in the next period; negative: less", examples=[1_250]
    )


class MonthIn(Body):
    """A month that is over."""

    month: Month


class IssuedOut(Out):
    """How many statements were issued."""

    month: str
    statements: int


class RunIn(Body):
    """Which statements to pay: those of one month, or all that wait."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"month": "2026-10"}]})
    month: Month | None = None


class PayoutOut(Out):
    """An instruction to a licensed provider to split what it holds, and what became of it."""

    id: UUID
    number: str = Field(description="As the provider sees it", examples=["FZ20261108123456789012"])
    run_id: UUID
    statement_id: UUID
    statement_number: str
    supplier_id: UUID
    amount_fen: int = Field(description="To the supplier")
    platform_fen: int = Field(description="To the platform; negative: it pays in")
    status: PayoutStatus
    provider: str
    provider_reference: str | None
    failure: str | None = Field(description="The provider's code")
    instructed_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, payout: Payout) -> Self:
        """From the value."""
        return cls.model_validate(payout)


class PayoutEndIn(Body):
    """How the provider says a payout ended that it never told us of: paid under a reference, or failed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reference": "30000805102026110841000000001"}]})
    reference: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_|*@.:-]{1,64}$")] | None = None
    failure: Annotated[str, StringConstraints(pattern=r"^[A-Z_]{1,64}$")] | None = Field(
        None, description="The provider's code", examples=["ACCOUNT_ABNORMAL"]
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.reference is None) == (self.failure is None):
            raise unfit("请填写 reference 或 failure 之一", "Give either a reference or a failure", at="/reference")
        return self


class RunOut(Out):
    """What a run instructed, or drafted. Statements of suppliers without a verified account are named and left."""

    id: UUID
    payouts: list[PayoutOut] = Field(description="Empty while the run waits for a second operator")
    draft: OneSettlementDraftOut | None = Field(description="What waits for a second operator's word, if it takes one")
    without_account: list[str] = Field(description="Numbers of statements that could not be paid")

    @classmethod
    def of(cls, run: Run) -> Self:
        """From the value."""
        return cls(
            id=run.id,
            payouts=[PayoutOut.of(one) for one in run.payouts],
            draft=None if run.draft is None else OneSettlementDraftOut.of(run.draft),
            without_account=[*run.without_account],
        )


_Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{8,30}$")]


class PayoutAccountIn(Body):
    """Where the supplier wants to be paid."""

    holder: ShortText = Field(examples=["保靖县吕洞茗源茶叶专业合作社（示例）"])
    bank: ShortText = Field(examples=["保靖农村商业银行吕洞山支行（示例）"])
    account: _Digits = Field(examples=["6200000000000001234"])
    cnaps: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] | None = Field(None, examples=["402699000018"])


class PayoutAccountOut(Out):
    """A payout account; its number is masked everywhere but at the bank."""

    id: UUID
    supplier_id: UUID
    holder: str
    bank: str
    account: str = Field(examples=["**** **** 1234"])
    cnaps: str | None
    entered_at: datetime
    verified_at: datetime | None = Field(description="Paid into once it is verified; the latest verified one counts")

    @classmethod
    def of(cls, account: PayoutAccount) -> Self:
        """From the value, masked."""
        return cls(
            id=account.id,
            supplier_id=account.supplier_id,
            holder=account.details.holder,
            bank=account.details.bank,
            account=account.details.masked,
            cnaps=account.details.cnaps,
            entered_at=account.entered_at,
            verified_at=account.verified_at,
        )


class PayoutAccountsOut(Out):
    """All that the supplier entered, newest first."""

    items: list[PayoutAccountOut]


def _sane(day: date) -> date:
    if not 2000 <= day.year < 2200:  # noqa: PLR2004 - outside lie typing errors
        raise unfit("日期须在 2000 至 2199 年之间", "A day between 2000 and 2199")
    return day


Day = Annotated[date, AfterValidator(_sane)]


class CommissionRuleIn(Body):
    """From which day the platform takes which share of whose goods. The most specific rule counts."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"category": "navel-orange", "rate_bp": 300, "valid_from": "2027-01-01"}]}
    )
    supplier_id: UUID | None = Field(None, description="Only of this supplier")
    category: ShortText | None = Field(None, description="Only of this root category")
    rate_bp: Annotated[int, Field(strict=True, ge=0, le=MOST_RATE_BP, description="Basis points: 500 is 5 %")]
    valid_from: Day


class CommissionRuleOut(Out):
    """A commission rule. Rules are never changed; a later one takes over from its day on."""

    id: UUID
    supplier_id: UUID | None
    category: str | None
    rate_bp: int
    valid_from: date
    created_at: datetime

    @classmethod
    def of(cls, rule: CommissionRule) -> Self:
        """From the value."""
        return cls.model_validate(rule)
