"""A small county: suppliers, products, prices and stock, made through the front doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, inventory, pricing, suppliers
from app.identity import SYSTEM, Actor, Role
from tests.papers import list_on_832, papers

# code, name, kind, uscc, township, village, licence
SUPPLIERS = (
    ("S01", "保靖县吕洞茗源茶叶专业合作社", "coop", "93433125MA4FAKE14C", "433125116", "黄金村", "SC11443312590010"),
    ("S02", "湖南酉水金芽茶业有限公司", "company", "91433125MA4FAKE22D", "433125114", "枫香村", "SC11443312590028"),
    ("S04", "保靖武陵黑茶产业园有限公司", "company", "91433125MA4FAKE495", "433125109", None, "SC11443312590044"),
    ("S07", "湘西酉岭油脂有限公司", "company", "91433125MA4FAKE73M", "433125110", None, "SC10243312590078"),
    ("S08", "保靖县新寨橙乡柑橘专业合作社", "coop", "93433125MA4FAKE81A", "433125111", "新寨村", None),
    ("S11", "保靖县阳朝乡帮扶车间包装有限公司", "company", "91433125MA4FAKEB63", "433125217", None, None),
)

# slug, supplier, category, name, season, attributes, (sku, spec, price in fen, gtin, stock)…
PRODUCTS = (
    (
        "golden-tea-1-bud",
        "S01",
        "green-tea",
        "保靖黄金茶1号 明前特级（单芽）",
        ("03-12", "04-04"),
        {"pick_season": "明前", "grade": "特级", "cultivar": "1号"},
        (("GT01", "50g 铁罐", 19_800, "2004330000103", 40),),
    ),
    (
        "golden-tea-1-yuqian",
        "S01",
        "green-tea",
        "保靖黄金茶1号 雨前二级",
        ("04-05", "04-19"),
        {"pick_season": "雨前", "grade": "二级"},
        (("GT04", "100g 袋", 12_800, "2004330000400", 90), ("GT05", "250g 袋", 28_800, "2004330000509", 30)),
    ),
    (
        "golden-tea-168",
        "S02",
        "green-tea",
        "保靖黄金茶168号 明前一级",
        ("03-10", "04-04"),
        {"pick_season": "明前", "grade": "一级", "cultivar": "168号"},
        (("GT07", "100g 铁罐", 23_800, "2004330000707", 25),),
    ),
    (
        "golden-black-tea",
        "S02",
        "black-tea",
        "黄金红茶 一级",
        ("04-01", "05-20"),
        {"grade": "一级"},
        (("GT11", "100g 铁罐", 13_800, "2004330001100", 60),),
    ),
    (
        "fu-brick-hand",
        "S04",
        "fu-brick",
        "手筑茯砖茶",
        None,
        {"exec_standard": "GB/T 9833.3"},
        (("DT01", "1kg 块", 16_800, "2004330001506", 12),),
    ),
    ("black-brick", "S04", "black-brick", "黑砖茶", None, {}, (("DT03", "800g 块", 8_800, "2004330001704", 0),)),
    (
        "camellia-oil",
        "S07",
        "pressed-oil",
        "压榨一级油茶籽油",
        ("11-15", "01-31"),
        {"process": "压榨"},
        (
            ("CO01", "500ml 瓶", 6_800, "2004330002206", 70),
            ("CO02", "1L 瓶", 12_800, "2004330002305", 40),
            ("CO04", "1.8L 桶", 21_800, "2004330002503", 9),
        ),
    ),
    (
        "camellia-oil-cold",
        "S07",
        "cold-pressed-oil",
        "低温冷榨油茶籽油",
        ("11-15", "01-31"),
        {},
        (("CO06", "250ml 瓶", 5_800, "2004330002701", 30),),
    ),
    (
        "navel-orange-75",
        "S08",
        "orange-box",
        "酉水脐橙 一等 75-80mm",
        ("11-20", "01-31"),
        {"grade": "一等"},
        (("NO01", "净果 2.5kg 箱", 2_990, "2004330002800", 300), ("NO02", "净果 5kg 箱", 4_990, "2004330002909", 200)),
    ),
    (
        "navel-orange-late",
        "S08",
        "orange-gift",
        "酉水脐橙 特等 85-90mm 礼盒 12枚",
        ("11-25", "01-31"),
        {"grade": "特等"},
        (("NO04", "约3.3kg 盒", 7_990, "2004330003104", 80),),
    ),
    (
        "gift-two-teas",
        "S11",
        "welfare-gift",
        "“两茶一油”礼包",
        None,
        {},
        (("GB01", "1套", 32_800, "2004330003500", 15),),
    ),
)

LABEL = {
    "ingredients": "茶鲜叶",
    "producer_name": "保靖县吕洞茗源茶叶专业合作社",
    "producer_address": "湖南省保靖县吕洞山镇黄金村",
    "producer_contact": "0743-0000001",
    "storage": "密封、避光、干燥",
    "exec_standard": "GB/T 14456.3-2016",
    "quality_grade": "一级",
    "permit_no": "YB14331250000001",
    "nutrition": {"energy_kj": "3700", "protein_g": "0", "fat_g": "100", "carbohydrate_g": "0", "sodium_mg": "0"},
    "conformity": {"issuer": "保靖县新寨橙乡柑橘专业合作社", "commitments": ["不使用禁用农药"]},
}
FRESH = frozenset({"orange-box", "orange-gift"})
OPERATOR = Actor(UUID(int=7), frozenset({Role.OPERATOR}))


@dataclass(frozen=True, slots=True)
class County:
    suppliers: dict[str, UUID]
    products: dict[str, UUID]

    def staff(self, code: str) -> Actor:
        return Actor(UUID(int=8), frozenset({Role.SUPPLIER}), supplier_id=self.suppliers[code])


async def plant(session: AsyncSession) -> None:
    await suppliers.plant_townships(session)
    await catalogue.plant_categories(session)


async def admit(session: AsyncSession, now: datetime, code: str) -> UUID:
    found = next(row for row in SUPPLIERS if row[0] == code)
    _, name, kind, uscc, township, village, licence = found
    card = await suppliers.admit(
        session,
        code=code,
        name=name,
        kind=suppliers.Kind(kind),
        uscc=uscc,
        township_code=township,
        village=village,
        licence_no=licence,
        linked_since=now.date() if code == "S01" else None,
        lines=["gift-set"],
        papers=papers(name, uscc, licence, now.date()),
        by=SYSTEM,
        now=now,
    )
    await suppliers.approve(session, card.id, by=SYSTEM, now=now)
    if code == "S01":
        await list_on_832(session, card.id, by=SYSTEM, now=now)
    return card.id


def described(which: str, supplier_id: UUID, /, **changes: object) -> catalogue.NewProduct:
    """One of ``PRODUCTS`` as it is entered, with some particulars changed."""
    slug, code, category, name, season, attributes, sizes = next(row for row in PRODUCTS if row[0] == which)
    township, village = next((row[4], row[5]) for row in SUPPLIERS if row[0] == code)
    facts = {
        "supplier_id": supplier_id,
        "slug": slug,
        "name": name,
        "category": category,
        "township_code": township,
        "village": village or "",
        "description": f"{name}，产自保靖。",
        "attributes": attributes,
        "label": LABEL,
        "season_opens": season[0] if season else None,
        "season_closes": season[1] if season else None,
        "skus": [
            catalogue.NewSku(
                sku=sku,
                name=spec,
                net_content=spec,
                net_weight_g=500,
                gross_weight_g=650,
                shelf_life_days=320 if category in FRESH else 540,
                tax_rate_bp=900,
                gtin13=gtin,
                fresh=category in FRESH,
            )
            for sku, spec, _, gtin, _ in sizes
        ],
    }
    return catalogue.NewProduct(**(facts | changes))


async def settle(session: AsyncSession, now: datetime) -> County:
    """Everything in ``SUPPLIERS`` and ``PRODUCTS``, on sale, one product published each minute before ``now``."""
    await plant(session)
    houses = {code: await admit(session, now, code) for code, *_ in SUPPLIERS}
    products = {}
    for age, (slug, code, *_, sizes) in enumerate(reversed(PRODUCTS), 1):
        at = now - timedelta(minutes=len(PRODUCTS) - age)
        card = await catalogue.create_product(session, described(slug, houses[code]), by=SYSTEM, now=at)
        products[slug] = card.id
        for sku, _, price_fen, _, stock in sizes:
            await pricing.set_price(session, sku, price_fen, by=SYSTEM, now=at)
            await inventory.open_stock(session, sku, houses[code])
            season = described(slug, houses[code]).attributes.get("pick_season")
            if stock and (span := catalogue.picked(str(season), at.year)) is not None:
                await inventory.receive(
                    session,
                    sku=sku,
                    code=f"{sku}-{at.year}",
                    harvested_on=span.last,
                    produced_on=span.last,
                    best_before=span.last + timedelta(days=540),
                    village=None,
                    quantity=stock,
                    by=SYSTEM,
                    now=at,
                )
            elif stock:
                update = inventory.Update(sku, "set", stock)
                await inventory.apply_updates(session, houses[code], [update], by=SYSTEM, now=at)
        await catalogue.publish(session, card.id, by=SYSTEM, now=at)
    return County(houses, products)
