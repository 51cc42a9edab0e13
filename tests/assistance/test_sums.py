"""The ledger summed beforehand: whatever was folded when, sums and tallies say what the entries say."""

import asyncio
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app import assistance
from app.assistance import Channel, Filter, Metric, Period, View, view_for
from app.assistance.rules.summary import BUYER, PROJECTIONS, VIEWS
from app.assistance.service.fold import fold_batch, tally_goals
from app.audit.queries.sums import SUMS, cells
from app.core.clock import local_day
from app.core.db import Database
from app.identity import SYSTEM
from tests.assistance.builders import SUPPLIERS, TOWNS, completed, line, refunded

BEGIN = datetime(2025, 12, 25, 9, 30, tzinfo=UTC)
GOALS = [
    (Metric.NET_SALES_FEN, Filter()),
    (Metric.NET_SALES_FEN, Filter(channels=(Channel.RETAIL,), divisions=("3701",))),
    (Metric.QUANTITY_G, Filter(categories=("navel-orange",))),
    (Metric.ORDERS, Filter()),
    (Metric.ORDERS, Filter(categories=("golden-tea",), townships=tuple(sorted(TOWNS)[:2]))),
    (Metric.ORDERS, Filter(suppliers=(SUPPLIERS["比耳脐橙合作社"],))),
]
PERIODS = [Period(date(2026, 1, 1), date(2026, 12, 31)), Period(date(2025, 12, 27), date(2026, 1, 6))]

lines = st.fixed_dictionaries(
    {
        "sku": st.sampled_from(["GT01", "GT02", "NO01"]),
        "product_id": st.sampled_from([UUID(int=1), UUID(int=2)]),
        "category": st.sampled_from(["golden-tea", "navel-orange"]),
        "supplier_id": st.sampled_from(sorted(SUPPLIERS.values())[:2]),
        "township_code": st.sampled_from(sorted(TOWNS)),
        "channel": st.sampled_from(["retail", "organisation"]),
        "division_code": st.sampled_from(["370112", "370602"]),
        "quantity": st.integers(1, 5),
        "net_fen": st.integers(1, 1_000),
    }
)
sale = st.tuples(
    st.just("sale"), st.integers(0, 500), st.integers(0, 4), st.lists(lines, min_size=1, max_size=3), st.booleans()
)
refund = st.tuples(st.just("refund"), st.integers(0, 30), st.integers(0, 400), st.integers(0, 3), st.integers(0, 1_200))
fold = st.tuples(st.just("fold"), st.integers(1, 5))
tally = st.tuples(st.just("tally"))


def as_in_life(order, one):
    """An article has one product and a product one supplier; an order has one buyer."""
    number = {"GT01": 0, "GT02": 0, "NO01": 1}[one["sku"]]
    return one | {
        "product_id": UUID(int=1 + number),
        "category": ["golden-tea", "navel-orange"][number],
        "supplier_id": sorted(SUPPLIERS.values())[number],
        "township_code": sorted(TOWNS)[number],
        "channel": ["retail", "organisation"][order % 2],
        "division_code": ["370112", "370602"][order % 2],
    }


def recount(entries, metric, only, period):
    """A goal's months in plain Python."""

    def passes(entry):
        return (
            period.starts_on <= entry["counted_on"] <= period.ends_on
            and (only.categories is None or entry["category"] in only.categories)
            and (only.suppliers is None or entry["supplier_id"] in only.suppliers)
            and (only.townships is None or entry["township_code"] in only.townships)
            and (only.channels is None or entry["channel"] in [channel.value for channel in only.channels])
            and (only.divisions is None or entry["division_code"].startswith(only.divisions))
        )

    months, orders = defaultdict(int), defaultdict(list)
    for entry in filter(passes, entries):
        month = entry["counted_on"].replace(day=1)
        months[month] += entry["weight_g" if metric is Metric.QUANTITY_G else "amount_fen"]
        orders[entry["order_id"]].append((month, entry["amount_fen"]))
    if metric is Metric.ORDERS:
        months = defaultdict(int)
        for parts in orders.values():
            months[min(parts)[0]] += sum(fen for _, fen in parts) > 0
    return {month: value for month, value in months.items() if value}


async def set_goals(session):
    return [
        await assistance.set_goal(
            session,
            code=f"G{number}",
            name="目标",
            period=period,
            metric=metric,
            target=1_000,
            only=only,
            by=SYSTEM,
            now=BEGIN,
        )
        for number, (metric, only, period) in enumerate((m, f, p) for m, f in GOALS for p in PERIODS)
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(sale, sale, refund, fold, tally), max_size=24))
async def test_sums_and_goals_equal_a_plain_recount(engine, steps):
    async with engine.connect() as connection:
        outer = await connection.begin()
        db = Database.within(connection)
        async with db.write() as session:
            goals = await set_goals(session)
        facts = []
        for step, *given_ in steps:
            async with db.write() as session:
                if step == "sale":
                    hours, order, some, real = given_
                    some = [as_in_life(order, one) if real else one for one in some]
                    at = BEGIN + timedelta(hours=hours)
                    facts.append(completed(at, *(line(**one) for one in some), order_id=UUID(int=order)))
                    await assistance.on_supplier_orders_completed(session, facts[-1:], at)
                elif step == "refund" and facts:
                    which, hours, pieces, fen = given_
                    fact = facts[which % len(facts)]
                    back = refunded(fact.at + timedelta(hours=hours), fact, (fact.lines[0].line_id, pieces, fen))
                    await assistance.on_lines_refunded(session, back, back.at)
                elif step == "fold":
                    await fold_batch(session, limit=given_[0])
                elif step == "tally":
                    await tally_goals(session)
        async with db.read() as session:
            entries = [dict(row) for row in (await session.execute(text("SELECT * FROM assistance_entry"))).mappings()]
            for goal, standing in zip(
                goals, await assistance.stand(session, goals, today=date(2026, 2, 1)), strict=True
            ):
                assert standing.figures.actual == sum(recount(entries, goal.metric, goal.filter, goal.period).values())
            for statement in (*(cells(view) for view in VIEWS), *(rule.sql for rule in SUMS)):
                assert (await session.execute(text(statement))).all() == []
        await outer.rollback()


