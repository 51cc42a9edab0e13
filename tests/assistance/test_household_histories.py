"""Whatever happens to households, sales and months: the report is a plain recount, and closed months stay."""

from __future__ import annotations

import calendar
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app import assistance, inventory
from app.assistance import queries, service
from app.assistance.rules.benefits import Benefits, By
from app.assistance.rules.households import (
    ChangedLater,
    ChangeInClosedMonth,
    ChangeKind,
    Differences,
    FigureKind,
    LinkKind,
    NewHousehold,
    NewLinkage,
    NothingChanged,
    Payment,
)
from app.assistance.rules.periods import MonthClosed
from app.assistance.rules.season import Period
from app.assistance.service.lots import fold_lots
from app.audit.queries.households import HOUSEHOLDS
from app.audit.queries.sums import SUMS
from app.core.db import Database
from app.core.money import split
from app.identity import Actor, Role
from tests.assistance.builders import completed, line, refunded

NOW = datetime(2026, 7, 10, 4, tzinfo=UTC)
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
PERIODS = (YEAR, Period(date(2026, 2, 1), date(2026, 4, 30)), Period(date(2026, 1, 20), date(2026, 5, 10)))
KAPPA = {"golden-tea": Fraction(5), "navel-orange": Fraction(106, 100)}
OF_MATERIAL = (LinkKind.PURCHASE, LinkKind.SERVICE, LinkKind.REBATE)
VILLAGES = ("黄金村", "新寨村")
FIRST, SECOND = (Actor(uuid4(), frozenset({Role.OFFICER})) for _ in range(2))

