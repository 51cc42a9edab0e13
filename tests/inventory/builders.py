"""A supplier, its product and its stock, made through the front doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, inventory, suppliers
from app.identity import SYSTEM, Actor, Role


def uscc(body: str) -> str:
    """A unified social credit code with its check character (GB 32100)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(alphabet.index(letter) * pow(3, place, 31) for place, letter in enumerate(body))
    return body + alphabet[-total % 31]


@dataclass(frozen=True, slots=True)
class Shop:
    supplier_id: UUID
    product_id: UUID
    skus: tuple[str, ...]

    @property
    def staff(self) -> Actor:
        return Actor(UUID(int=77), frozenset({Role.SUPPLIER}), supplier_id=self.supplier_id)


async def open_shop(
    session: AsyncSession,
    now: datetime,
    *skus: str,
    code: str = "S91",
    stock: int | None = 0,
    gross_g: int = 600,
    keeps_days: int = 540,
) -> Shop:
    """A supplier that sells ``skus``; with ``stock`` pieces of each, or no stock rows for None."""
    await suppliers.plant_townships(session)
    await catalogue.plant_categories(session)
    township = next(iter(suppliers.TOWNSHIPS))
    card = await suppliers.admit(
        session,
        code=code,
        name=f"合作社{code}",
        kind=next(iter(suppliers.Kind)),
        uscc=uscc(f"91433125MA4L00{code[1:]}0"),
        township_code=township,
        by=SYSTEM,
        now=now,
    )
    product = await catalogue.create_product(
        session,
        catalogue.NewProduct(
            supplier_id=card.id,
            slug=f"orange-{code.lower()}",
            name="脐橙",
            category="navel-orange",
            township_code=township,
            skus=[
                catalogue.NewSku(
                    sku=sku,
                    name="一箱",
                    net_content="净果 500g",
                    net_weight_g=gross_g - 100,
                    gross_weight_g=gross_g,
                    shelf_life_days=keeps_days,
                    tax_rate_bp=900,
                )
                for sku in skus
            ],
        ),
        by=SYSTEM,
        now=now,
    )
    shop = Shop(card.id, product.id, skus)
    if stock is not None:
        for sku in skus:
            await inventory.open_stock(session, sku, card.id)
        if stock:
            await count(session, shop, now, dict.fromkeys(skus, stock))
    return shop


async def count(session: AsyncSession, shop: Shop, now: datetime, counts: dict[str, int]) -> None:
    await inventory.apply_updates(
        session,
        shop.supplier_id,
        [inventory.Update(sku, "set", quantity) for sku, quantity in counts.items()],
        by=shop.staff,
        now=now,
    )


async def bring(
    session: AsyncSession, shop: Shop, now: datetime, sku: str, code: str, quantity: int, best_before: date
) -> inventory.Lot:
    return await inventory.receive(
        session,
        sku=sku,
        code=code,
        harvested_on=None,
        produced_on=None,
        best_before=best_before,
        village="新印村",
        quantity=quantity,
        by=shop.staff,
        now=now,
    )


INVARIANTS = """
SELECT 'stock ' || s.sku FROM inventory_stock s
WHERE NOT (0 <= reserved AND reserved <= on_hand)
   OR on_hand < coalesce((SELECT sum(on_hand) FROM inventory_lot l WHERE l.sku = s.sku), 0)
   OR on_hand <> coalesce((SELECT sum(on_hand_delta) FROM inventory_movement m WHERE m.sku = s.sku), 0)
   OR reserved <> coalesce((SELECT sum(reserved_delta) FROM inventory_movement m WHERE m.sku = s.sku), 0)
   OR reserved <> coalesce((SELECT sum(quantity) FROM inventory_reservation r WHERE r.sku = s.sku), 0)
   OR waiting <> coalesce((SELECT sum(quantity) FROM inventory_promise p WHERE p.sku = s.sku), 0)
   OR (waiting > 0 AND on_hand > reserved)
   OR (on_hand > reserved AND EXISTS (SELECT FROM inventory_lot l
       WHERE l.sku = s.sku AND l.recalled_at IS NOT NULL AND l.on_hand > 0))
UNION ALL
SELECT 'lot ' || l.code FROM inventory_lot l
WHERE on_hand < 0
   OR on_hand <> coalesce((SELECT sum(on_hand_delta) FROM inventory_movement m WHERE m.lot_id = l.id), 0)
UNION ALL
SELECT 'presale ' || w.sku FROM inventory_presale w
WHERE promised NOT BETWEEN 0 AND cap
   OR promised <> coalesce((SELECT sum(quantity) FROM inventory_promise p WHERE p.presale_id = w.id), 0)
"""


async def broken(session: AsyncSession) -> list[str]:
    """Every row that breaks an invariant of the stock-room."""
    return list(await session.scalars(text(INVARIANTS)))


async def figures(session: AsyncSession, sku: str) -> tuple[int, int]:
    """(on hand, reserved)"""
    found = (await inventory.availability(session, [sku]))[sku]
    return found.on_hand, found.reserved
