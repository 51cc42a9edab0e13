"""The platform's own books on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from app.core.web import Out
from app.settlement.rules import Account, Kind
from app.settlement.rules.books import Balance, Income, Journalled, Shared


class EntryOut(Out):
    """One side of a posting."""

    account: Account
    debit_fen: int
    credit_fen: int


class PostingOut(Out):
    """A posting of the journal; its entries sum to nothing."""

    id: int
    kind: Kind
    source_id: UUID = Field(description="A supplier order, refund, claim, statement, payout or row of a document")
    line_id: UUID | None
    supplier_id: UUID
    order_number: str | None
    po_no: str | None = Field(description="Of a supermarket's purchase order, under the supermarket's own number")
    sku: str | None
    rate_bp: int | None
    occurred_at: datetime
    posted_at: datetime
    reverses: int | None
    entries: list[EntryOut]

    @classmethod
    def of(cls, posting: Journalled) -> Self:
        """From the value."""
        entries = [
            EntryOut(account=account, debit_fen=max(fen, 0), credit_fen=max(-fen, 0))
            for account, fen in posting.entries
        ]
        names = [name for name in cls.model_fields if name not in ("kind", "entries")]
        return cls(**{name: getattr(posting, name) for name in names}, kind=Kind(posting.kind), entries=entries)


class BalanceOut(Out):
    """What was debited and credited to an account."""

    account: Account
    debit_fen: int
    credit_fen: int
    balance_fen: int = Field(description="Debits less credits: negative for what is owed or earned")


class BalancesOut(Out):
    """The trial balance; debits and credits are equal."""

    items: list[BalanceOut]
    debit_fen: int
    credit_fen: int

    @classmethod
    def of(cls, balances: list[Balance]) -> Self:
        """From the values."""
        items = [
            BalanceOut(
                account=one.account,
                debit_fen=one.debit_fen,
                credit_fen=one.credit_fen,
                balance_fen=one.debit_fen - one.credit_fen,
            )
            for one in balances
        ]
        return cls(
            items=items, debit_fen=sum(one.debit_fen for one in items), credit_fen=sum(one.credit_fen for one in items)
        )


class IncomeOut(Out):
    """A supplier's identity and income in a quarter, before the platform's commission."""

    supplier_id: UUID
    code: str
    name: str
    uscc: str
    kind: str
    taxpayer: str
    orders: int
    gross_fen: int
    refunded_fen: int
    net_fen: int
    commission_fen: int


class IncomesOut(Out):
    """What is reported to the tax office for a quarter."""

    quarter: str = Field(examples=["2026-Q3"])
    first: date
    last: date
    items: list[IncomeOut]
    gross_fen: int
    refunded_fen: int
    net_fen: int

    @classmethod
    def of(cls, quarter: str, first: date, last: date, incomes: list[Income]) -> Self:
        """From the values."""
        return cls(
            quarter=quarter,
            first=first,
            last=last,
            items=[IncomeOut.model_validate(one) for one in incomes],
            gross_fen=sum(one.gross_fen for one in incomes),
            refunded_fen=sum(one.refunded_fen for one in incomes),
            net_fen=sum(one.net_fen for one in incomes),
        )


class SharedOut(Out):
    """Who got what of a SKU's sales, net of refunds."""

    sku: str
    name: str
    supplier_id: UUID
    supplier_name: str
    quantity: int
    paid_fen: int = Field(description="By buyers")
    added_fen: int = Field(description="By the platform, districts and carriers")
    commission_fen: int
    supplier_fen: int
    share_bp: int | None = Field(description="What of the price reaches the supplier, in basis points")
    days_to_paid: int | None = Field(description="Mean days from the buyer's payment to the supplier's")


class SharesOut(Out):
    """The farm-gate shares of a span of days."""

    items: list[SharedOut]

    @classmethod
    def of(cls, shares: list[Shared]) -> Self:
        """From the values."""
        return cls(items=[SharedOut.model_validate(one) for one in shares])
