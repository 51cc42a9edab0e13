"""Reactions of assistance to what orders announces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import service
from app.assistance.rules import Channel
from app.assistance.rules.counting import Sale, SaleReversed, TakenBack
from app.orders import CountableLine, LinesRefunded, SupplierOrderCompleted


async def on_supplier_orders_completed(
    session: AsyncSession, facts: Sequence[SupplierOrderCompleted], now: datetime
) -> None:
    """Buyers have the goods and keep them: count what counts."""
    await service.count_sales(session, [_sale(fact, line) for fact in facts for line in fact.lines], now=now)


async def on_lines_refunded(session: AsyncSession, fact: LinesRefunded, now: datetime) -> None:
    """Money went back: take back what was counted for it."""
    back = tuple(TakenBack(line.line_id, line.quantity, line.amount_fen) for line in fact.lines)
    await service.reverse_sale(session, SaleReversed(fact.refund_id, fact.at, back), now=now)


def _sale(fact: SupplierOrderCompleted, line: CountableLine) -> Sale:
    return Sale(
        source_id=fact.supplier_order_id,
        line_id=line.line_id,
        order_id=fact.order_id,
        at=fact.at,
        order_number=fact.number,
        sku=line.sku,
        product_id=line.product_id,
        product_name=line.product_name,
        category=line.category,
        supplier_id=line.supplier_id,
        supplier_name=line.supplier_name,
        township_code=line.township_code,
        township=line.township,
        channel=Channel(line.channel),
        division_code=line.division_code,
        lot_code=line.lot_code,
        quantity=line.quantity,
        weight_g=line.weight_g,
        net_fen=line.net_fen,
        assisted=line.assisted,
        self_purchase=line.self_purchase,
        on_832=line.on_832,
    )
