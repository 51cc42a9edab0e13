"""Values of the stock-room and the decisions that need no database: which lot to take, what a count means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from app.core.errors import DomainError, Fault
from app.core.ids import digits

LOW_STOCK = 10
"""At or below this many available sales units a SKU is low."""

MAX_COUNT = 10_000_000
"""No single count or adjustment is larger, in sales units."""

MAX_UPDATES = 1000
"""Rows in one call of updates (the contract)."""

CLOCK_SKEW = timedelta(seconds=60)
"""How far a supplier's clock may run ahead of ours before a count is called a count of the future."""

_SKU_NAMESPACE = UUID("5ba3f7a6-0c0e-5d4f-9d0b-6f6b9c2f1e57")
_TRACE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_TRACE_LENGTH = 10


def subject_of(sku: str) -> UUID:
    """A stable id for a SKU, so that what happens to its stock is told in order."""
    return uuid5(_SKU_NAMESPACE, sku)


def new_trace_code() -> str:
    """Ten characters that cannot be guessed or misread (no 0/O, 1/I/L, U): printed on the pack, typed by a buyer."""
    number = int(digits(18))
    letters = []
    for _ in range(_TRACE_LENGTH):
        number, place = divmod(number, len(_TRACE_ALPHABET))
        letters.append(_TRACE_ALPHABET[place])
    return "".join(letters)


class Kind(StrEnum):
    """Why a number of the stock-room changed."""

    RECEIVED = "received"
    SET = "set"
    ADJUSTED = "adjusted"
    RESERVED = "reserved"
    RELEASED = "released"
    SHIPPED = "shipped"
    RETURNED = "returned"


class OutOfStock(DomainError):
    """There is not enough for the order; every short SKU is in ``faults``."""

    status = 409
    code = "out_of_stock"
    zh = "库存不足：{skus}。请减少数量或移除后重试。"
    en = "Not enough in stock: {skus}. Take fewer or none of them and try again."

    def __init__(self, *, skus: str = "-", faults: Sequence[Fault] = ()) -> None:
        super().__init__(faults=faults, skus=skus)


class NotReserved(DomainError):
    """The shipment wants more than is held for its order."""

    status = 409
    code = "not_reserved"
    zh = "发货数量超过该订单尚未发出的数量。"
    en = "The shipment is larger than what is still held for the order."


class LotShort(DomainError):
    """The named lot does not exist or holds too little."""

    status = 409
    code = "lot_short"
    zh = "所选批次不存在或剩余数量不足，请换一个批次或先登记入库。"
    en = "The lot does not exist or holds too little; choose another or receive goods first."


class LotExpired(DomainError):
    """The lot is past its best-before date; food like that does not leave the house."""

    status = 409
    code = "lot_expired"
    zh = "该批次已过保质期，不能发货；请换一个批次。"
    en = "The lot is past its best-before date and cannot be shipped; choose another."


class LotExists(DomainError):
    """The SKU already has a lot with this code."""

    status = 409
    code = "lot_exists"
    zh = "该 SKU 已有同编号的批次，请换一个批次编号。"
    en = "The SKU already has a lot with this code; use another."


class UpdatesRejected(DomainError):
    """At least one row cannot be applied, so none was."""

    status = 422
    code = "updates_rejected"
    zh = "部分行无法应用，全部未生效；请按 errors 修改，或使用 ?partial=true 只应用有效的行。"
    en = "Some rows cannot be applied, so none was; correct them, or use ?partial=true to apply the valid ones."


@dataclass(frozen=True, slots=True)
class Availability:
    """What there is of a SKU, in sales units."""

    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        """What a buyer can still have."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class Picked:
    """So many pieces were taken from this lot; ``lot_code`` is None for stock that belongs to no lot."""

    sku: str
    lot_code: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Lot:
    """Goods that were harvested or made together. ``trace_code`` is what a buyer types to read their story."""

    id: UUID
    sku: str
    code: str
    harvested_on: date | None
    produced_on: date | None
    best_before: date
    village: str | None
    on_hand: int
    trace_code: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Update:
    """One row of a supplier's update: a count (``set``) or a difference (``adjust``) of a SKU or one of its lots.

    ``as_of`` says when the count was taken or the difference happened; None is now.
    """

    sku: str
    mode: str
    quantity: int
    lot_code: str | None = None
    reason: str | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What became of one row; ``on_hand`` and ``available`` are those of the SKU just after it."""

    index: int
    sku: str
    status: str
    code: str | None
    on_hand: int
    available: int


