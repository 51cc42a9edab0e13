"""Reads of prices, freight and promotions."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask
from app.pricing.models import FreightRuleRow, FreightTemplateRow, PriceRow
from app.pricing.rules import COMPARED, SHOWN, Price, Wanted
from app.pricing.rules.freight import DEFAULT_TEMPLATE, FreightRule, FreightTemplate, UnknownTemplate
from app.pricing.rules.promotions import (
    Funder,
    NoSuchBudget,
    NoSuchPromotion,
    Promotion,
    PromotionKind,
    Terms,
    spelled,
)

# Whatever runs now comes along as one text, which is empty on most days: the price of a basket stays one statement.
_PRICES_AND_FREIGHT = text("""
WITH parcel AS (
    SELECT w.supplier_id, r.first_weight_g, r.first_fee_fen, r.step_weight_g, r.step_fee_fen, r.free_over_fen,
           r.deliverable, r.surcharge_fen, r.tiers, t.volume_divisor
    FROM unnest(CAST(:suppliers AS uuid[])) AS w(supplier_id)
    LEFT JOIN LATERAL (
        SELECT id, volume_divisor FROM pricing_freight_template t
        WHERE t.supplier_id = w.supplier_id OR (t.supplier_id IS NULL AND t.code = :default)
        ORDER BY t.supplier_id NULLS LAST LIMIT 1
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT * FROM pricing_freight_rule r
        WHERE r.template_id = t.id AND r.region = ANY(CAST(:regions AS text[]))
        ORDER BY length(r.region) DESC LIMIT 1
    ) r ON true
)
SELECT w.sku, p.price_fen,
       CASE WHEN p.valid_from >= coalesce(CAST(:now AS timestamptz), now()) - CAST(:shown AS interval)
            THEN p.was_price_fen END,
       parcel.*, (
    SELECT CAST(json_agg(json_build_object(
               'id', p.id, 'name', p.name, 'funder', p.funder, 'budget_id', p.budget_id, 'kind', p.kind,
               'threshold_fen', p.threshold_fen, 'off_fen', p.off_fen, 'percent_bp', p.percent_bp,
               'cap_fen', p.cap_fen, 'price_fen', p.price_fen, 'supplier_id', p.supplier_id, 'category', p.category,
               'sku', p.sku, 'left_fen', b.total_fen - b.used_fen, 'division_code', b.division_code,
               'coupon_id', c.id, 'used_up', coalesce(c.used_count >= c.total_limit, false)
                                             OR coalesce(u.used_count, 0) >= c.per_buyer_limit)) AS text)
    FROM pricing_promotion p
    LEFT JOIN pricing_budget b ON b.id = p.budget_id
    LEFT JOIN pricing_coupon c ON p.by_coupon AND c.promotion_id = p.id AND c.code = CAST(:coupon AS text)
         AND (c.holder_id IS NULL OR c.holder_id = CAST(:buyer AS uuid))
    LEFT JOIN pricing_coupon_use u ON u.coupon_id = c.id AND u.buyer_id = CAST(:buyer AS uuid)
    WHERE p.stopped_at IS NULL AND p.ends_at > coalesce(CAST(:now AS timestamptz), now())
      AND p.starts_at <= coalesce(CAST(:now AS timestamptz), now()) AND b.stopped_at IS NULL
      AND p.by_coupon = (c.id IS NOT NULL)
      AND (p.by_coupon OR p.supplier_id IS NULL OR p.supplier_id = ANY(CAST(:suppliers AS uuid[])))
      AND (p.by_coupon OR p.sku IS NULL OR p.sku = ANY(CAST(:skus AS text[])))
) AS promotions
FROM unnest(CAST(:skus AS text[]), CAST(:sku_suppliers AS uuid[])) AS w(sku, supplier_id)
JOIN parcel USING (supplier_id)
LEFT JOIN pricing_price p ON p.sku = w.sku AND p.valid_to IS NULL
""")

_TERMS = """p.id, p.name, p.kind, p.funder, p.budget_id, p.supplier_id, p.category, p.sku, p.threshold_fen, p.off_fen,
    p.percent_bp, p.cap_fen, p.price_fen, p.by_coupon, p.starts_at, p.ends_at, p.stopped_at"""
_PROMOTIONS = text(f"""
SELECT {_TERMS}, coalesce(u.orders, 0) AS orders, coalesce(u.used_fen, 0) AS used_fen
FROM pricing_promotion p
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE released_at IS NULL) AS orders,
           CAST(sum(amount_fen - returned_fen) AS bigint) AS used_fen
    FROM pricing_promotion_use WHERE promotion_id = p.id
) u ON true
WHERE (CAST(:only AS uuid) IS NULL OR p.id = :only) AND (CAST(:before AS uuid) IS NULL OR p.id < :before)
  AND (CAST(:supplier_id AS uuid) IS NULL OR (p.supplier_id = :supplier_id AND p.funder = 'supplier'))
