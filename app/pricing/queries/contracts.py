"""Reads of item mappings and contract price lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask
from app.core.errors import NotFound
from app.partners import Contract
from app.pricing.models import ContractPriceRow, ItemRow
from app.pricing.rules.contracts import ContractItem, ListedPrice, Mapping, Named, unit_of_case

# What can be ordered hangs on the price, the partner's codes, publication and the supplier's standing together: asked
# in one statement, like the catalogue's offers, so that no order sees half of a change.
_ITEMS = text("""
SELECT DISTINCT ON (k.sku)
       k.sku, k.name, p.id, p.name, p.supplier_id, c.price_fen, c.promotion, coalesce(i.case_pack, k.case_pack),
       c.min_cases, c.multiple_cases, c.min_life_days, k.tax_rate_bp, k.net_weight_g, i.partner_item_code,
       coalesce(i.gtin13, k.gtin13), coalesce(i.itf14, k.itf14)
FROM pricing_contract_price c
JOIN catalogue_sku k ON k.sku = c.sku AND k.wholesale
JOIN catalogue_product p ON p.id = k.product_id AND p.status = 'published'
JOIN suppliers_supplier s ON s.id = p.supplier_id AND s.status = 'approved'
LEFT JOIN pricing_item i ON i.partner_id = :partner_id AND i.sku = c.sku
WHERE c.contract_id = :contract_id AND :day BETWEEN c.valid_from AND c.valid_to
  AND (c.withdrawn_at IS NULL OR CAST(c.withdrawn_at AT TIME ZONE 'Asia/Shanghai' AS date) > :day)
ORDER BY k.sku, c.promotion DESC, c.valid_from DESC
""")
# Everything that any of the codes could belong to: our catalogue's codes, and what the partner calls goods by.
_NAMED = text("""
SELECT k.sku, p.name || ' ' || k.name, NULL, k.gtin13, k.itf14
FROM catalogue_sku k JOIN catalogue_product p ON p.id = k.product_id
WHERE k.sku = :sku OR k.gtin13 = ANY(CAST(:units AS text[])) OR k.itf14 = :itf14
   OR substr(k.itf14, 2, 12) = ANY(CAST(:bodies AS text[]))
UNION ALL
SELECT i.sku, p.name || ' ' || k.name, i.partner_item_code, i.gtin13, i.itf14
FROM pricing_item i JOIN catalogue_sku k ON k.sku = i.sku JOIN catalogue_product p ON p.id = k.product_id
WHERE i.partner_id = :partner_id
  AND (i.partner_item_code = :partner_item_code OR i.gtin13 = ANY(CAST(:units AS text[])) OR i.itf14 = :itf14
       OR substr(i.itf14, 2, 12) = ANY(CAST(:bodies AS text[])))
""")
_NAMES = text("""
SELECT k.sku, p.name || ' ' || k.name, k.wholesale
FROM catalogue_sku k JOIN catalogue_product p ON p.id = k.product_id
WHERE k.sku = ANY(CAST((SELECT CAST(:skus AS text[])) AS text[]))
""")


async def contract_items(session: AsyncSession, contract: Contract, day: date) -> list[ContractItem]:
    """What can be ordered under a contract on ``day``, by SKU: a promotion's price is the one on its days.

    Without what is not for wholesale, not published, or of a supplier that is not approved. One statement.
    """
    values = {"contract_id": contract.id, "partner_id": contract.partner_id, "day": day}
    return [ContractItem(*row) for row in await ask(session, _ITEMS, values)]


async def named(session: AsyncSession, partner_id: UUID, wanted: Mapping) -> list[Named]:
    """The SKU itself, first, and all goods that share one of its codes, by our catalogue or by the partner's."""
    unit = unit_of_case(wanted.itf14) if wanted.itf14 else None
    units = [code for code in (wanted.gtin13, unit) if code]
    values = {
        "partner_id": partner_id,
        "sku": wanted.sku,
        "units": array(units),
        "bodies": array(code[:12] for code in units),
        "itf14": wanted.itf14,
        "partner_item_code": wanted.partner_item_code,
    }
    found = [Named(*row) for row in await ask(session, _NAMED, values)]
    if not any(goods.sku == wanted.sku for goods in found):
        raise NotFound
    return sorted(found, key=lambda goods: goods.sku != wanted.sku)


async def names(session: AsyncSession, skus: Collection[str]) -> dict[str, tuple[str, bool]]:
    """What SKUs are called and whether they are for wholesale; unknown ones are absent."""
    return {sku: (name, whole) for sku, name, whole in await ask(session, _NAMES, {"skus": array(skus)})}


async def mappings(
    session: AsyncSession, partner_id: UUID, *, after: str | None = None, limit: int = 1000
) -> list[Mapping]:
    """Up to ``limit`` of what a partner calls our goods by, by SKU, after the SKU ``after``."""
    query = select(ItemRow).where(ItemRow.partner_id == partner_id).order_by(ItemRow.sku).limit(limit)
    if after is not None:
        query = query.where(ItemRow.sku > after)
    return [mapped(row) for row in (await session.execute(query)).scalars()]


def mapped(row: ItemRow) -> Mapping:
    """The row as a value."""
    return Mapping(row.sku, row.partner_item_code, row.gtin13, row.itf14, row.case_pack, row.pallet_cases)


async def lock_item(session: AsyncSession, partner_id: UUID, sku: str) -> ItemRow | None:
    """What a partner calls a SKU by, locked."""
    query = select(ItemRow).where(ItemRow.partner_id == partner_id, ItemRow.sku == sku).with_for_update()
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def prices_of(
    session: AsyncSession,
    contract_id: UUID,
    *,
    skus: Sequence[str] | None = None,
    withdrawn: bool = True,
    before: UUID | None = None,
    limit: int = 10_000,
) -> list[ListedPrice]:
    """Rows of a contract's price list, the newest first, before the id ``before``."""
    query = select(ContractPriceRow).where(ContractPriceRow.contract_id == contract_id)
    query = query.order_by(ContractPriceRow.id.desc()).limit(limit)
    if skus is not None:
        query = query.where(ContractPriceRow.sku.in_(skus))
    if not withdrawn:
        query = query.where(ContractPriceRow.withdrawn_at.is_(None))
    if before is not None:
        query = query.where(ContractPriceRow.id < before)
    return [listed(row) for row in (await session.execute(query)).scalars()]


def listed(row: ContractPriceRow) -> ListedPrice:
    """The row as a value."""
    return ListedPrice(
        id=row.id,
        contract_id=row.contract_id,
        sku=row.sku,
        price_fen=row.price_fen,
        promotion=row.promotion,
        min_cases=row.min_cases,
        multiple_cases=row.multiple_cases,
        min_life_days=row.min_life_days,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        withdrawn_at=row.withdrawn_at,
    )


async def lock_price(session: AsyncSession, contract_id: UUID, price_id: UUID) -> ContractPriceRow:
    """A row of a price list, locked. Raises ``NotFound``."""
    query = select(ContractPriceRow).where(ContractPriceRow.id == price_id, ContractPriceRow.contract_id == contract_id)
    row = (await session.execute(query.with_for_update())).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


_LOCK_LIST = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:contract_id AS text), 0))")


async def lock_list(session: AsyncSession, contract_id: UUID) -> None:
    """Wait for whoever changes the same price list: overlapping rows are seen by the later one."""
    await ask(session, _LOCK_LIST, {"contract_id": contract_id})
