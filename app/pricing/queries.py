"""Reads of prices and freight."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask
from app.pricing.models import PriceRow
from app.pricing.rules import DEFAULT_TEMPLATE, FreightRule, Price, Wanted

_PRICES_AND_FREIGHT = text("""
WITH parcel AS (
    SELECT w.supplier_id, r.first_weight_g, r.first_fee_fen, r.step_weight_g, r.step_fee_fen, r.free_over_fen,
           r.deliverable
    FROM unnest(CAST(:suppliers AS uuid[])) AS w(supplier_id)
    LEFT JOIN LATERAL (
        SELECT id FROM pricing_freight_template t
        WHERE t.supplier_id = w.supplier_id OR (t.supplier_id IS NULL AND t.code = :default)
        ORDER BY t.supplier_id NULLS LAST LIMIT 1
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT * FROM pricing_freight_rule r
        WHERE r.template_id = t.id AND r.region = ANY(CAST(:regions AS text[]))
        ORDER BY length(r.region) DESC LIMIT 1
    ) r ON true
)
SELECT w.sku, p.price_fen, parcel.*
FROM unnest(CAST(:skus AS text[]), CAST(:sku_suppliers AS uuid[])) AS w(sku, supplier_id)
JOIN parcel USING (supplier_id)
LEFT JOIN pricing_price p ON p.sku = w.sku AND p.valid_to IS NULL
""")


async def prices_and_freight(
    session: AsyncSession, wanted: Sequence[Wanted], division_code: str
) -> tuple[dict[str, int], dict[UUID, FreightRule | None]]:
    """Current prices by SKU and the freight rule of each supplier for this division. One statement."""
    rows = await ask(
        session,
        _PRICES_AND_FREIGHT,
        {
            "suppliers": array({line.supplier_id for line in wanted}),
            "skus": array(line.sku for line in wanted),
            "sku_suppliers": array(line.supplier_id for line in wanted),
            "regions": array(("", division_code[:2], division_code[:4], division_code[:6])),
            "default": DEFAULT_TEMPLATE,
        },
    )
    prices: dict[str, int] = {}
    freight: dict[UUID, FreightRule | None] = {}
    for sku, price, supplier_id, first_g, first_fen, step_g, step_fen, free_over, deliverable in rows:
        if price is not None:
            prices[sku] = price
        freight[supplier_id] = (
            None
            if deliverable is None
            else FreightRule(first_g, first_fen, step_g, step_fen, free_over, deliverable=deliverable)
        )
    return prices, freight


async def current_prices(session: AsyncSession, skus: Sequence[str]) -> dict[str, Price]:
    """The current price of each SKU; one that has none is missing from the answer."""
    rows = await session.execute(
        select(PriceRow.sku, PriceRow.price_fen, PriceRow.valid_from).where(
            PriceRow.sku.in_(list(skus)), PriceRow.valid_to.is_(None)
        )
    )
    return {row.sku: Price(row.sku, row.price_fen, row.valid_from) for row in rows}


async def lock_current(session: AsyncSession, sku: str) -> PriceRow | None:
    """The current price row of a SKU, locked."""
    found: PriceRow | None = await session.scalar(
        select(PriceRow)
        .where(PriceRow.sku == sku, PriceRow.valid_to.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found