ORDER BY p.id DESC LIMIT :limit
""")
_USES = text("""
SELECT u.reference AS order_id, u.promotion_id, u.budget_id, c.code AS coupon, u.amount_fen, u.returned_fen, u.used_at,
       u.released_at
FROM pricing_promotion_use u LEFT JOIN pricing_coupon c ON c.id = u.coupon_id
WHERE (CAST(:promotion_id AS uuid) IS NULL OR u.promotion_id = :promotion_id)
  AND (CAST(:budget_id AS uuid) IS NULL OR u.budget_id = :budget_id)
  AND (CAST(:before AS uuid) IS NULL OR (u.reference, u.promotion_id) < (:before, :within))
ORDER BY u.reference DESC, u.promotion_id DESC LIMIT :limit
""")
_BUDGETS = text("""
SELECT id, name, division_code, total_fen, used_fen, created_at, stopped_at FROM pricing_budget
WHERE (CAST(:only AS uuid) IS NULL OR id = :only) AND (CAST(:before AS uuid) IS NULL OR id < :before)
ORDER BY id DESC LIMIT :limit
""")
_COUPONS_OF = text(f"""
SELECT {_TERMS}, c.id AS coupon_id, c.code, b.division_code
FROM pricing_coupon c JOIN pricing_promotion p ON p.id = c.promotion_id
LEFT JOIN pricing_budget b ON b.id = p.budget_id
WHERE c.holder_id = :holder_id AND c.used_count < c.total_limit AND p.stopped_at IS NULL AND p.ends_at > :now
  AND b.stopped_at IS NULL AND (CAST(:before AS uuid) IS NULL OR c.id < :before)
ORDER BY c.id DESC LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Tariff:
    """What today's sums are made of: prices by SKU, those crossed out, freight rules, the promotions that run."""

    prices: dict[str, int]
    was: dict[str, int]
    freight: dict[UUID, FreightRule | None]
    promotions: list[Promotion]


async def tariff(
    session: AsyncSession,
    wanted: Sequence[Wanted],
    division_code: str,
    *,
    coupon: str | None,
    buyer_id: UUID | None,
    now: datetime | None,
) -> Tariff:
    """Current prices, the freight rules for this division, and the promotions that run. One statement.

    Of the promotions that ask for a coupon only that of ``coupon`` is there, if ``buyer_id`` may use it.
    """
    rows = await ask(
        session,
        _PRICES_AND_FREIGHT,
        {
            "suppliers": array({line.supplier_id for line in wanted}),
            "skus": array(line.sku for line in wanted),
            "sku_suppliers": array(line.supplier_id for line in wanted),
            "regions": array(("", division_code[:2], division_code[:4], division_code[:6])),
            "default": DEFAULT_TEMPLATE,
            "coupon": spelled(coupon) if coupon is not None else None,
            "buyer": buyer_id,
            "now": now,
            "shown": f"{SHOWN.days} days",
        },
    )
    prices: dict[str, int] = {}
    was: dict[str, int] = {}
    freight: dict[UUID, FreightRule | None] = {}
    running = None
    for sku, price, was_fen, supplier_id, *rule, promotions in rows:
        running = promotions
        if price is not None:
            prices[sku] = price
        if was_fen is not None:
            was[sku] = was_fen
        freight[supplier_id] = _rule(*rule)
    return Tariff(prices, was, freight, [_running(found) for found in json.loads(running)] if running else [])


