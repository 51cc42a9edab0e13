"""Net weights: how much a piece may lack by law, what is owed when it lacks more, when a lot is short as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.errors import DomainError, InvalidInput

_WHOLE_BP = 10_000
_MOST_OVER_BP = 15_000

# Up to so many grams: so much of the net content per ten thousand, or so many tenths of a gram.
_TOLERANCES: tuple[tuple[int, int, int], ...] = (
    (50, 900, 0),
    (100, 0, 45),
    (200, 450, 0),
    (300, 0, 90),
    (500, 300, 0),
    (1_000, 0, 150),
    (10_000, 150, 0),
    (15_000, 0, 1_500),
)
_HEAVY_BP = 100


class NotSoldByWeight(DomainError):
    """The label promises a volume, or so many pieces."""

    status = 422
    code = "not_sold_by_weight"
    zh = "该商品不按净重出售，不能更正重量；如有短少请取消件数或补发。"
    en = "These goods are not sold by weight; if something is missing, cancel pieces or send them again."


class WeighedTooLate(DomainError):
    """Nothing has left the house yet, or it is in the buyer's hands."""

    code = "weighed_too_late"
    zh = "只能在发货后、签收前更正重量（订单当前状态为 {status}）；签收后由买家申请售后。"
    en = "Weights are corrected between shipping and delivery (the order is {status}); later the buyer makes a claim."


class WeighsTooMany(DomainError):
    """More pieces than were sent, less those whose weight was stated before."""

    code = "weighs_too_many"
    zh = "件数超过该行已发出且尚未登记重量的件数。"
    en = "More pieces than were sent and have no weight stated yet."


class TooFarFromPromise(InvalidInput):
    """A price reduction does not make so much good."""

    code = "too_far_from_promise"
    zh = "实际净重比约定少得太多（超过 {limit}%），不能按减价处理：请取消相应件数退款，或补发。"
    en = "So much is missing (over {limit} %) that less money does not make it good: cancel the pieces, or send others."


@dataclass(frozen=True, slots=True)
class Weighed:
    """So many pieces of a line weighed ``net_weight_g`` each; ``lot_code`` may be left out where it is plain."""

    line_id: UUID
    quantity: int
    net_weight_g: int
    lot_code: str | None = None


@dataclass(frozen=True, slots=True)
class WeightCorrection:
    """What was stated of pieces on their way, what the label promises of each, and what went back for all of them."""

    id: UUID
    supplier_order_id: UUID
    line_id: UUID
    lot_code: str | None
    quantity: int
    promised_g: int
    stated_g: int
    tolerance_g: int
    refund_fen: int
    refund_id: UUID | None
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class LotWeight:
    """Of so many pieces of a lot the weights were stated: their mean may not be below what is promised (§1.6)."""

    sku: str
    lot_code: str
    pieces: int
    stated_g: int
    promised_g: int

    @property
    def mean_g(self) -> int:
        """What a piece weighed on average, rounded down to the gram: a mean that is short by less is short."""
        return self.stated_g // self.pieces

    @property
    def short(self) -> bool:
        """Whether all of them together lack something."""
        return self.stated_g < self.promised_g


def tolerance_g(net_g: int) -> int:
    """How many grams a piece of so much net content may lack (domain handbook §1.6), rounded down.

    >>> [tolerance_g(net) for net in (50, 100, 200, 250, 500, 1000, 5000, 12000, 15000, 20000)]
    [4, 4, 9, 9, 15, 15, 75, 150, 150, 200]
    """
    for most, share_bp, tenths in _TOLERANCES:
        if net_g <= most:
            return net_g * share_bp // _WHOLE_BP + tenths // 10
    return net_g * _HEAVY_BP // _WHOLE_BP


def too_far(promised_g: int, stated_g: int, *, limit_bp: int) -> bool:
    """Whether a piece lacks more than a price reduction makes good, or is heavier than can be."""
    lacking = promised_g - stated_g
    return lacking * _WHOLE_BP > promised_g * limit_bp or stated_g * _WHOLE_BP > promised_g * _MOST_OVER_BP


def owed_fen(amount_fen: int, of: int, quantity: int, promised_g: int, stated_g: int) -> int:
    """What goes back for ``quantity`` of a line's ``of`` pieces that weigh ``stated_g`` in place of ``promised_g``.

    Nothing within the tolerance; beyond it the share of what was paid that is lacking, rounded half up to the fen
    (domain handbook §1.5).
    """
    lacking = promised_g - stated_g
    if lacking <= tolerance_g(promised_g):
        return 0
    whole = of * promised_g
    return (2 * amount_fen * quantity * lacking + whole) // (2 * whole)


def stated_of(corrections: Sequence[WeightCorrection], line_id: UUID) -> int:
    """Of how many pieces of a line the weight was stated."""
    return sum(one.quantity for one in corrections if one.line_id == line_id)