async def ledger_of(db, *facts):
    async with db.write() as session:
        for fact in facts:
            await assistance.on_supplier_orders_completed(session, [fact], fact.at)


async def test_what_commits_late_is_folded_later_and_read_meanwhile(fresh_db, now):
    """A transaction that began before a fold and commits after it is neither skipped nor counted twice."""
    goal_day = local_day(now)
    async with fresh_db.write() as late:
        sale = completed(now, line(net_fen=700))
        await assistance.on_supplier_orders_completed(late, [sale], now)
        await ledger_of(fresh_db, completed(now, line(net_fen=30)))
        assert await assistance.fold_ledger(fresh_db, now) == 1
    assert await totals(fresh_db, goal_day) == (730, 30)
    assert await assistance.fold_ledger(fresh_db, now) == 1
    assert await totals(fresh_db, goal_day) == (730, 730)
    assert await assistance.fold_ledger(fresh_db, now) == 0


async def totals(db, day):
    """Net sales as the sums and the tail tell, and as the sums alone."""
    async with db.read() as session:
        row = await session.execute(
            text("""SELECT (SELECT coalesce(sum(gross_fen), 0) FROM assistance_sum WHERE view = 1 AND at <= :day)
                         + (SELECT coalesce(sum(amount_fen), 0) FROM assistance_unfolded u
                            JOIN assistance_entry e ON e.id = u.entry_id),
                           (SELECT coalesce(sum(gross_fen), 0) FROM assistance_sum WHERE view = 1)"""),
            {"day": day},
        )
        return tuple(map(int, row.one()))


async def test_two_workers_fold_each_entry_once(fresh_db, now):
    await ledger_of(fresh_db, *(completed(now, line(net_fen=10)) for _ in range(40)))

    async def fold():
        async with fresh_db.write() as session:
            return await fold_batch(session, limit=7)

    while sum(await asyncio.gather(*(fold() for _ in range(4)))):
        pass
    assert await totals(fresh_db, local_day(now)) == (400, 400)


@pytest.mark.parametrize(
    ("columns", "by", "expected"),
    [
        ((), "month", ((), ("channel",))),
        (("category",), "month", (("category",), ("channel",))),
        (("channel", "category"), "day", (("category",), ("channel",))),
        (("sku",), "month", (PROJECTIONS[5], ("channel",))),
        (("sku", "supplier_id", "product_id"), "day", (PROJECTIONS[5], ("channel",))),
        (("division_code",), "day", ((), BUYER)),
        (("division_code", "category"), "month", (("category",), BUYER)),
        (("division_code", "supplier_id"), "month", None),
        (("category", "supplier_id", "township_code"), "month", None),
    ],
)
def test_the_smallest_view_answers(columns, by, expected):
    found = view_for(columns, by)
    assert (found and (found.goods, found.buyer)) == expected


def test_codes_of_views_are_for_ever():
    assert [view.code for view in VIEWS] == [*range(1, 18), 22, 23]
    assert VIEWS[0] == View(1, "month", (), ("channel",))
    assert VIEWS[15] == View(16, "month", (), BUYER)
    assert VIEWS[-1] == View(23, "day", ("category",), BUYER)
    with pytest.raises(ValueError, match="weather"):
        view_for(["weather"], "day")


async def test_an_order_that_contradicts_itself_is_counted_from_the_ledger(db, now):
    order = uuid4()
    await ledger_of(
        db,
        completed(now, line(channel="retail"), order_id=order),
        completed(now, line(channel="organisation"), order_id=order),
    )
    async with db.write() as session:
        assert await fold_batch(session) == 2
    async with db.read() as session:
        assert await session.scalar(text("SELECT order_id FROM assistance_odd_order")) == order
        assert await session.scalar(text("SELECT sum(orders) FROM assistance_sum")) == 0


async def test_a_tally_of_orders_keeps_each_amount_in_its_month(db, now):
    order = uuid4()
    async with db.write() as session:
        (goal,) = [goal for goal in await set_goals(session) if goal.metric is Metric.ORDERS][:1]
    await ledger_of(
        db,
        completed(now - timedelta(days=40), line(net_fen=700), order_id=order),
        completed(now, line(net_fen=30), order_id=order),
    )
    while await assistance.fold_ledger(db, now):
        pass
    async with db.read() as session:
        rows = await session.execute(
            text("SELECT amount_fen, orders FROM assistance_goal_month WHERE goal_id = :goal ORDER BY month"),
            {"goal": goal.id},
        )
        assert [tuple(row) for row in rows] == [(700, 1), (30, 0)]
        for rule in SUMS:
            assert (await session.execute(text(rule.sql))).all() == []
