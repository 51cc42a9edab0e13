"""Values of the stock-room and the decisions that need no database: which lot to take, what a count means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid5

from app.core.errors import DomainError, Fault
from app.core.ids import digits
from app.inventory.rules.shelf import ANY, Shelf, Unfit, Why

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


ENTERED = frozenset((Kind.RECEIVED, Kind.SET, Kind.ADJUSTED))
"""What people enter; the rest follows from orders, and who placed those is nobody's business here."""


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
    """The named lot does not exist or holds too little, or of all lots that may be sent there is too little."""

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


class LotCalledBack(LotExpired):
    """The lot was called back; nothing of it leaves the house."""

    status = 409
    code = "lot_recalled"
    zh = "该批次已被召回，不能发货或入库；请换一个批次。"
    en = "The lot was recalled and cannot be shipped or booked in; choose another."


class LotTooOld(LotExpired):
    """The named lot has less life left than the buyer was promised."""

    status = 409
    code = "lot_too_old"
    zh = "该批次剩余保质期短于合同约定，不能发给该客户；请换一个批次。"
    en = "The lot has less life left than the buyer was promised; choose another."


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
    """So many pieces were taken from this lot; ``lot_code`` is None for stock that belongs to no lot.

    ``why`` and ``passed_over`` (lots with their reasons) explain the choice.
    """

    sku: str
    lot_code: str | None
    quantity: int
    best_before: date | None = field(default=None, compare=False)
    why: Why = field(default=Why.NO_LOT, compare=False)
    passed_over: tuple[tuple[str, Unfit], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Lot:
    """Goods that were harvested or made together. ``trace_code`` is what a buyer types to read their story.

    Of a lot with ``recalled_at`` nothing is sold or sent. ``certificate_file_id`` is its proof of quality.
    """

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
    certificate_file_id: UUID | None = None
    recalled_at: datetime | None = None


@dataclass(slots=True)
class LotState:
    """A locked lot while a change is planned."""

    id: UUID
    code: str
    best_before: date
    on_hand: int
    counted_at: datetime | None = None
    made_on: date | None = None
    recalled: bool = False

    def unfit(self, shelf: Shelf, today: date) -> Unfit | None:
        """Why the lot is not sent, or None."""
        return shelf.unfit(best_before=self.best_before, made_on=self.made_on, recalled=self.recalled, today=today)


@dataclass(frozen=True, slots=True)
class Batch:
    """Pieces that lie together and may leave the house; of no lot, if ``lot_code`` is None."""

    lot_code: str | None
    best_before: date | None
    quantity: int


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


def pick(
    stock: StockState, quantity: int, lot_code: str | None, today: date, shelf: Shelf = ANY
) -> list[tuple[LotState | None, int]]:
    """Which lots a shipment of ``quantity`` pieces takes: the one that was named, else first expired first out.

    Lots of which enough life is left for the buyer are emptied in the order of ``shelf``; then come pieces that lie in
    no lot. Who names a lot may send one with less life, but none that is expired or recalled; a ``strict`` shelf allows
    neither that nor pieces of no lot. Changes the state. Raises ``LotShort``, ``LotExpired``, ``LotCalledBack``,
    ``LotTooOld``.
    """
    if lot_code is not None:
        lot = stock.lot(lot_code)
        if lot is None or lot.on_hand < quantity:
            raise LotShort
        match lot.unfit(shelf if shelf.strict else ANY, today):
            case Unfit.RECALLED:
                raise LotCalledBack
            case Unfit.EXPIRED:
                raise LotExpired
            case Unfit.TOO_LITTLE_LIFE:
                raise LotTooOld
        return _take(stock, [(lot, quantity)])
    picks: list[tuple[LotState | None, int]] = []
    left = quantity
    for lot in lined_up(stock, today, shelf):
        if left and (taken := min(left, lot.on_hand)):
            picks.append((lot, taken))
            left -= taken
    if left > (0 if shelf.strict else stock.unlotted):
        raise LotShort
    if left:
        picks.append((None, left))
    return _take(stock, picks)


def lined_up(stock: StockState, today: date, shelf: Shelf) -> list[LotState]:
    """The lots of which enough life is left for the buyer, in the order in which they are emptied."""
    fit = [lot for lot in stock.lots if lot.unfit(shelf, today) is None]
    return sorted(fit, key=lambda lot: shelf.place(best_before=lot.best_before, made_on=lot.made_on, code=lot.code))


def passed_over(stock: StockState, today: date, shelf: Shelf) -> tuple[tuple[str, Unfit], ...]:
    """The lots that have something and are not sent, each with its reason."""
    judged = ((lot.code, lot.unfit(shelf, today)) for lot in stock.lots if lot.on_hand)
    return tuple((code, unfit) for code, unfit in judged if unfit is not None)


def picked_from(
    lot: LotState | None,
    sku: str,
    quantity: int,
    named: str | None,
    shelf: Shelf,
    passed: tuple[tuple[str, Unfit], ...],
) -> Picked:
    """What was taken, with the reason."""
    if lot is None:
        return Picked(sku, None, quantity, passed_over=passed)
    why = Why.OLDEST_VINTAGE if shelf.by_vintage else Why.EARLIEST_EXPIRY
    return Picked(sku, lot.code, quantity, lot.best_before, Why.NAMED if named else why, passed)


def spoil(stock: StockState, today: date | None) -> list[tuple[LotState | None, int]]:
    """What is recalled or past its date, and promised to nobody, and so leaves the book. Changes the state.

    Without ``today`` only what is recalled.
    """
    picks: list[tuple[LotState | None, int]] = []
    free = stock.available
    for lot in stock.lots:
        gone = lot.recalled or (today is not None and lot.best_before < today)
        if gone and (taken := min(free, lot.on_hand)):
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
