"""Counts and differences that a supplier reports: what each row comes to, decided without the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from app.core.errors import DomainError, Fault
from app.inventory.rules import Kind, LotState, Movement, StockState, write_off

MAX_UPDATES = 1000
"""Rows in one call of updates (the contract)."""

CLOCK_SKEW = timedelta(seconds=60)
"""How far a supplier's clock may run ahead of ours before a count is called a count of the future."""

OLDEST_COUNT = timedelta(days=30)
"""How long ago a count may have been taken. Shelves are counted at least once a month; an older date is one mistyped,
and would add a season's sales and harvests to a number that was meant for today."""


class UpdatesRejected(DomainError):
    """At least one row cannot be applied, so none was."""

    status = 422
    code = "updates_rejected"
    zh = "部分行无法应用，全部未生效；请按 errors 修改，或使用 ?partial=true 只应用有效的行。"
    en = "Some rows cannot be applied, so none was; correct them, or use ?partial=true to apply the valid ones."


@dataclass(frozen=True, slots=True)
class Update:
    """One row of a supplier's update: a count (``set``) or a difference (``adjust``) of a SKU or one of its lots.

    ``clear`` is a count of nothing that leaves what orders hold: whatever is free goes. ``as_of`` says when the count
    was taken or the difference happened; None is now.
    """

    sku: str
    mode: str
    quantity: int
    lot_code: str | None = None
    reason: str | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What became of one row; ``on_hand`` and ``available`` are those of the SKU just after it.

    ``before`` and ``after`` are the numbers of what the row names: the SKU, or its lot.
    """

    index: int
    sku: str
    status: str
    code: str | None
    on_hand: int
    available: int
    before: int
    after: int


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
    newer one has already put the book right, and would be undone or booked twice; so is a count older than
    ``OLDEST_COUNT`` (``count_too_old``). Nothing may fall below zero or below
    what is promised to buyers. Of ``lots_required`` nothing is added outside a lot, whose day of harvest is known.
    """
    plan = Plan()
    for index, row in enumerate(updates):
        stock = stocks.get(row.sku)
        lot = stock.lot(row.lot_code) if stock is not None and row.lot_code is not None else None
        book = stock if row.lot_code is None else lot
        before = book.on_hand if book is not None else 0
        if stock is None:
            code: str | None = "unknown_sku"
        elif book is None:
            code = "unknown_lot"
        else:
            named = row.sku in lots_required
            code = _apply(index, row, stock, lot, later, plan, now, named=named)
        plan.results.append(
            UpdateResult(
                index=index,
                sku=row.sku,
                status="applied" if code is None else "rejected",
                code=code,
                on_hand=stock.on_hand if stock else 0,
                available=stock.available if stock else 0,
                before=before,
                after=book.on_hand if book is not None else 0,
            )
        )
    return plan


def _apply(
    index: int,
    row: Update,
    stock: StockState,
    lot: LotState | None,
    later: Later,
    plan: Plan,
    now: datetime,
    *,
    named: bool,
) -> str | None:
    at = row.as_of or now
    book = stock if lot is None else lot
    counting = row.mode != "adjust"
    if untimely := _untimely(row, book.counted_at, now):
        return untimely
    at = min(at, now)
    change = row.quantity
    if counting:
        since = later.get((index, None if lot is None else lot.id), 0) + sum(
            moved.on_hand_delta
            for moved in plan.by_sku.get(row.sku, ())
            if moved.effective_at > at and (lot is None or moved.lot_id == lot.id)
        )
        change = row.quantity + since - book.on_hand
        if row.mode == "clear":
            change = max(change, stock.reserved - stock.on_hand)
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


def _untimely(row: Update, counted_at: datetime | None, now: datetime) -> str | None:
    """What is wrong with the time of a row, of which ``counted_at`` was the last count."""
    at = row.as_of or now
    if at > now + CLOCK_SKEW:
        return "as_of_in_future"
    counting = row.mode != "adjust"
    if counting and at < now - OLDEST_COUNT:
        return "count_too_old"
    dated = counting or row.as_of is not None
    return "newer_count" if dated and counted_at is not None and counted_at > min(at, now) else None


def _changed(stock: StockState, lot: LotState | None, change: int) -> Iterable[tuple[LotState | None, int]]:
    if change < 0 and lot is None:
        return [(part, -taken) for part, taken in write_off(stock, -change)]
    if change == 0:
        return []
    stock.on_hand += change
    if lot is not None:
        lot.on_hand += change
    return [(lot, change)]


_SENTENCES: dict[str, tuple[str, str]] = {
    "unknown_sku": ("没有这个 SKU", "There is no such SKU"),
    "unknown_lot": ("该 SKU 没有这个批次", "The SKU has no such lot"),
    "as_of_in_future": ("盘点时间在未来", "The time of the count lies in the future"),
    "count_too_old": (
        f"盘点时间早于 {OLDEST_COUNT.days} 天前，请核对日期或重新盘点",
        f"The count was taken more than {OLDEST_COUNT.days} days ago; correct its date, or count again",
    ),
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

_OF_SHEETS: dict[str, tuple[str, str]] = {
    "duplicate_row": (
        "同一货号（批次）在表中重复：数量相同的只取第一行，数量不同的都不应用",
        "The SKU or lot is counted twice: of equal rows the first stands, of different ones none",
    ),
    "unsure_what_is_absent": (
        "表中有无法识别的货号，未列出的商品不会清零；请先改正",
        "Some SKUs of the sheet are not known, so nothing that it leaves out is cleared; correct them first",
    ),
    "same_file": ("同一文件已应用过，不再重复计入", "The same file was applied before and changes nothing"),
}


def sentence_of(code: str, language: str) -> str:
    """What the code of a row means, in ``zh`` or ``en``."""
    zh, en = (_SENTENCES | _OF_SHEETS)[code]
    return en if language == "en" else zh


def faults_of(rejected: Iterable[UpdateResult]) -> list[Fault]:
    """The refused rows, pointed at."""
    return [Fault(f"/updates/{row.index}", str(row.code), *_SENTENCES[str(row.code)]) for row in rejected]
