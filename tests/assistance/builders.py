"""Facts as orders announces them, without the orders behind them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.orders import CountableLine, LinesRefunded, RefundedLine, SupplierOrderCompleted

SUPPLIERS = {name: uuid4() for name in ("吕洞山茶叶合作社", "比耳脐橙合作社", "酉水油茶公司")}
TOWNS = {"433125116": "吕洞山镇", "433125111": "比耳镇", "433125110": "清水坪镇"}


def line(**changes: Any) -> CountableLine:
    """A line that counts, unless told otherwise."""
    values: dict[str, Any] = {
        "line_id": uuid4(),
        "sku": "GT01",
        "product_id": UUID(int=101),
        "product_name": "黄金茶",
        "category": "golden-tea",
        "supplier_id": SUPPLIERS["吕洞山茶叶合作社"],
        "supplier_name": "吕洞山茶叶合作社",
        "township_code": "433125116",
        "township": "吕洞山镇",
        "channel": "retail",
        "division_code": "370112",
        "quantity": 2,
        "weight_g": 200,
        "net_fen": 13800,
        "assisted": True,
        "self_purchase": False,
        "lot_code": None,
        "buyer_id": uuid4(),
    }
    return CountableLine.model_validate(values | changes)


def completed(at: datetime, *lines: CountableLine, order_id: UUID | None = None) -> SupplierOrderCompleted:
    return SupplierOrderCompleted(
        at=at, order_id=order_id or uuid4(), supplier_order_id=uuid4(), number="BJ26112000000001", lines=list(lines)
    )


def refunded(at: datetime, sale: SupplierOrderCompleted, *parts: tuple[UUID, int, int]) -> LinesRefunded:
    """``parts`` are (line, quantity, fen)."""
    return LinesRefunded(
        at=at,
        refund_id=uuid4(),
        order_id=sale.order_id,
        supplier_order_id=sale.supplier_order_id,
        lines=[RefundedLine(line_id=line_id, quantity=quantity, amount_fen=fen) for line_id, quantity, fen in parts],
    )


async def entries(session: AsyncSession) -> list[Any]:
    """The whole ledger, as written."""
    rows = await session.execute(text("SELECT * FROM assistance_entry ORDER BY kind DESC, occurred_at, id"))
    return list(rows.mappings())
