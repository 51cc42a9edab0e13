"""Goods for wholesale of an approved supplier: published, with bar codes, made through the front doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from stdnum import ean

from app import catalogue, suppliers
from app.identity import SYSTEM
from tests.papers import papers
from tests.shop import LABEL

GTINS = tuple(body + ean.calc_check_digit(body) for body in (f"20043300{number:04d}" for number in (10, 20, 30, 40)))
ITFS = tuple("1" + gtin[:12] + ean.calc_check_digit("1" + gtin[:12]) for gtin in GTINS)
_NAME, _USCC = "新寨橙乡柑橘专业合作社（示例）", "93433125MA4FAKE81A"


@dataclass(frozen=True, slots=True)
class Store:
    supplier_id: UUID
    product_id: UUID


async def open_store(session: AsyncSession, now: datetime, *skus: str, retail_only: tuple[str, ...] = ()) -> Store:
    """A supplier whose oranges are on sale under ``skus``, twelve to a case."""
    await suppliers.plant_townships(session)
    await catalogue.plant_categories(session)
    card = await suppliers.admit(
        session,
        code="S08",
        name=_NAME,
        kind=suppliers.Kind.COOPERATIVE,
        uscc=_USCC,
        township_code="433125111",
        village="新寨村",
        linked_since=now.date().replace(year=2019),
        lines=["navel-orange"],
        papers=papers(_NAME, _USCC, None, now.date()),
        by=SYSTEM,
        now=now,
    )
    await suppliers.approve(session, card.id, by=SYSTEM, now=now)
    product = await catalogue.create_product(
        session,
        catalogue.NewProduct(
            supplier_id=card.id,
            slug="orange",
            name="脐橙",
            category="orange-box",
            township_code="433125111",
            village="新寨村",
            description="脐橙",
            label=LABEL,
            attributes={"exec_standard": "GB/T 21488", "storage": "阴凉干燥处", "grade": "一级"},
            skus=[
                catalogue.NewSku(
                    sku=sku,
                    name="一箱",
                    net_content="净果 500g",
                    net_weight_g=500,
                    gross_weight_g=600,
                    case_pack=12,
                    gtin13=GTINS[at],
                    itf14=ITFS[at],
                    shelf_life_days=20,
                    tax_rate_bp=900,
                    fresh=True,
                    wholesale=sku not in retail_only,
                )
                for at, sku in enumerate(skus)
            ],
        ),
        by=SYSTEM,
        now=now,
    )
    await catalogue.submit(session, product.id, by=SYSTEM, now=now)
    await catalogue.publish(session, product.id, by=SYSTEM, now=now)
    return Store(card.id, product.id)
