"""Reactions of assistance to what orders and wholesale announce."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import service
from app.assistance.rules import Channel
from app.assistance.rules.counting import Sale, SaleReversed, TakenBack
from app.orders import CountableLine, LinesRefunded, SupplierOrderCompleted
from app.wholesale import GoodsReceived, GoodsReturned, ReceivedLine


async def on_supplier_orders_completed(
    session: AsyncSession, facts: Sequence[SupplierOrderCompleted], now: datetime
) -> None:
    """Buyers have the goods and keep them: count what counts."""
    await service.count_sales(session, [_sale(fact, line) for fact in facts for line in fact.lines], now=now)


async def on_lines_refunded(session: AsyncSession, fact: LinesRefunded, now: datetime) -> None:
    """Money went back: take back what was counted for it."""
    back = tuple(TakenBack(line.line_id, line.quantity, line.amount_fen) for line in fact.lines)
    await service.reverse_sale(session, SaleReversed(fact.refund_id, fact.at, back), now=now)


async def on_goods_received(session: AsyncSession, facts: Sequence[GoodsReceived], now: datetime) -> None:
    """A supermarket took goods in: its first sale out of the county counts now, what it sells on never does."""
    await service.count_sales(session, [_first_sale(fact, line) for fact in facts for line in fact.lines], now=now)


async def on_goods_returned(session: AsyncSession, fact: GoodsReturned, now: datetime) -> None:
    """Goods went back, or less is owed for them: take back what was counted for that."""
    back = tuple(TakenBack(line.line_id, line.quantity, line.amount_fen) for line in fact.lines)
    await service.reverse_sale(session, SaleReversed(fact.source_id, fact.returned_at, back), now=now)


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


def _first_sale(fact: GoodsReceived, line: ReceivedLine) -> Sale:
    return Sale(
        source_id=fact.receipt_id,
        line_id=line.line_id,
        order_id=fact.po_id,
        at=fact.received_at,
        po_no=fact.po_no,
        sku=line.sku,
        product_id=line.product_id,
        product_name=line.product_name,
        category=line.category,
        supplier_id=line.supplier_id,
        supplier_name=line.supplier_name,
        township_code=line.township_code,
        township=line.township,
        channel=Channel.SUPERMARKET,
        division_code=fact.division_code,
        partner_id=fact.partner_id,
        partner_name=fact.partner_name,
        lot_code=line.lot_code,
        quantity=line.quantity,
        weight_g=line.weight_g,
        net_fen=line.net_fen,
        assisted=line.assisted,
        self_purchase=line.self_purchase,
    )
