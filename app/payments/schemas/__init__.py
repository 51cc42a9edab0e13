"""The wire format. What providers send may carry more than we read, so unknown fields are allowed there alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.money import MAX_FEN
from app.core.web import Body, Out, ShortText
from app.core.web.schemas import NO_CONTROL
from app.payments.rules import Payment, Provider, Refund, RefundStatus
from app.payments.rules.bank import BankEntry, EntryStatus, StatementLine

_Word = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_|*@.:-]{1,64}$")]
_Fen = Annotated[int, Field(strict=True, ge=1, le=MAX_FEN)]
_Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class PayAccepted(Out):
    """The sandbox took the payment; the result arrives by a signed notification."""

    payment_id: UUID
    status: Literal["accepted"] = "accepted"


class RefundOut(Out):
    """Money on its way back to the payer of a payment."""

    id: UUID
    number: str = Field(description="Ours, as the provider sees it", examples=["RF20261120000000000001"])
    payment_id: UUID
    provider: Provider
    paid_for: UUID = Field(description="What the payment was for: the order")
    amount_fen: int
    reason: str
    status: RefundStatus
    provider_refund: str | None = Field(description="The provider's number, or the receipt of a payment by hand")
    requested_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, refund: Refund, payment: Payment) -> Self:
        """From the values."""
        return cls(
            id=refund.id,
            number=refund.number,
            payment_id=payment.id,
            provider=payment.provider,
            paid_for=payment.reference,
            amount_fen=refund.amount_fen,
            reason=refund.reason,
            status=refund.status,
            provider_refund=refund.provider_refund,
            requested_at=refund.requested_at,
            settled_at=refund.settled_at,
        )


class PaidByHandIn(Body):
    """How the money went back."""

    receipt: ShortText = Field(description="The transfer's number at the bank", examples=["20261121004512770031"])


_Serial = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_CONTROL)]


class StatementRowIn(Body):
    """One credit, as the bank tells it."""

    serial: _Serial = Field(description="交易流水号", examples=["20261120-000731"])
    booked_on: date = Field(examples=["2026-11-20"])
    payer_name: ShortText = Field(examples=["济南市历城区第一小学工会（示例）"])
    payer_account: _Serial | None = Field(None, examples=["370112000012345678"])
    amount_fen: _Fen = Field(examples=[128_000])
    postscript: Annotated[str, StringConstraints(max_length=400, pattern=NO_CONTROL)] = Field("", examples=["BJ7F3KMA"])

    def line(self) -> StatementLine:
        """As a value."""
        return StatementLine(
            self.serial, self.booked_on, self.payer_name, self.payer_account, self.amount_fen, self.postscript
        )


class StatementIn(Body):
    """What came to our account."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rows": [
                        {
                            "serial": "20261120-000731",
                            "booked_on": "2026-11-20",
                            "payer_name": "济南市历城区第一小学工会（示例）",
                            "amount_fen": 128_000,
                            "postscript": "BJ7F3KMA",
                        }
                    ]
                }
            ]
        }
    )

    rows: list[StatementRowIn] = Field(min_length=1, max_length=2_000)


class StatementOut(Out):
    """What became of a statement's lines."""

    imported: int = Field(description="Lines that were new")
    repeated: int = Field(description="Lines that had been imported before; nothing happened again")
    assigned: int = Field(description="Code and amount were right: paid")
    held: int = Field(description="A code with another amount, or of what is paid already")
    suggested: int = Field(description="No code, but one payment that it could be: confirm it by assigning")
    unmatched: int


class BankEntryOut(Out):
    """A credit on our account and what became of it."""

    id: UUID
    serial: str
    booked_on: date
    payer_name: str
    payer_account_tail: str | None = Field(description="The last four digits", examples=["5678"])
    amount_fen: int
    postscript: str
    status: EntryStatus
    payment_id: UUID | None = Field(description="What it pays, is held for, or is suggested for")
    expected_fen: int | None = Field(description="The amount of that payment: more came, or less, if it differs")
    receipt: str | None = Field(description="Of the transfer that sent it back")

    @classmethod
    def of(cls, entry: BankEntry) -> Self:
        """From the value."""
        line = entry.line
        return cls(
            id=entry.id,
            serial=line.serial,
            booked_on=line.booked_on,
            payer_name=line.payer_name,
            payer_account_tail=line.payer_account[-4:] if line.payer_account else None,
            amount_fen=line.amount_fen,
            postscript=line.postscript,
            status=entry.status,
            payment_id=entry.payment_id,
            expected_fen=entry.expected_fen,
            receipt=entry.receipt,
        )


class AssignIn(Body):
    """Which payment the money is for."""

    payment_id: UUID = Field(examples=["01a20977-01e5-7cc9-b31d-f900335f8041"])


class _FromProvider(Body):
    model_config = ConfigDict(extra="ignore", frozen=True)


class SealedResource(_FromProvider):
    """The encrypted part of a notification: AES-256-GCM with a 16-byte tag at the end of the ciphertext."""

    algorithm: Literal["AEAD_AES_256_GCM"]
    ciphertext: str = Field(min_length=1, max_length=100_000, description="base64")
    associated_data: str = Field("", max_length=64)
    nonce: str = Field(min_length=12, max_length=12, pattern=r"^[\x20-\x7e]{12}$")


class NotificationIn(_FromProvider):
    """A payment provider's notification, in the shape of WeChat Pay API v3."""

    id: _Word = Field(examples=["EV-019a9f6b7c0e7d3f8a51c2d3e4f50617"])
    create_time: str = Field(max_length=40, examples=["2026-11-20T12:00:00+08:00"])
    resource_type: str = Field(max_length=64, examples=["encrypt-resource"])
    event_type: Literal["TRANSACTION.SUCCESS", "REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED"]
    summary: str = Field("", max_length=128, examples=["支付成功"])
    resource: SealedResource


class PaidAmount(_FromProvider):
    """What was paid, in fen."""

    total: _Fen
    currency: _Currency


class TransactionIn(_FromProvider):
    """The decrypted resource of ``TRANSACTION.SUCCESS``. ``out_trade_no`` is our payment id in 32 hex digits."""

    out_trade_no: str = Field(pattern=r"^[0-9a-f]{32}$")
    transaction_id: _Word
    amount: PaidAmount


class RefundedAmount(_FromProvider):
    """What went back, in fen."""

    refund: _Fen
    currency: _Currency = "CNY"


class RefundIn(_FromProvider):
    """The decrypted resource of ``REFUND.*``. ``out_refund_no`` is our number of the refund."""

    out_refund_no: _Word
    refund_id: _Word
    amount: RefundedAmount
