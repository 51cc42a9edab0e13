"""The demo county: believable, invented, the same every time for a seed and an end date.

*Owns* nothing; it makes everything through the use cases that everybody uses, with the clock passed in.
*Promises* a history that the auditor finds nothing wrong with, and in which the questions of auditors find the planted
cases and nothing else. Demo sign-ins exist only after it was loaded.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text

from app import assistance, identity, storefront
from app.core import ids
from app.core.clock import day_end, day_start
from app.core.db import Database
from app.core.outbox import deliver_all
from app.core.settings import Settings
from app.demo.cases import draw_cases
from app.demo.county import ROOTS, SIGN_INS, articles, assortment, plant, plant_goals
from app.demo.history import History, bank
from app.demo.households import plant_households
from app.demo.irregular import Irregular, scan_papers
from app.demo.office import Office, report_progress
from app.demo.plan import draw_plan
from app.demo.purchases import Goods, draw_purchases
from app.demo.settled import settle_months

__all__ = ["SIGN_INS", "DemoSummary", "is_empty", "is_loaded", "load"]

_MARK = text("INSERT INTO core_installation (name, value) VALUES ('demo', :value)")
_MARKED = text("SELECT value FROM core_installation WHERE name = 'demo'")
_ORDERS, _PURCHASES = 2_400, 140
"""How many of each belong to one another (domain handbook §8.5)."""
_ANYBODY = text("SELECT EXISTS (SELECT FROM identity_account)")


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What was made."""

    orders: int
    goals: int
    first: date
    until: date


async def is_empty(database: Database) -> bool:
    """Whether nobody has used this database yet."""
    async with database.read() as session:
        return not (await session.execute(_ANYBODY)).scalar_one()


async def is_loaded(database: Database) -> bool:
    """Whether the demo county was loaded to its end."""
    async with database.read() as session:
        return (await session.execute(_MARKED)).first() is not None


async def load(
    database: Database,
    settings: Settings,
    *,
    until: date,
    seed: int,
    password: str,
    report: Callable[[str, int, int], None],
    count: int = _ORDERS,
) -> DemoSummary:
    """Fill an empty database: ``count`` retail orders over the two years that end with ``until``.

    For each hundred of them there are about six purchase orders of supermarkets: 140 of 2,400.

    ``report(stage, done, total)`` is called as it goes. Every demo sign-in gets ``password``; the invented buyers get
    one that nobody knows.
    """
    usual = database.wiring
    database.wiring = bank(usual)
    try:
        with ids.seeded(seed):
            return await _load(database, settings, until, seed, password, report, count)
    finally:
        database.wiring = usual


async def _load(
    database: Database,
    settings: Settings,
    until: date,
    seed: int,
    password: str,
    report: Callable[[str, int, int], None],
    count: int,
) -> DemoSummary:
    report("县域与商品 / county and goods", 0, 1)
    cases = draw_cases(until)
    usual = draw_plan(articles(), until=until, seed=seed, count=max(0, count - len(cases.orders)))
    plan = cases.enter(usual)
    goods = Goods(assortment(), ROOTS, plan.first.year)
    purchases = draw_purchases(goods, first=plan.first, until=until, seed=seed, count=count * _PURCHASES // _ORDERS)
    before = day_start(plan.first) - timedelta(days=14)
    password_hash = await identity.hash_password(password)
    unknown = await identity.hash_password(ids.digits(40))
    async with database.write() as session:
        county = await plant(session, password_hash=password_hash, first=plan.first, now=before)
        payers = {code: who.supplier_id for code, who in county.suppliers.items() if who.supplier_id is not None}
        households = await plant_households(
            session,
            payers,
            first=plan.first,
            until=until,
            seed=seed,
            by=county.officer,
            second=county.second_officer,
            now=before,
        )
    await deliver_all(database, before)
    report("县域与商品 / county and goods", 1, 1)

    gc.freeze()  # what was imported stays, and need not be looked through again with every ten thousand new objects
    history = History(database, settings, county, plan, unknown, buyers={0: county.buyer}, purchases=purchases)
    papers = await scan_papers(settings.files)
    Irregular(history.at, county, cases, plan, settings.files, unknown, papers, history.placed, history.buyers).enter()
    Office(history.at, county, households, plan.first, until).enter()
    await history.live(report)

    end = day_end(until) - timedelta(seconds=1)
    async with database.write() as session:
        await households.pay(session, until + timedelta(days=1), end)
        await households.declare(session, plan.first, until, end)
        goals = await plant_goals(session, year=until.year, by=county.officer, now=end)
        await report_progress(session, county, papers, settings.files, now=end)
        await storefront.rebuild(session)
        await settle_months(session, county, first=plan.first, end=end)
        await assistance.seal_everything(session, now=end)
        await session.execute(_MARK, {"value": f"seed {seed}, until {until.isoformat()}"})
    report("目标与货架 / goals and shelf", 1, 1)
    return DemoSummary(len(plan.orders), goals, plan.first, until)
