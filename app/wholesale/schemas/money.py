"""Partners' money on the wire: what came, what goes back, what nobody claimed, and when they were told to pay."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.core.web import Body, LongText, Out, unfit
from app.wholesale.lifecycle import PartnerRefundStatus
from app.wholesale.rules.money import Bucket, PartnerRefund, Payee
from app.wholesale.schemas import Code

_ID = "0198c0de-0000-7000-8000-000000000003"
Account = Annotated[str, StringConstraints(pattern=r"^[0-9]{6,32}$"), Field(examples=["6222021234567890123"])]


class RemittanceOut(Out):
    """Money of a partner on our account."""

    id: UUID
    entry_id: UUID = Field(description="Of the bank's statement")
    partner_id: UUID
    partner_name: str
    amount_fen: int
    applied_fen: int = Field(description="Pays statements")
    refunded_fen: int = Field(description="Went back, or waits for a second operator's word to")
    unapplied_fen: int = Field(description="Lies here; pays the next statement that is invoiced")
    booked_on: date
    noted_at: datetime


class ApplicationIn(Body):
    """Which statement money is set against."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"statement_id": _ID}]})
    statement_id: UUID


class PartnerRefundIn(Body):
    """Give back what lies of a remittance, or what a statement was closed with below zero: one of the two."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"remittance_id": _ID, "reason": "合同已终止，退回多付款"}]}
    )
    remittance_id: UUID | None = None
    statement_id: UUID | None = None
    account: Account | None = Field(
        None, description="The partner's own; may be left out for money that goes back to where it came from"
    )
    bank: Code | None = Field(None, description="That keeps the account", examples=["示例银行济南分行"])
    reason: LongText

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.remittance_id is None) == (self.statement_id is None):
            raise unfit("请填写来款或对账单之一", "Name a remittance or a statement, and not both", at="/remittance_id")
        return self

    def payee(self) -> Payee | None:
        """The account that is named, if one is."""
        return Payee(bank=self.bank, account=self.account) if self.account else None


class RefundDecisionIn(Body):
    """Why a refund is declined."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "收款账户与登记名称不符"}]})
    reason: LongText


class RefundPaymentIn(Body):
    """The transfer that paid a refund."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"bank_receipt": "20261203000123"}]})
    bank_receipt: Code = Field(description="The bank's number of the transfer")
    paid_on: date | None = Field(None, description="Today if it is left out")


class OwnRefundOut(Out):
    """Money that goes back to the partner, or went."""

    id: UUID
    code: str = Field(description="Stands in the postscript (附言) of the transfer")
    statement_number: str | None = Field(description="That was closed below zero; null for what was paid too much")
    amount_fen: int
    payee_tail: str = Field(description="Last digits of the account")
    status: PartnerRefundStatus
    drafted_at: datetime
    decided_at: datetime | None
    bank_receipt: str | None
    paid_on: date | None


class PartnerRefundOut(OwnRefundOut):
    """Money that goes back to a partner, for operators."""

    partner_id: UUID
    partner_name: str
    remittance_id: UUID | None
    statement_id: UUID | None
    reason: str
    drafted_by: UUID
    decided_by: UUID | None
    decision: str | None = Field(description="Why it was declined")


class OnePartnerRefundOut(PartnerRefundOut):
    """One refund with the account that it is paid into."""

    account: str
    bank: str | None

    @classmethod
    def of(cls, refund: PartnerRefund) -> Self:
        """From the value, which has its payee."""
        fields = {name: getattr(refund, name) for name in PartnerRefundOut.model_fields}
        payee = refund.payee or Payee(bank=None, account="")
        return cls(**fields, account=payee.account, bank=payee.bank)


class OpenStatementOut(Out):
    """A statement that waits for money."""

    statement_id: UUID
    number: str
    open_fen: int
    sent_on: date
    due_on: date


class UnclaimedMoneyOut(Out):
    """Money on our account that pays nothing yet."""

    entry_id: UUID
    serial: str
    booked_on: date
    amount_fen: int
    payer_name: str
    postscript: str
    partner_id: UUID | None = Field(description="Whose registered name the payer's is")
    partner_name: str | None
    suggestion: OpenStatementOut | None = Field(description="The one statement of it that is open with this amount")
    open: list[OpenStatementOut] = Field(description="All its statements that wait for money, the oldest first")


class ReminderOut(Out):
    """A reminder that was sent."""

    due_on: date
    days: int = Field(description="From the last day of payment; before it below zero")
    open_fen: int
    at: datetime


class DueOut(Out):
    """A statement that is to be paid soon or should have been, with its reminders."""

    statement_id: UUID
    number: str
    partner_id: UUID
    partner_name: str
    due_on: date
    overdue_days: int
    bucket: Bucket = Field(description="As in the ageing")
    open_fen: int
    reminders: list[ReminderOut] = Field(description="That were sent, oldest first")
    next_on: date | None = Field(description="Day of the next one; null after the last")