def _rule(
    first_g: int,
    first_fen: int,
    step_g: int,
    step_fen: int,
    free_over_fen: int | None,
    deliverable: bool | None,
    surcharge_fen: int,
    tiers: list[list[int]] | None,
    volume_divisor: int | None,
) -> FreightRule | None:
    """A rule as it is kept; None where there is none for the place."""
    if deliverable is None:
        return None
    steps = tuple((up_to_g, fee_fen) for up_to_g, fee_fen in tiers or ())
    return FreightRule(
        first_g, first_fen, step_g, step_fen, free_over_fen, deliverable, surcharge_fen, steps, volume_divisor
    )


_FREIGHT = text("""
SELECT w.supplier_id, r.region, r.first_weight_g, r.first_fee_fen, r.step_weight_g, r.step_fee_fen, r.free_over_fen,
       r.deliverable, r.surcharge_fen, r.tiers, t.volume_divisor
FROM unnest(CAST(:suppliers AS uuid[])) AS w(supplier_id)
JOIN LATERAL (
    SELECT id, volume_divisor FROM pricing_freight_template t
    WHERE t.supplier_id = w.supplier_id OR (t.supplier_id IS NULL AND t.code = :default)
    ORDER BY t.supplier_id NULLS LAST LIMIT 1
) t ON true
JOIN pricing_freight_rule r ON r.template_id = t.id
""")


async def freight_everywhere(session: AsyncSession, suppliers: Collection[UUID]) -> dict[UUID, dict[str, FreightRule]]:
    """The freight rules of suppliers by region, wherever they send. One statement for any number of destinations."""
    found: dict[UUID, dict[str, FreightRule]] = {supplier_id: {} for supplier_id in suppliers}
    rows = await ask(session, _FREIGHT, {"suppliers": array(suppliers), "default": DEFAULT_TEMPLATE})
    for supplier_id, region, *kept in rows:
        if (rule := _rule(*kept)) is not None:
            found[supplier_id][region] = rule
    return found


async def freight_template(session: AsyncSession, supplier_id: UUID, *, lock: bool = False) -> FreightTemplate:
    """How a supplier sends now; with ``lock`` its own template is locked for change. Raises ``UnknownTemplate``."""
    own = select(FreightTemplateRow).where(FreightTemplateRow.supplier_id == supplier_id)
    house = select(FreightTemplateRow).where(
        FreightTemplateRow.supplier_id.is_(None), FreightTemplateRow.code == DEFAULT_TEMPLATE
    )
    if lock:
        own = own.with_for_update().execution_options(populate_existing=True)
    row = (await session.execute(own)).scalar_one_or_none() or (await session.execute(house)).scalar_one_or_none()
    if row is None:
        raise UnknownTemplate
    rules = select(FreightRuleRow).where(FreightRuleRow.template_id == row.id).order_by(FreightRuleRow.region)
    found = {
        rule.region: _rule(
            rule.first_weight_g,
            rule.first_fee_fen,
            rule.step_weight_g,
            rule.step_fee_fen,
            rule.free_over_fen,
            rule.deliverable,
            rule.surcharge_fen,
            rule.tiers,
            row.volume_divisor,
        )
        for rule in (await session.execute(rules)).scalars()
    }
    is_own = row.supplier_id is not None
    known = {region: rule for region, rule in found.items() if rule is not None}
    return FreightTemplate(row.code, row.name, row.volume_divisor, row.version if is_own else 0, is_own, known)


def _running(found: dict[str, Any]) -> Promotion:
    def as_id(name: str) -> UUID | None:
        return UUID(found[name]) if found[name] else None

    return Promotion(
        id=UUID(found["id"]),
        name=found["name"],
        funder=Funder(found["funder"]),
        terms=Terms(
            kind=PromotionKind(found["kind"]),
            threshold_fen=found["threshold_fen"],
            off_fen=found["off_fen"],
            percent_bp=found["percent_bp"],
            cap_fen=found["cap_fen"],
            price_fen=found["price_fen"],
            supplier_id=as_id("supplier_id"),
            category=found["category"],
            sku=found["sku"],
        ),
        budget_id=as_id("budget_id"),
        left_fen=found["left_fen"],
        division_code=found["division_code"],
        coupon_id=as_id("coupon_id"),
        used_up=bool(found["used_up"]),
    )