which, supplier, day = st.integers(0, 5), st.integers(0, 1), st.integers(0, 180)
figure = st.tuples(supplier, st.booleans(), st.integers(0, 10**6))
step = st.one_of(
    st.tuples(st.just("sale"), supplier, day, st.integers(1, 9_000), st.integers(1, 90_000), st.booleans()),
    st.tuples(st.just("refund"), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(
        *(st.just("pay"), which, supplier, day, st.sampled_from(LinkKind), st.integers(1, 90_000)),
        *(st.booleans(), st.sampled_from(["approve", "approve", "approve", "decline", "wait"])),
    ),
    st.tuples(st.just("reverse"), st.integers(0, 30), day, st.booleans()),
    st.tuples(st.just("link"), which, supplier, day, st.one_of(st.none(), st.integers(0, 90))),
    st.tuples(st.just("change"), which, day, st.sampled_from(ChangeKind), st.sampled_from(VILLAGES), st.integers(1, 9)),
    st.tuples(st.just("close")),
    st.tuples(st.just("fold"), st.integers(1, 5)),
)


@dataclass
class Life:
    """What happened, as the test knows it."""

    suppliers: list[UUID]
    lot: UUID
    households: list[UUID] = field(default_factory=list)
    versions: dict[UUID, list[tuple[date, str, int, date | None]]] = field(default_factory=dict)
    paid: list[tuple[UUID, Payment, date]] = field(default_factory=list)
    linked: list[tuple[UUID, UUID, date, date, date | None]] = field(default_factory=list)
    figures: dict[tuple[UUID, FigureKind], int] = field(default_factory=dict)
    sales: list[Any] = field(default_factory=list)
    open_day: date = date(2000, 1, 1)
    closed: dict[date, Benefits] = field(default_factory=dict)

    def version(self, household: UUID, last: date) -> tuple[date, str, int, date | None]:
        return [one for one in self.versions[household] if one[0] <= last][-1]


def month_of(first: date) -> Period:
    return Period(first, first.replace(day=calendar.monthrange(first.year, first.month)[1]))


def recount(life: Life, entries: list[dict[str, Any]], period: Period) -> dict[str, Any]:
    """Handbook §2.7 in plain Python: rows by village and by supplier, and all together."""
    first, last = period.starts_on, period.ends_on
    due = [(payment, on) for _, payment, on in life.paid if on <= last]
    within = [payment for payment, on in due if on >= first]
    traced = {payment.lot_id for payment, _ in due} - {None}
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for payment, on in due:
        if on >= first or payment.lot_id is not None:
            cell = sums[payment.household_id, payment.supplier_id, payment.category, payment.lot_id]
            cell[0] += payment.amount_fen
            cell[1] += payment.amount_fen if on >= first else 0
    sold, net, of_lot = defaultdict(int), defaultdict(int), 0
    for entry in entries:
        if first <= entry["counted_on"] <= last:
            net[entry["supplier_id"]] += entry["amount_fen"]
            if entry["lot_code"] == "L7" and life.lot in traced:
                of_lot += entry["weight_g"]
            else:
                sold[entry["supplier_id"], entry["category"]] += entry["weight_g"]
    days = (last - first).days + 1
    told = {key: int(Fraction(value * days, 365) + Fraction(1, 2)) for key, value in life.figures.items()}
    share: dict[Any, Fraction] = {}
    for number, (of, category) in enumerate(zip(life.suppliers, ("golden-tea", "navel-orange"), strict=True)):
        bought = [one for one in within if one.supplier_id == of and one.kind is LinkKind.PURCHASE]
        sign = {id(one): 1 if one.amount_fen > 0 else -1 for one in bought}
        kilos = sum(one.quantity_milli * sign[id(one)] for one in bought)
        in_lots = sum(one.quantity_milli * sign[id(one)] for one in bought if one.lot_id is not None)
        declared = told.get((of, FigureKind.RAW_PURCHASED))
        raw = max(0 if declared is None else declared - in_lots, kilos - in_lots, 0)
        need = max(KAPPA[category] * sold[of, category], Fraction(0))
        share[of, True] = min(Fraction(1), need / raw) if raw else Fraction(0)
        revenue = told.get((of, FigureKind.REVENUE))
        if revenue is None:
            share[of, False] = share[of, True]
        else:
            share[of, False] = Fraction(0) if net[of] <= 0 else min(Fraction(1), Fraction(net[of], max(revenue, 1)))
        assert number < 2
    batch = min(Fraction(1), max(Fraction(of_lot, 100_000), Fraction(0)))
    buckets: dict[Any, list[tuple[Any, ...]]] = defaultdict(list)
    for key in sorted(sums, key=lambda one: (str(one[0]), str(one[1]), one[2] or "~", str(one[3]) if one[3] else "~")):
        if sums[key][0] > 0:
            _, of, category, lot = key
            buckets[("lot",) if lot else (of, category is not None)].append(key)
    income = {}
    for bucket, keys in buckets.items():
        part = batch if bucket == ("lot",) else share[bucket]
        amounts = [sums[key][0] for key in keys]
        whole = int(part * sum(amounts) + Fraction(1, 2))
        income |= dict(zip(keys, split(whole, amounts), strict=True))

    def row(keys: list[tuple[Any, ...]]) -> tuple[int, ...]:
        had, paid = defaultdict(int), defaultdict(int)
        for key in keys:
            had[key[0]] += income[key]
            paid[key[0]] += sums[key][1]
        persons = {one: life.version(one, last)[2] for one in had}
        now, above = [one for one in paid if paid[one] > 0], [one for one in had if had[one] >= 10_000]
        return (
            *(len(now), sum(persons[one] for one in now), len(above), sum(persons[one] for one in above)),
            *(sum(paid.values()), sum(had.values())),
        )

    rows: dict[str, dict[str, tuple[int, ...]]] = {"village": {}, "supplier": {}}
    for name, of_key in (
        ("village", lambda key: life.version(key[0], last)[1]),
        ("supplier", lambda key: str(key[1])),
    ):
        for group in {of_key(key) for key in income}:
            rows[name][group] = row([key for key in income if of_key(key) == group])
    contracts = {
        household
        for household, _, counts, since, until in life.linked
        if max(since, counts) <= last and (until is None or until >= first)
        if (left := life.version(household, last)[3]) is None or left >= first
    }
    paid_now = {key[0] for key in income if sums[key][1] > 0}
    return {**rows, "total": row(list(income)), "linked_only": len(contracts - paid_now), "net": sum(net.values())}


def told(found: Benefits) -> dict[str, tuple[int, ...]]:
    parts = {part.key.rpartition("/")[2]: values(part) for part in found.parts}
    return {key: value for key, value in parts.items() if any(value)}


def values(part: Any) -> tuple[int, ...]:
    had = part.benefit
    return (
        *(had.paid_households, had.paid_persons, had.households, had.persons),
        *(had.paid_fen, had.income_fen),
    )


async def begin(session: Any, connection: Any) -> Life:
    rows = await connection.execute(text("SELECT code, id FROM suppliers_supplier ORDER BY code"))
    lot = await inventory.receive(
        *(session,),
        sku="GT14",
        code="L7",
        harvested_on=date(2026, 1, 5),
        produced_on=date(2026, 1, 6),
        best_before=date(2027, 1, 6),
        village=None,
        quantity=2_000,
        by=FIRST,
        now=NOW,
    )
    life = Life([row.id for row in rows], lot.id)
    new = [
        NewHousehold(f"H-433125116-{n:04d}", "433125116", VILLAGES[n % 2], {"P2": "脱贫户"}, n + 1, 1) for n in range(6)
    ]
    life.households = await service.register_households(session, new, by=FIRST, now=NOW)
    for household, one in zip(life.households, new, strict=True):
        life.versions[household] = [(date(2000, 1, 1), one.village, one.persons, None)]
    return life


async def take(session: Any, life: Life, now: datetime, kind: str, *said: Any) -> None:
    def on(offset: int) -> date:
        return date(2026, 1, 1) + timedelta(days=offset)

    if kind == "sale":
        of, offset, weight, fen, from_lot = said
        goods = [("golden-tea", "GT14"), ("navel-orange", "NO02")][of]
        lot = "L7" if from_lot and of == 0 else None
        sold = line(
            supplier_id=life.suppliers[of], category=goods[0], sku=goods[1], lot_code=lot, weight_g=weight, net_fen=fen
        )
        life.sales.append(completed(datetime(2026, 1, 1, 4, tzinfo=UTC) + timedelta(days=offset), sold))
        await assistance.on_supplier_orders_completed(session, life.sales[-1:], now)
    elif kind == "refund" and life.sales:
        fact = life.sales[said[0] % len(life.sales)]
        one = fact.lines[0]
        back = refunded(fact.at + timedelta(days=said[1]), fact, (one.line_id, 1, one.net_fen // 2))
        await assistance.on_lines_refunded(session, back, back.at)
    elif kind == "pay":
        number, of, offset, link, fen, from_lot, end = said
        material = link in OF_MATERIAL
        bought = link is LinkKind.PURCHASE
        payment = Payment(
            household_id=life.households[number],
            supplier_id=life.suppliers[of],
            kind=link,
            category=("golden-tea", "navel-orange")[of] if material else None,
            paid_on=on(offset),
            quantity_milli=1_000 * (fen % 7 + 1) if bought else None,
            unit_price_fen=fen if bought else None,
            amount_fen=fen * (fen % 7 + 1) if bought else fen,
            reference_price_fen=None,
            lot_id=life.lot if from_lot and material and of == 0 else None,
            to_own_account=True,
            reverses=None,
        )
        await _list(session, life, now, payment, end)
    elif kind == "reverse":
        taken = {payment.reverses for _, payment, _ in life.paid}
        open_ = [(key, one) for key, one, _ in life.paid if one.reverses is None and key not in taken]
        if open_:
            key, _ = open_[said[0] % len(open_)]
            back = await service.reversal_of(session, key, on=on(said[1]))
            await _list(session, life, now, back, "approve" if said[2] else "decline")
    elif kind == "link":
        number, of, offset, lasts = said
        until = None if lasts is None else on(offset) + timedelta(days=lasts)
        new = NewLinkage(life.households[number], life.suppliers[of], LinkKind.WAGE, "LD", on(offset), until, "")
        await service.link_households(session, [new], by=FIRST, now=now)
        life.linked.append((life.households[number], life.suppliers[of], life.open_day, on(offset), until))
    elif kind == "change":
        number, offset, change, village, persons = said
        household, before = life.households[number], life.versions[life.households[number]]
        differences = Differences(village=village, persons=persons)
        left = on(offset) if change is ChangeKind.LEFT else None if change is ChangeKind.RETURNED else before[-1][3]
        try:
            await service.change_household(
                session, household, change, differences, on=on(offset), note="核", by=FIRST, now=now
            )
        except ChangeInClosedMonth:
            assert on(offset) < life.open_day
        except ChangedLater:
            assert on(offset) < before[-1][0]
        except NothingChanged:
            assert before[-1][1:] == (village, persons, left)
        else:
            assert on(offset) >= max(life.open_day, before[-1][0])
            before.append((on(offset), village, persons, left))
    elif kind == "close":
        first = await queries.open_from(session) or await queries.first_month(session)
        if first is not None and first < date(2026, 7, 1):
            try:
                await service.close_month(session, first, by=FIRST, now=now)
            except MonthClosed:
                return
            life.open_day = month_of(first).ends_on + timedelta(days=1)
            life.closed[first] = await service.benefits(session, month_of(first), By.VILLAGE)
    elif kind == "fold":
        await fold_lots(session, limit=said[0])


async def _list(session: Any, life: Life, now: datetime, payment: Payment, end: str) -> None:
    kept = await service.enter_payments(session, [payment], note="清单", by=FIRST, now=now)
    if end == "wait":
        return
    await service.decide_payments(session, kept.id, approve=end == "approve", note="核", by=SECOND, now=now)
    if end == "approve":
        statement = text("SELECT id FROM assistance_household_payment WHERE list_id = :id")
        key = (await session.execute(statement, {"id": kept.id})).scalar_one()
        life.paid.append((key, payment, max(payment.paid_on, life.open_day)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(step, max_size=40), st.lists(figure, max_size=3, unique_by=lambda one: one[:2]))
async def test_the_report_is_a_plain_recount_and_closed_months_stay(shop_engine, steps, figures):
    async with shop_engine.connect() as connection:
        outer = await connection.begin()
        db = Database.within(connection)
        async with db.write() as session:
            life = await begin(session, connection)
            for of, is_raw, value in figures:
                kind = FigureKind.RAW_PURCHASED if is_raw else FigureKind.REVENUE
                await service.declare_figure(
                    session,
                    life.suppliers[of],
                    kind=kind,
                    category=("golden-tea", "navel-orange")[of] if is_raw else None,
                    first=YEAR.starts_on,
                    last=YEAR.ends_on,
                    value=value,
                    evidence="台账",
                    by=FIRST,
                    now=NOW,
                )
                life.figures[life.suppliers[of], kind] = value
        for number, one in enumerate(steps):
            async with db.write() as session:
                await take(session, life, NOW + timedelta(minutes=number), *one)
        async with db.read() as session:
            entries = [dict(row) for row in (await session.execute(text("SELECT * FROM assistance_entry"))).mappings()]
            for period in PERIODS:
                expected = recount(life, entries, period)
                by_village = await service.benefits(session, period, By.VILLAGE)
                by_supplier = await service.benefits(session, period, By.SUPPLIER)
                assert values(by_village.total) == values(by_supplier.total) == expected["total"]
                assert told(by_village) == {key: value for key, value in expected["village"].items() if any(value)}
                assert told(by_supplier) == {key: value for key, value in expected["supplier"].items() if any(value)}
                assert by_village.total.linked_only == expected["linked_only"]
                assert by_village.net_fen == expected["net"]
            for first, then in life.closed.items():
                now = await service.benefits(session, month_of(first), By.VILLAGE)
                assert (now.parts, now.total, now.net_fen) == (then.parts, then.total, then.net_fen)
            for rule in (*HOUSEHOLDS, *(one for one in SUMS if one.name == "sums.lots")):
                assert (await session.execute(text(rule.sql))).all() == [], rule
        await outer.rollback()
