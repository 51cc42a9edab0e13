"""A county's year for the office's pages: sales of two years in several places, a refund, goals and a plan."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from sqlalchemy import text

from app import assistance
from app.assistance import Channel, Filter, HouseholdPayment, LinkKind, Metric, NewHousehold, NewLinkage, year_of
from app.core.db import Database
from app.identity import Actor, Role
from tests.assistance.builders import SUPPLIERS, completed, line, refunded
from tests.shop import Shop

ORANGES = {
    "sku": "NO02",
    "product_id": "00000000-0000-0000-0000-000000000065",
    "product_name": "酉水脐橙",
    "category": "navel-orange",
    "supplier_id": SUPPLIERS["比耳脐橙合作社"],
    "supplier_name": "比耳脐橙合作社",
    "township_code": "433125111",
    "township": "比耳镇",
}
SHOPS = {"channel": "supermarket", "division_code": "370213"}
UNIONS = {"channel": "organisation", "division_code": "370102"}


def _at(year: int, month: int, day: int = 12) -> datetime:
    return datetime(year, month, day, 4, tzinfo=UTC)


async def a_year(db: Database, by: Actor, now: datetime) -> None:
    """Net in 2026: 9,000.00 yuan, of which tea 6,000.00; in 2025: 4,000.00."""
    sale = completed(_at(2026, 3), line(net_fen=500_000), line(net_fen=200_000, **SHOPS))
    sales = [
        completed(_at(2025, 3), line(net_fen=400_000)),
        sale,
        completed(_at(2026, 9), line(net_fen=300_000, **ORANGES | UNIONS)),
    ]
    async with db.write() as session:
        await assistance.on_supplier_orders_completed(session, sales, now)
        back = refunded(_at(2026, 5), sale, (sale.lines[0].line_id, 1, 100_000))
        await assistance.on_lines_refunded(session, back, now)
        await assistance.set_goal(
            session, code="G1", name="在鲁净销售额", period=year_of(2026), metric=Metric.NET_SALES_FEN,
            target=1_000_000, only=Filter(divisions=("37",)), by=by, now=now,
        )  # fmt: skip
        await assistance.set_goal(
            session, code="G3", name="商超渠道", period=year_of(2026), metric=Metric.NET_SALES_FEN,
            target=400_000, only=Filter(channels=(Channel.SUPERMARKET,)), by=by, now=now,
        )  # fmt: skip
        plan = await assistance.create_plan(session, year=2026, title="2026 年协作要点", by=by, now=now)
        for no, name in enumerate(("产业合作", "消费帮扶"), start=1):
            await assistance.add_aspect(session, plan.id, no=no, name=name, by=by, now=now)
        for no, (aspect, text, unit, target, goal) in enumerate(
            ((1, "示范园", "亩", 10_000, None), (2, "在鲁销售", "万元", 1, "G1")), start=1
        ):
            await assistance.add_measure(
                session, plan.id, aspect_no=aspect, no=no, text=text, indicator=text, unit=unit, target=target,
                owner="商务局", due_on=date(2026, 10, 31), goal_code=goal, evidence=None, by=by, now=now,
            )  # fmt: skip


async def some_households(shop: Shop) -> tuple[UUID, UUID]:
    """Six households of 黄金村 that S01 paid for leaf in April 2026: one of them, and the supplier."""
    first, second = shop.actor("officer"), Actor(uuid4(), frozenset({Role.OFFICER}))
    now = shop.clock()
    async with shop.db.write() as session:
        supplier = (await session.execute(text("SELECT id FROM suppliers_supplier WHERE code = 'S01'"))).scalar_one()
        new = [NewHousehold(f"H-433125116-{n:04d}", "433125116", "黄金村", {"P2": "脱贫户"}, 4, 2) for n in range(6)]
        ids = await assistance.register_households(session, new, by=first, now=now)
        since = date(2026, 1, 1)
        links = [NewLinkage(one, supplier, LinkKind.PURCHASE, "LD-1", since, None, "保底价 40 元/kg") for one in ids]
        await assistance.link_households(session, links, by=first, now=now)
        paid = [
            HouseholdPayment(
                *(one, supplier, LinkKind.PURCHASE, "golden-tea", date(2026, 4, 2), 100_000 * (n + 1), 5_000),
                *(500_000 * (n + 1), 4_800, None, True, None),
            )
            for n, one in enumerate(ids)
        ]
        kept = await assistance.enter_payments(session, paid, note="四月收购款", by=first, now=now)
        await assistance.decide_payments(session, kept.id, approve=True, note="属实", by=second, now=now)
    return ids[0], supplier
