"""A place in the stock-room for every SKU of the catalogue."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue

_OPEN = text("""
INSERT INTO inventory_stock (sku, supplier_id)
SELECT * FROM unnest(CAST(:skus AS text[]), CAST(:suppliers AS uuid[])) AS n(sku, supplier_id) ORDER BY sku
ON CONFLICT (sku) DO NOTHING
""")


async def open_stock(session: AsyncSession, sku: str, supplier_id: UUID) -> None:
    """Give a SKU a place in the stock-room, with nothing in it. Doing it again changes nothing."""
    await session.execute(_OPEN, {"skus": [sku], "suppliers": [supplier_id]})


async def open_new(session: AsyncSession, skus: Collection[str]) -> bool:
    """Make room for SKUs that the catalogue knows and the stock-room has never met; tells whether there were any."""
    offers = await catalogue.offers(session, list(skus)) if skus else {}
    if offers:
        suppliers = [offer.supplier_id for offer in offers.values()]
        await session.execute(_OPEN, {"skus": list(offers), "suppliers": suppliers})
    return bool(offers)
