"""What contracts make of a month's goods: rebates, fees, and the last day of payment (domain handbook §4.3).

Goods follow the contract under which they were ordered, also when another one holds by the time that they come or go
back. What is owed by the month follows the one that held last in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app.wholesale.rules import StatementLineKind

if TYPE_CHECKING:
    from app.partners import Contract, Fee

MOST_DAYS = 60
"""Goods are paid within so many days of their receipt, whatever was agreed (domain handbook §4.3)."""
WHOLE_BP = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """A rebate or a fee; ``source_id`` is the rebate's contract or the fee.

    Above zero it lessens what is owed. A rebate is below zero where more went back than came: it is taken back.
    """

    kind: StatementLineKind
    source_id: UUID
    name: str
    amount_fen: int
    tax_rate_bp: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A contract with its fees, and what the goods ordered under it come to in the month that is stated.

    ``monthly`` is it that held last in that month: fees that are owed once a month are taken by it alone.
    """

    contract: Contract
    fees: Sequence[Fee]
    goods_fen: int
    monthly: bool


def percent(amount_fen: int, rate_bp: int) -> int:
    """That share of an amount, to the nearest fen, half away from zero."""
    share = (abs(amount_fen) * rate_bp * 2 + WHOLE_BP) // (2 * WHOLE_BP)
    return share if amount_fen >= 0 else -share


def deductions(agreed: Iterable[Agreed], *, stores: int) -> list[Deduction]:
    """What contracts let be taken off the net of a month: the rebate, and fees by name.

    Nothing else may be deducted (domain handbook §4.3). A rebate is of the net and goes back with it, so that a return
    costs the same in whatever month it falls; a service was rendered, so a fee is never below zero. Where two contracts
    meet in a month each row says whose it is.
    """
    parts = list(agreed)
    found = []
    for part in parts:
        whose = f"（{part.contract.contract_no}）" if len(parts) > 1 else ""
        if rebate := percent(part.goods_fen, part.contract.rebate_bp):
            found.append(
                Deduction(
                    kind=StatementLineKind.REBATE,
                    source_id=part.contract.id,
                    name=f"返利 {part.contract.rebate_bp / 100:g}%{whose}",
                    amount_fen=rebate,
                )
            )
        found += [
            Deduction(
                kind=StatementLineKind.FEE,
                source_id=fee.id,
                name=f"{fee.name}{whose}",
                amount_fen=amount,
                tax_rate_bp=fee.tax_rate_bp,
            )
            for fee in part.fees
            if (amount := _fee(fee, part, stores))
        ]
    return found


def _fee(fee: Fee, part: Agreed, stores: int) -> int:
    if fee.basis.value == "percent":
        return percent(max(part.goods_fen, 0), fee.rate_bp or 0)
    if not part.monthly:
        return 0
    return (fee.amount_fen or 0) * (stores if fee.basis.value == "per_store" else 1)


def held_last(contracts: Iterable[Contract], first: date, until: date) -> Contract | None:
    """The contract that held last on the days from ``first`` on and before ``until``; two never hold on one day."""
    known = list(contracts)
    for back in range(1, (until - first).days + 1):
        day = until - timedelta(days=back)
        if (held := next((one for one in known if one.holds_on(day)), None)) is not None:
            return held
    return None


def due_on(
    contracts: Mapping[UUID, Contract],
    received: Mapping[UUID, date],
    *,
    contract_id: UUID,
    stated_on: date,
    invoiced_on: date | None,
) -> date:
    """The last day of payment of a statement: the first of those of the contracts whose goods are on it.

    ``received`` is the day of the first receipt under each; without any the term of ``contract_id`` runs from the
    statement.
    """
    first = received or {contract_id: stated_on}
    return min(_due_on(contracts[one], day, stated_on, invoiced_on) for one, day in first.items())


def _due_on(contract: Contract, received_on: date, stated_on: date, invoiced_on: date | None) -> date:
    """The base of the contract and its term, of at most 60 days from the receipt whatever the base.

    Nobody has to pay before the statement is there (domain handbook §4.3).
    """
    base = {
        "receipt_date": received_on,
        "statement_date": stated_on,
        "invoice_date": invoiced_on or stated_on,
    }[contract.term_base.value]
    agreed = base + timedelta(days=min(contract.term_days, MOST_DAYS))
    return max(min(agreed, received_on + timedelta(days=MOST_DAYS)), stated_on)
