"""What pieces on their way really weigh: kept, and beyond what the law lets a piece lack, the difference paid back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, fulfilment
from app.core.db import array, ask
from app.core.errors import Fault, InvalidInput
from app.core.ids import new_id
from app.identity import Actor
from app.orders.lifecycle import Status, StepNotAllowed
from app.orders.models.locked import LockedLine, LockedOrder, LockedPart
from app.orders.queries.locked import lock_for_supplier
from app.orders.queries.weights import corrections_of, lot_weights
from app.orders.rules import RefundLine, RefundView, UnknownLine, by_line
from app.orders.rules.weights import (
    LotWeight,
    NotSoldByWeight,
    TooFarFromPromise,
    Weighed,
    WeighedTooLate,
    WeighsTooMany,
    WeightCorrection,
    owed_fen,
    stated_of,
    tolerance_g,
    too_far,
)
from app.orders.service.refund import hold_discounts, refund_short_weight

_ON_THEIR_WAY = (Status.PAID, Status.SHIPPED)

_INSERT = text("""
INSERT INTO orders_weight_correction (id, supplier_order_id, line_id, supplier_id, sku, lot_code, quantity, promised_g,
                                      stated_g, tolerance_g, refund_fen, refund_id, stated_by, stated_at)
SELECT c.id, :part_id, c.line_id, :supplier_id, c.sku, c.lot_code, c.quantity, c.promised_g, c.stated_g, c.tolerance_g,
       c.refund_fen, CASE WHEN c.refund_fen > 0 THEN CAST(:refund_id AS uuid) END, :by, :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:line_ids AS uuid[]), CAST(:skus AS text[]), CAST(:lot_codes AS text[]),
            CAST(:quantities AS integer[]), CAST(:promised AS integer[]), CAST(:stated AS integer[]),
            CAST(:tolerances AS integer[]), CAST(:refunds AS bigint[]))
     AS c (id, line_id, sku, lot_code, quantity, promised_g, stated_g, tolerance_g, refund_fen)
