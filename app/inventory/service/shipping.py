"""Hand out what was promised, and say from which lots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import local_day
from app.core.errors import Fault
from app.inventory import queries
from app.inventory.rules import Kind, LotShort, LotTooOld, Movement, NotReserved, Picked, passed_over, pick, picked_from
from app.inventory.rules.shelf import ANY, Shelf, Unfit
from app.inventory.service.writing import write as _write


async def ship(
    session: AsyncSession,
    reference: UUID,
    lines: Sequence[tuple[str, int, str | None]],
    *,
    shipment_id: UUID,
    now: datetime,
    by: UUID | None = None,
    shelves: Mapping[str, Shelf] | None = None,
) -> list[Picked]:
    """Hand out what ``reference`` holds: ``lines`` are (SKU, sales units, lot code or None to let us choose).

    Without a lot code the lot that expires first goes first, of those with enough life left for the buyer
    (``shelves``, by SKU), then stock of no lot. Returns what was taken from where, line by line, and why. Raises
    ``NotReserved`` when the lines exceed what is held, ``LotShort`` when a lot cannot give so much, ``LotExpired``,
    ``LotCalledBack``, ``LotTooOld`` where a ``strict`` buyer was promised more life; faults point at ``/lines/{i}``.
    """
    if any(quantity < 1 for _, quantity, _ in lines):
        raise ValueError("a shipment line has at least one piece")
    stocks, holds = await queries.lock_held(session, [sku for sku, _, _ in lines], reference)
    today = local_day(now)
    shipped: dict[str, int] = {}
    picked: list[Picked] = []
    movements: list[Movement] = []
    # Named lots are served before we choose any ourselves, or our choice could empty them; answers keep their order.
    named_first = sorted(range(len(lines)), key=lambda i: lines[i][2] is None)
    by_line: dict[int, list[Picked]] = {}
    for index in named_first:
        sku, quantity, lot_code = lines[index]
        shipped[sku] = shipped.get(sku, 0) + quantity
        if shipped[sku] > holds.get(sku, 0):
            raise NotReserved(
                faults=[
                    Fault(
                        f"/lines/{index}/quantity",
                        "not_reserved",
                        f"{sku} 还可发 {holds.get(sku, 0)} 件",
                        f"{holds.get(sku, 0)} of {sku} may still be shipped",
                    )
                ]
            )
        shelf = (shelves or {}).get(sku, ANY)
        passed = passed_over(stocks[sku], today, shelf) if lot_code is None else ()
        try:
            picks = pick(stocks[sku], quantity, lot_code, today, shelf)
        except LotShort:
            raise LotShort(faults=[_short(index, sku, passed, strict=shelf.strict)]) from None
        except LotTooOld as refusal:
            fault = Fault(f"/lines/{index}/lot_code", LotTooOld.code, LotTooOld.zh, LotTooOld.en)
            raise LotTooOld(faults=[fault]) from refusal
        stocks[sku].reserved -= quantity
        by_line[index] = [picked_from(lot, sku, taken, lot_code, shelf, passed) for lot, taken in picks]
        movements += [Movement(sku, lot.id if lot else None, Kind.SHIPPED, -taken, -taken, now) for lot, taken in picks]
    for index in range(len(lines)):
        picked += by_line[index]
    await _write(
        session, stocks.values(), movements, now=now, by=by, reference=shipment_id, holder=reference, withdrawn=shipped
    )
    return picked


def _short(index: int, sku: str, passed: Sequence[tuple[str, Unfit]], *, strict: bool) -> Fault:
    young = [code for code, unfit in passed if unfit is Unfit.TOO_LITTLE_LIFE]
    zh, en = f"{sku} 批次不足", f"Lot of {sku} short"
    if strict:
        listed = "、".join(young)
        zh, en = f"{zh}；只能发剩余保质期符合合同的批次", f"{en}; only lots with the life that was promised are sent"
        zh, en = (f"{zh}，{listed} 不符合", f"{en}, which {listed} has not") if young else (zh, en)
    elif young:
        listed = "、".join(young)
        zh, en = (
            f"{zh}；{listed} 剩余保质期较短，买家同意后可指定该批次发货",
            f"{en}; {listed} has little life left, name it if the buyer agrees",
        )
    return Fault(f"/lines/{index}/lot_code", "lot_short", zh, en)
