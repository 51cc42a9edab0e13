"""What the shop window does when it hears of something. Facts are taken by what they say, not by who says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.storefront import service
from app.storefront.rules import ProductFact, RatingFact, SaleFact, SkuFact, SupplierFact


async def on_products_changed(session: AsyncSession, facts: Sequence[ProductFact], now: datetime) -> None:  # noqa: ARG001
    """Put products that were published on the shelf, and take those off that were withdrawn."""
    await service.shelve(session, list(dict.fromkeys(fact.product_id for fact in facts)))


async def on_prices_changed(session: AsyncSession, facts: Sequence[SkuFact], now: datetime) -> None:  # noqa: ARG001
    """Put products in their new places; with its first price one comes on the shelf."""
    await service.shelve_skus(session, [fact.sku for fact in facts])


async def on_stock_ran_out(session: AsyncSession, fact: SkuFact, now: datetime) -> None:
    """Say that nothing is left, if no other size of the product is."""
    await service.restock(session, fact.sku, now=now)


async def on_stock_returned(session: AsyncSession, fact: SkuFact, now: datetime) -> None:
    """Say that there is something again."""
    await service.restock(session, fact.sku, now=now)


async def on_presale_changed(session: AsyncSession, fact: SkuFact, now: datetime) -> None:
    """Say whether a harvest of the product is sold ahead."""
    await service.restock(session, fact.sku, now=now)


async def on_orders_paid(session: AsyncSession, facts: Sequence[SaleFact], now: datetime) -> None:  # noqa: ARG001
    """Count the units sold, which decide what sells best."""
    sold: Counter[UUID] = Counter()
    for fact in facts:
        for line in fact.lines:
            sold[line.product_id] += line.quantity
    await service.count_sales(session, sold)


async def on_supplier_approved(session: AsyncSession, fact: SupplierFact, now: datetime) -> None:  # noqa: ARG001
    """Show the supplier's products."""
    await service.shelve_supplier(session, fact.supplier_id)


async def on_supplier_suspended(session: AsyncSession, fact: SupplierFact, now: datetime) -> None:  # noqa: ARG001
    """Hide the supplier's products."""
    await service.shelve_supplier(session, fact.supplier_id)


async def on_review_posted(session: AsyncSession, fact: RatingFact, now: datetime) -> None:  # noqa: ARG001
    """Show the new average."""
    await service.rate(session, fact.product_id, fact.stars)