""")


async def weigh(
    session: AsyncSession,
    supplier_order_id: UUID,
    weighed: Sequence[Weighed],
    *,
    supplier_id: UUID,
    by: Actor,
    limit_bp: int,
    now: datetime,
) -> tuple[list[WeightCorrection], RefundView | None, list[LotWeight]]:
    """State what pieces that have left the house, and have not arrived, really weigh: each piece once.

    What lacks no more than the tolerance is kept and owes nothing. For what lacks more the difference goes back, in one
    refund that takes no pieces back. Stock counts sales units and does not change. Answers with what was kept, the
    refund if there is one, and the lots concerned. Raises ``NotFound``, ``WeighedTooLate``, ``UnknownLine``,
    ``NotSoldByWeight``, ``WeighsTooMany``, ``TooFarFromPromise``, ``InvalidInput`` for a lot that none of them is of.
    """
    order, part = await lock_for_supplier(session, supplier_order_id, supplier_id)
    if part.status not in _ON_THEIR_WAY:
        raise WeighedTooLate(status=(StepNotAllowed.names[part.status], part.status.replace("_", " ")))
    lines = {line.id: line for line in part.lines}
    if any(item.line_id not in lines for item in weighed):
        raise UnknownLine
    concerned = {lines[item.line_id].sku for item in weighed}
    if concerned - await catalogue.by_weight(session, concerned):
        raise NotSoldByWeight
    lots = await _lots(session, part)
    before = await corrections_of(session, [part.id])
    made: list[WeightCorrection] = []
    ids = sorted(new_id(now) for _ in weighed)  # they are shown in the order in which they were said
    for place, item in enumerate(weighed):
        line = lines[item.line_id]
        if stated_of([*before, *made], line.id) + item.quantity > line.shipped_quantity:
            raise WeighsTooMany
        if too_far(line.net_weight_g, item.net_weight_g, limit_bp=limit_bp):
            zh = f"约定 {line.net_weight_g} 克，实为 {item.net_weight_g} 克"
            en = f"{item.net_weight_g} g in place of {line.net_weight_g} g"
            fault = Fault(f"/lines/{place}/net_weight_g", TooFarFromPromise.code, zh, en)
            raise TooFarFromPromise(limit=limit_bp // 100, faults=[fault])
        lot_code = _lot_of(item, lots[line.id], place)
        made.append(_correction(ids[place], part, line, item, lot_code, left=_left(line, made), now=now))
    refund = await _pay_back(session, order, part, made, by=by, now=now)
    made = [_with_refund(one, refund) for one in made]
    await ask(session, _INSERT, _row(part, lines, made, refund, by=by, now=now))
    seen = {(lines[one.line_id].sku, one.lot_code) for one in made if one.lot_code is not None}
    return made, refund, await lot_weights(session, supplier_id, sorted(seen))


async def _lots(session: AsyncSession, part: LockedPart) -> dict[UUID, set[str]]:
    """Out of which lots the pieces of each line came."""
    lots: defaultdict[UUID, set[str]] = defaultdict(set)
    for parcel in await fulfilment.shipments_of(session, [part.id]):
        for sent in parcel.lines:
            if sent.lot_code is not None:
                lots[sent.line_reference].add(sent.lot_code)
    return lots


def _lot_of(item: Weighed, lots: set[str], place: int) -> str | None:
    """The lot that was named, or the only one; None where nobody can tell. Raises ``InvalidInput``."""
    if item.lot_code is not None and item.lot_code not in lots:
        zh, en = "该行发出的商品不属于这个批次", "nothing of this line was sent out of this lot"
        raise InvalidInput(faults=[Fault(f"/lines/{place}/lot_code", "lot_not_sent", zh, en)])
    return item.lot_code or (next(iter(lots)) if len(lots) == 1 else None)


def _left(line: LockedLine, made: Sequence[WeightCorrection]) -> int:
    """What of a line can still go back, in fen."""
    asked = sum(one.refund_fen for one in made if one.line_id == line.id)
    return line.amount_fen - line.refunded_fen - asked


def _correction(
    correction_id: UUID,
    part: LockedPart,
    line: LockedLine,
    item: Weighed,
    lot_code: str | None,
    *,
    left: int,
    now: datetime,
) -> WeightCorrection:
    promised = line.net_weight_g
    owed = owed_fen(line.amount_fen, line.quantity, item.quantity, promised, item.net_weight_g)
    return WeightCorrection(
        id=correction_id,
        supplier_order_id=part.id,
        line_id=line.id,
        lot_code=lot_code,
        quantity=item.quantity,
        promised_g=promised,
        stated_g=item.net_weight_g,
        tolerance_g=tolerance_g(promised),
        refund_fen=min(owed, left),
        refund_id=None,
        stated_at=now,
    )


async def _pay_back(
    session: AsyncSession,
    order: LockedOrder,
    part: LockedPart,
    made: Sequence[WeightCorrection],
    *,
    by: Actor,
    now: datetime,
) -> RefundView | None:
    """One refund for all of them, if anything is owed. No pieces come back."""
    owed = by_line(RefundLine(one.line_id, one.refund_fen) for one in made if one.refund_fen)
    if not owed:
        return None
    await hold_discounts(session, order)
    return await refund_short_weight(session, order, part, owed, by=by, now=now)


def _with_refund(one: WeightCorrection, refund: RefundView | None) -> WeightCorrection:
    return replace(one, refund_id=refund.id) if refund is not None and one.refund_fen else one


def _row(
    part: LockedPart,
    lines: Mapping[UUID, LockedLine],
    made: Sequence[WeightCorrection],
    refund: RefundView | None,
    *,
    by: Actor,
    now: datetime,
) -> dict[str, object]:
    return {
        "part_id": part.id,
        "supplier_id": part.supplier_id,
        "refund_id": refund.id if refund is not None else None,
        "by": by.account_id,
        "now": now,
        "ids": array(one.id for one in made),
        "line_ids": array(one.line_id for one in made),
        "skus": array(lines[one.line_id].sku for one in made),
        "lot_codes": array(one.lot_code for one in made),
        "quantities": array(one.quantity for one in made),
        "promised": array(one.promised_g for one in made),
        "stated": array(one.stated_g for one in made),
        "tolerances": array(one.tolerance_g for one in made),
        "refunds": array(one.refund_fen for one in made),
    }
