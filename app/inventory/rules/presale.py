"""Pre-sales: goods of a harvest that is still to come, sold up to a cautious share of what is expected (field §3b)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput

GRACE_DAYS = 2
"""So long after its day to ship by a pre-sale is settled by itself."""


class PresaleOpen(DomainError):
    """One SKU has one pre-sale at a time."""

    status = 409
    code = "presale_open"
    zh = "该 SKU 已有未结束的预售，请先结算后再开新的预售。"
    en = "The SKU has a pre-sale that is not settled; settle it before opening another."


class PresaleSettled(DomainError):
    """It is over."""

    status = 409
    code = "presale_settled"
    zh = "该预售已结算，不能再修改。"
    en = "The pre-sale is settled and cannot be changed any more."


class CapBelowPromised(DomainError):
    """Buyers were promised more than that."""

    status = 409
    code = "cap_below_promised"
    zh = "预售上限不能低于已承诺给买家的数量；如确实减产，请结算预售，未到货部分将自动退款。"
    en = "The cap cannot be below what buyers were promised; after a poor harvest settle it, and they are paid back."


@dataclass(frozen=True, slots=True)
class Plan:
    """What a supplier says about a harvest to come.

    ``expected_yield`` is in sales units; ``factor_pct`` is how much of it may be sold before it is there. It is sold
    from ``opens_at`` until ``closes_at`` and leaves the house by the end of ``ship_by``, Shanghai time.
    """

    opens_at: datetime
    closes_at: datetime
    harvest_from: date
    harvest_to: date
    ship_by: date
    expected_yield: int
    factor_pct: int

    @property
    def cap(self) -> int:
        """How many sales units may be promised: the cautious part of the yield, rounded down."""
        return self.expected_yield * self.factor_pct // 100


@dataclass(frozen=True, slots=True)
class Presale:
    """A pre-sale as others may see it.

    ``promised`` are pieces that buyers wait for; ``arrived`` came into stock since it was opened, and are sold from
    there: the harvest has been sold that far. ``left`` is what can still be promised.
    """

    id: UUID
    sku: str
    plan: Plan
    cap: int
    promised: int
    arrived: int
    version: int
    settled_at: datetime | None

    @property
    def left(self) -> int:
        """What can still be promised, while it is open."""
        return max(self.cap - self.arrived - self.promised, 0) if self.settled_at is None else 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a reservation did with one SKU.

    ``left`` is what stock can still give others; ``promised`` pieces come from a harvest that is to be shipped by
    ``ship_by`` (None when all of it was there).
    """

    left: int
    promised: int = 0
    ship_by: date | None = None


def check(plan: Plan, *, max_factor_pct: int, now: datetime) -> None:
    """Raise ``InvalidInput`` with every fault of a plan."""
    faults = []
    if plan.closes_at <= plan.opens_at:
        faults.append(Fault("/closes_at", "closes_before_opening", "结束时间须晚于开始时间", "Must be after opens_at"))
    if plan.harvest_to < plan.harvest_from:
        faults.append(Fault("/harvest_to", "harvest_reversed", "采收结束日早于开始日", "Before harvest_from"))
    if plan.ship_by < max(plan.harvest_from, local_day(plan.closes_at), local_day(now)):
        faults.append(
            Fault(
                "/ship_by",
                "ships_too_early",
                "最晚发货日不得早于采收开始日、预售截止日和今天",
                "Not before the harvest, the end of the pre-sale or today",
            )
        )
    if plan.factor_pct > max_factor_pct:
        faults.append(
            Fault(
                "/factor_pct", "factor_too_bold", f"可信系数不得超过 {max_factor_pct}%", f"At most {max_factor_pct} %"
            )
        )
    if plan.cap < 1:
        faults.append(Fault("/expected_yield", "cap_of_nothing", "可预售数量不足一件", "Less than one piece to sell"))
    if faults:
        raise InvalidInput(faults=faults)