@dataclass(slots=True)
class LotState:
    """A locked lot while a change is planned."""

    id: UUID
    code: str
    best_before: date
    on_hand: int
    counted_at: datetime | None = None


@dataclass(slots=True)
class StockState:
    """A locked stock row while a change is planned; ``lots`` come earliest best-before first."""

    sku: str
    supplier_id: UUID
    on_hand: int
    reserved: int
    counted_at: datetime | None = None
    waiting: int = 0
    lots: list[LotState] = field(default_factory=list)

    @property
    def available(self) -> int:
        """What a buyer can still have."""
        return self.on_hand - self.reserved

    @property
    def unlotted(self) -> int:
        """What lies in no lot."""
        return self.on_hand - sum(lot.on_hand for lot in self.lots)

    def lot(self, code: str) -> LotState | None:
        """The lot with this code."""
        return next((lot for lot in self.lots if lot.code == code), None)


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of the stock ledger, yet to be written."""

    sku: str
    lot_id: UUID | None
    kind: Kind
    on_hand_delta: int
    reserved_delta: int
    effective_at: datetime
    reason: str | None = None


@dataclass(slots=True)
class Plan:
    """What a batch of updates comes to."""

    results: list[UpdateResult] = field(default_factory=list)
    by_sku: dict[str, list[Movement]] = field(default_factory=dict)
    counted: bool = False

    @property
    def movements(self) -> list[Movement]:
        """What moves, SKU by SKU."""
        return [moved for movements in self.by_sku.values() for moved in movements]

    @property
    def rejected(self) -> list[UpdateResult]:
        """The rows that cannot be applied."""
        return [result for result in self.results if result.code is not None]


Later = Mapping[tuple[int, UUID | None], int]
"""Per row index: Σ on-hand delta of the movements later than its ``as_of``, of the SKU (None) and of each lot."""


def pick(stock: StockState, quantity: int, lot_code: str | None, today: date) -> list[tuple[LotState | None, int]]:
    """Which lots a shipment of ``quantity`` pieces takes: the one that was named, else first expired first out.

    Lots that are still good are emptied earliest best-before first; then come pieces that lie in no lot. Changes the
    state. Raises ``LotShort``, ``LotExpired``.
    """
    if lot_code is not None:
        lot = stock.lot(lot_code)
        if lot is None or lot.on_hand < quantity:
            raise LotShort
        if lot.best_before < today:
            raise LotExpired
        return _take(stock, [(lot, quantity)])
    picks: list[tuple[LotState | None, int]] = []
    left = quantity
    for lot in stock.lots:
        if left and lot.best_before >= today and (taken := min(left, lot.on_hand)):
            picks.append((lot, taken))
            left -= taken
    if left > stock.unlotted:
        raise LotShort
    if left:
        picks.append((None, left))
    return _take(stock, picks)


def spoil(stock: StockState, today: date) -> list[tuple[LotState | None, int]]:
    """What is past its date and promised to nobody, and so leaves the book. Changes the state."""
    picks: list[tuple[LotState | None, int]] = []
    free = stock.available
    for lot in stock.lots:
        if lot.best_before < today and (taken := min(free, lot.on_hand)):
            picks.append((lot, taken))
            free -= taken
    return _take(stock, picks)


def write_off(stock: StockState, quantity: int) -> list[tuple[LotState | None, int]]:
    """Where ``quantity`` pieces that are missing are taken from: no lot first, then earliest best-before first.

    The caller has checked that there are so many. Changes the state.
    """
    picks: list[tuple[LotState | None, int]] = []
    left = quantity
    if taken := min(left, stock.unlotted):
        picks.append((None, taken))
        left -= taken
    for lot in stock.lots:
        if left and (taken := min(left, lot.on_hand)):
            picks.append((lot, taken))
            left -= taken
    return _take(stock, picks)


def _take(stock: StockState, picks: list[tuple[LotState | None, int]]) -> list[tuple[LotState | None, int]]:
    for lot, taken in picks:
        stock.on_hand -= taken
        if lot is not None:
            lot.on_hand -= taken
    return picks


def plan_updates(
    updates: Sequence[Update],
    stocks: Mapping[str, StockState],
    later: Later,
    *,
    lots_required: Collection[str] = (),
    now: datetime,
) -> Plan:
    """Judge the rows in their order and change ``stocks`` accordingly.

    A count says what lay there at ``as_of``; what moved since is added: new on-hand = counted + Σ later movements.
    A count, or a dated difference, older than the last count of the same SKU or lot is refused (``newer_count``): the
    newer one has already put the book right, and would be undone or booked twice. Nothing may fall below zero or below
    what is promised to buyers. Of ``lots_required`` nothing is added outside a lot, whose day of harvest is known.
    """
    plan = Plan()
    for index, row in enumerate(updates):
        stock = stocks.get(row.sku)
        named = row.sku in lots_required
        code = "unknown_sku" if stock is None else _apply(index, row, stock, later, plan, now, named=named)
        plan.results.append(
            UpdateResult(
                index=index,
                sku=row.sku,
                status="applied" if code is None else "rejected",
                code=code,
                on_hand=stock.on_hand if stock else 0,
                available=stock.available if stock else 0,
            )
        )
    return plan


def _apply(
    index: int, row: Update, stock: StockState, later: Later, plan: Plan, now: datetime, *, named: bool
) -> str | None:
    lot = None if row.lot_code is None else stock.lot(row.lot_code)
    if row.lot_code is not None and lot is None:
        return "unknown_lot"
    at = row.as_of or now
    if at > now + CLOCK_SKEW:
        return "as_of_in_future"
    at = min(at, now)
    book = stock if lot is None else lot
    counting = row.mode == "set"
    dated = counting or row.as_of is not None
    if dated and book.counted_at is not None and book.counted_at > at:
        return "newer_count"
    change = row.quantity
    if counting:
        since = later.get((index, None if lot is None else lot.id), 0) + sum(
            moved.on_hand_delta
            for moved in plan.by_sku.get(row.sku, ())
            if moved.effective_at > at and (lot is None or moved.lot_id == lot.id)
        )
        change = row.quantity + since - book.on_hand
    if named and lot is None and change > 0:
        return "lot_required"
    if book.on_hand + change < 0:
        return "below_zero"
    if stock.on_hand + change < stock.reserved:
        return "below_reserved"
    if counting:
        book.counted_at = at
        plan.counted = True
    kind = Kind.SET if counting else Kind.ADJUSTED
    for part, delta in _changed(stock, lot, change):
        moved = Movement(row.sku, part.id if part else None, kind, delta, 0, at, row.reason)
        plan.by_sku.setdefault(row.sku, []).append(moved)
    return None


def _changed(stock: StockState, lot: LotState | None, change: int) -> Iterable[tuple[LotState | None, int]]:
    if change < 0 and lot is None:
        return [(part, -taken) for part, taken in write_off(stock, -change)]
    if change == 0:
        return []
    stock.on_hand += change
    if lot is not None:
        lot.on_hand += change
    return [(lot, change)]


_SENTENCES: Mapping[str, tuple[str, str]] = {
    "unknown_sku": ("没有这个 SKU", "There is no such SKU"),
    "unknown_lot": ("该 SKU 没有这个批次", "The SKU has no such lot"),
    "as_of_in_future": ("盘点时间在未来", "The time of the count lies in the future"),
    "newer_count": ("已有更晚的盘点结果，以更晚的为准", "A newer count is already booked and stands"),
    "lot_required": (
        "该商品按采收期命名，增加库存须登记批次及采收日期（减少不受限）",
        "It is named after its harvest: what is added needs a lot with the day of the harvest; taking away does not",
    ),
    "below_zero": ("结果将小于零", "The result would be less than nothing"),
    "below_reserved": ("结果将少于已被订单占用的数量", "The result would be less than what orders hold"),
}

REJECTION_CODES = tuple(_SENTENCES)
"""Every ``code`` that a row of updates can be refused with."""


def faults_of(rejected: Iterable[UpdateResult]) -> list[Fault]:
    """The refused rows, pointed at."""
    return [Fault(f"/updates/{row.index}", str(row.code), *_SENTENCES[str(row.code)]) for row in rejected]
