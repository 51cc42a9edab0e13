"""Where pieces that are to leave the house lie, before anybody takes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask
from app.inventory.rules import Batch, LotState, StockState, lined_up
from app.inventory.rules.shelf import Shelf

_SHELVES = text("""
SELECT s.sku, s.supplier_id, s.on_hand, s.reserved, l.id, l.code, l.best_before, l.on_hand, l.counted_at,
       coalesce(l.produced_on, l.harvested_on, CAST(l.received_at AT TIME ZONE 'Asia/Shanghai' AS date)),
       l.recalled_at IS NOT NULL
FROM inventory_stock s LEFT JOIN inventory_lot l ON l.sku = s.sku AND l.on_hand > 0
WHERE s.sku = ANY(CAST(:skus AS text[])) ORDER BY s.sku, l.best_before, l.code
""")


async def batches(session: AsyncSession, shelves: Mapping[str, Shelf], *, today: date) -> dict[str, list[Batch]]:
    """What ``ship`` would take of each SKU, in the order in which it would: fit lots, then pieces of no lot.

    One statement, no lock: whoever ships later may find something else.
    """
    stocks: dict[str, StockState] = {}
    for sku, supplier_id, on_hand, reserved, *lot in await ask(session, _SHELVES, {"skus": array(shelves)}):
        stock = stocks.setdefault(sku, StockState(sku, supplier_id, on_hand, reserved))
        if lot[0] is not None:
            stock.lots.append(LotState(*lot))
    return {
        sku: [
            *(Batch(lot.code, lot.best_before, lot.on_hand) for lot in lined_up(stock, today, shelves[sku])),
            *([Batch(None, None, stock.unlotted)] if stock.unlotted > 0 else []),
        ]
        for sku, stock in stocks.items()
    }