async def current_prices(session: AsyncSession, skus: Sequence[str]) -> dict[str, Price]:
    """The current price of each SKU; one that has none is missing from the answer."""
    rows = await session.execute(
        select(PriceRow.sku, PriceRow.price_fen, PriceRow.valid_from).where(
            PriceRow.sku.in_(list(skus)), PriceRow.valid_to.is_(None)
        )
    )
    return {row.sku: Price(row.sku, row.price_fen, row.valid_from) for row in rows}


async def lowest_before(session: AsyncSession, sku: str, start: datetime) -> int | None:
    """The lowest price that was in force in the week before ``start``."""
    in_force = (
        PriceRow.sku == sku,
        PriceRow.valid_from < start,
        PriceRow.valid_to > start - COMPARED,
        PriceRow.valid_to > PriceRow.valid_from,
    )
    found: int | None = await session.scalar(select(func.min(PriceRow.price_fen)).where(*in_force))
    return found


async def extremes(session: AsyncSession, sku: str, now: datetime) -> tuple[int | None, int | None]:
    """The lowest and the highest price that were in force in the week before ``now``."""
    in_force = (PriceRow.sku == sku, or_(PriceRow.valid_to.is_(None), PriceRow.valid_to > now - COMPARED))
    wanted = select(func.min(PriceRow.price_fen), func.max(PriceRow.price_fen)).where(*in_force)
    lowest, highest = (await session.execute(wanted)).one()
    return lowest, highest


async def changes(session: AsyncSession, sku: str) -> int:
    """How many prices a SKU has had: the version of its price."""
    return int((await session.execute(select(func.count()).where(PriceRow.sku == sku))).scalar_one())


async def lock_current(session: AsyncSession, sku: str) -> PriceRow | None:
    """The current price row of a SKU, locked."""
    found: PriceRow | None = await session.scalar(
        select(PriceRow)
        .where(PriceRow.sku == sku, PriceRow.valid_to.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


async def promotions_page(
    session: AsyncSession, *, supplier_id: UUID | None, before: UUID | None, limit: int
) -> Sequence[RowMapping]:
    """Promotions, newest first, each with what orders took of it; with ``supplier_id`` those that it pays for."""
    rows = await session.execute(
        _PROMOTIONS, {"supplier_id": supplier_id, "before": before, "only": None, "limit": limit}
    )
    return rows.mappings().all()


async def promotion(session: AsyncSession, promotion_id: UUID, *, supplier_id: UUID | None) -> RowMapping:
    """One promotion. Raises ``NoSuchPromotion``."""
    parameters = {"supplier_id": supplier_id, "before": None, "only": promotion_id, "limit": 1}
    found = (await session.execute(_PROMOTIONS, parameters)).mappings().one_or_none()
    if found is None:
        raise NoSuchPromotion
    return found


async def uses_page(
    session: AsyncSession,
    *,
    promotion_id: UUID | None = None,
    budget_id: UUID | None = None,
    before: tuple[UUID, UUID] | None,
    limit: int,
) -> Sequence[RowMapping]:
    """What orders took of a promotion or of a budget, the newest order first; ``before`` names order and promotion."""
    order_id, within = before or (None, None)
    parameters = {
        "promotion_id": promotion_id,
        "budget_id": budget_id,
        "before": order_id,
        "within": within,
        "limit": limit,
    }
    return (await session.execute(_USES, parameters)).mappings().all()


async def budgets_page(
    session: AsyncSession, *, before: UUID | None, limit: int, only: UUID | None = None
) -> Sequence[RowMapping]:
    """Budgets, newest first."""
    rows = await session.execute(_BUDGETS, {"before": before, "only": only, "limit": limit})
    return rows.mappings().all()


async def budget(session: AsyncSession, budget_id: UUID) -> RowMapping:
    """One budget. Raises ``NoSuchBudget``."""
    found = await budgets_page(session, before=None, limit=1, only=budget_id)
    if not found:
        raise NoSuchBudget
    return found[0]


async def coupons_of(
    session: AsyncSession, holder_id: UUID, *, now: datetime, before: UUID | None, limit: int
) -> Sequence[RowMapping]:
    """The coupons that were issued to a buyer and can be used now, newest first."""
    parameters = {"holder_id": holder_id, "now": now, "before": before, "limit": limit}
    return (await session.execute(_COUPONS_OF, parameters)).mappings().all()
