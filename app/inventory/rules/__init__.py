"""Values of the stock-room and the decisions that need no database: which lot to take, what a count means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from app.core.errors import DomainError, Fault
from app.core.ids import digits

LOW_STOCK = 10
"""At or below this many available sales units a SKU is low."""

MAX_COUNT = 10_000_000
"""No single count or adjustment is larger, in sales units."""

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
