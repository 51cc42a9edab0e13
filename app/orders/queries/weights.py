"""What suppliers said that pieces really weigh."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask
from app.orders.models import SupplierOrder, WeightCorrectionRow
from app.orders.rules.weights import LotWeight, WeightCorrection


async def corrections_of(session: AsyncSession, supplier_order_ids: Collection[UUID]) -> list[WeightCorrection]:
    """What was stated of these supplier orders, the oldest first."""
    wanted = select(WeightCorrectionRow).where(WeightCorrectionRow.supplier_order_id.in_(supplier_order_ids))
    rows = await session.scalars(wanted.order_by(WeightCorrectionRow.id))
    return [row.value() for row in rows]


async def corrections_of_order(session: AsyncSession, order_id: UUID) -> list[WeightCorrection]:
    """What was stated of an order's parts, the oldest first."""
    parts = select(SupplierOrder.id).where(SupplierOrder.order_id == order_id)
    wanted = select(WeightCorrectionRow).where(WeightCorrectionRow.supplier_order_id.in_(parts))
    return [row.value() for row in await session.scalars(wanted.order_by(WeightCorrectionRow.id))]


_LOTS = """
SELECT sku, lot_code, sum(quantity), sum(CAST(quantity AS bigint) * stated_g),
       sum(CAST(quantity AS bigint) * promised_g)
FROM orders_weight_correction WHERE supplier_id = :supplier_id AND lot_code IS NOT NULL AND {which}
GROUP BY sku, lot_code
"""
_THESE_LOTS = text(
    _LOTS.format(which="(sku, lot_code) IN (SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:lot_codes AS text[])))")
    + "ORDER BY sku, lot_code"
)
_SHORT_LOTS = text(
    _LOTS.format(which="(CAST(:after AS text) IS NULL OR (sku, lot_code) > (CAST(:after AS text), :after_lot))")
    + """HAVING sum(CAST(quantity AS bigint) * stated_g) < sum(CAST(quantity AS bigint) * promised_g)
    ORDER BY sku, lot_code LIMIT :limit"""
)


async def lot_weights(
    session: AsyncSession, supplier_id: UUID, lots: Sequence[tuple[str, str | None]]
) -> list[LotWeight]:
    """What was stated so far of these lots (SKU and code) of a supplier's."""
    if not lots:
        return []
    parameters = {
        "supplier_id": supplier_id,
        "skus": array(sku for sku, _ in lots),
        "lot_codes": array(code for _, code in lots),
    }
    return [_lot(row) for row in await ask(session, _THESE_LOTS, parameters)]


async def short_lots(
    session: AsyncSession, supplier_id: UUID, *, after: tuple[str, str] | None, limit: int
) -> list[LotWeight]:
    """The lots of a supplier whose mean is short, by SKU and code."""
    sku, code = after or (None, None)
    parameters = {"supplier_id": supplier_id, "after": sku, "after_lot": code, "limit": limit}
    return [_lot(row) for row in await ask(session, _SHORT_LOTS, parameters)]


def _lot(row: Sequence[object]) -> LotWeight:
    sku, code, *figures = row
    pieces, stated, promised = (int(str(figure)) for figure in figures)
    return LotWeight(str(sku), str(code), pieces, stated, promised)
