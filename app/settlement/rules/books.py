"""Values of the platform's own books, the quarter as people write it, and sheets of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.core.errors import Fault, InvalidInput
from app.settlement.rules import Account, share_bp

_QUARTER = re.compile(r"(20[0-9]{2}|21[0-9]{2})-Q([1-4])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Balance:
    """What was debited and credited to an account, in fen."""

    account: Account
    debit_fen: int
    credit_fen: int


@dataclass(frozen=True, slots=True)
class Journalled:
    """A posting with its entries: an account and an amount, debits positive, credits negative, together nothing."""

    id: int
    kind: str
    source_id: UUID
    line_id: UUID | None
    supplier_id: UUID
    order_number: str | None
    po_no: str | None
    sku: str | None
    rate_bp: int | None
    occurred_at: datetime
    posted_at: datetime
    reverses: int | None
    entries: tuple[tuple[Account, int], ...]


@dataclass(frozen=True, slots=True)
class Income:
    """Who a supplier is and what it sold in a quarter, in fen, before the platform's commission."""

    supplier_id: UUID
    code: str
    name: str
    uscc: str
    kind: str
    taxpayer: str
    orders: int
    gross_fen: int
    refunded_fen: int
    commission_fen: int

    @property
    def net_fen(self) -> int:
        """Gross less refunds."""
        return self.gross_fen - self.refunded_fen


@dataclass(frozen=True, slots=True)
class Shared:
    """Who got what of a SKU's sales, in fen and net of refunds.

    ``added_fen`` is what others than the buyers paid: subsidies, and damage that a carrier or the platform bears.
    ``days_to_paid`` is the mean from the buyer's payment to the supplier's; None while nothing was paid out.
    """

    sku: str
    name: str
    supplier_id: UUID
    supplier_name: str
    quantity: int
    paid_fen: int
    added_fen: int
    commission_fen: int
    supplier_fen: int
    days_to_paid: int | None

    @property
    def share_bp(self) -> int | None:
        """What of the price reaches the supplier, in basis points."""
        return share_bp(self.supplier_fen, self.paid_fen + self.added_fen)


def quarter(written: str) -> tuple[date, date]:
    """The first and the last day of ``2026-Q4``. Raises ``InvalidInput``."""
    found = _QUARTER.fullmatch(written)
    if found is None:
        raise InvalidInput(faults=[Fault("query:/quarter", "not_a_quarter", "形如 2026-Q4", "as in 2026-Q4")])
    year, number = int(found[1]), int(found[2])
    first = date(year, 3 * number - 2, 1)
    return first, (first + timedelta(days=95)).replace(day=1) - timedelta(days=1)
