"""What the register proves of counted sales: all that an allocation is made of, and what became of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.queries.households import REGISTERED
from app.assistance.rules.attribution import Batch, Paid, Revenue, Supply, benefit
from app.assistance.rules.benefits import Evidence, Place, months_within, weigh
from app.assistance.rules.forecasts import Ledger
from app.assistance.rules.goals import Filter, Goal, Metric
from app.assistance.rules.households import FEWEST, FigureKind
from app.assistance.rules.season import Period
from app.core.money import split

_ONLY = """(CAST(:suppliers AS uuid[]) IS NULL OR {s}.supplier_id = ANY (SELECT unnest(CAST(:suppliers AS uuid[]))))"""
_LIVES = """(CAST(:townships AS text[]) IS NULL
    OR h.township_code = ANY (SELECT unnest(CAST(:townships AS text[]))))"""
_LINES = """(CAST(:categories AS text[]) IS NULL OR {s}.category = ANY (SELECT unnest(CAST(:categories AS text[]))))"""

# Households are what they are at the end of the span; what was approved late counts from the first day then open on.
_THEN = f"WITH h AS MATERIALIZED ({REGISTERED.format(day=':last')})"
_DAY = "greatest(p.paid_on, d.counts_from)"

_APPROVED = "JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'"

# In one order always: where two are equally near the next fen, the first gets it. Material that went into a lot counts
# when the lot is sold, even if it was paid for in an earlier period. Contracts in force come with it, without amounts.
_PEOPLE = text(f"""
{_THEN}
SELECT p.household_id, p.supplier_id, p.category, p.lot_id, h.township_code, t.name, h.village, h.classes, h.persons,
       s.name, CAST(sum(p.amount_fen) AS bigint),
       CAST(coalesce(sum(p.amount_fen) FILTER (WHERE {_DAY} >= :first), 0) AS bigint),
       CAST(coalesce(sum(p.amount_fen - round(p.quantity_milli * p.reference_price_fen / 1000.0) * sign(p.amount_fen))
           FILTER (WHERE p.kind = 'PURCHASE' AND p.reference_price_fen IS NOT NULL AND {_DAY} >= :first), 0)
           AS bigint)
FROM assistance_household_payment p {_APPROVED}
JOIN h ON h.id = p.household_id
JOIN suppliers_township t ON t.code = h.township_code
JOIN suppliers_supplier s ON s.id = p.supplier_id
WHERE p.paid_on <= :last AND {_DAY} <= :last AND ({_DAY} >= :first OR p.lot_id IS NOT NULL)
  AND {_ONLY.format(s="p")} AND {_LIVES} AND {_LINES.format(s="p")}
GROUP BY p.household_id, p.supplier_id, p.category, p.lot_id, h.township_code, t.name, h.village, h.classes, h.persons,
    s.name
UNION ALL
SELECT DISTINCT k.household_id, k.supplier_id, CAST(NULL AS text), CAST(NULL AS uuid), h.township_code, t.name,
       h.village, h.classes, h.persons, s.name, CAST(NULL AS bigint), CAST(NULL AS bigint), CAST(NULL AS bigint)
FROM assistance_linkage k JOIN h ON h.id = k.household_id
JOIN suppliers_township t ON t.code = h.township_code JOIN suppliers_supplier s ON s.id = k.supplier_id
WHERE greatest(k.valid_from, k.counts_from) <= :last AND (k.valid_to IS NULL OR k.valid_to >= :first)
  AND (h.left_on IS NULL OR h.left_on >= :first) AND {_ONLY.format(s="k")} AND {_LIVES}
  AND CAST(:categories AS text[]) IS NULL
ORDER BY 1, 2, 3, 4
""")

_MONTHS = text(f"""
{_THEN}
SELECT CAST(date_trunc('month', CAST({_DAY} AS timestamp)) AS date), CAST(sum(p.amount_fen) AS bigint)
FROM assistance_household_payment p {_APPROVED}
JOIN h ON h.id = p.household_id
WHERE p.paid_on <= :last AND {_DAY} BETWEEN :first AND :last AND {_ONLY.format(s="p")} AND {_LIVES}
  AND {_LINES.format(s="p")}
GROUP BY 1 ORDER BY 1
""")

# The shares are those of the whole supplier, so payments to everybody count here, whatever the report is about. Whole
# months come from the sums by month, the days at both ends from those by day, and the newest from the ledger. A figure
# of a longer span lends its part by days; what is declared for a part of the period only is not enough.
_SHARES = text(f"""
WITH traced AS MATERIALIZED (
    SELECT DISTINCT l.id, l.sku, l.code FROM assistance_household_payment p JOIN inventory_lot l ON l.id = p.lot_id
    {_APPROVED} WHERE p.paid_on <= :last AND {_DAY} <= :last
)
SELECT 'sold', e.supplier_id, e.category, NULL, l.id, CAST(sum(e.weight_g) AS bigint), CAST(sum(e.amount_fen) AS bigint)
FROM (SELECT supplier_id, category, sku, lot_code, weight_g, amount_fen FROM assistance_lot_sum
      WHERE of_month AND at >= :months_from AND at < :months_upto
      UNION ALL
      SELECT supplier_id, category, sku, lot_code, weight_g, amount_fen FROM assistance_lot_sum
      WHERE NOT of_month AND (at >= :first AND at < :months_from OR at >= :months_upto AND at <= :last)
      UNION ALL
      SELECT e.supplier_id, e.category, e.sku, e.lot_code, e.weight_g, e.amount_fen
      FROM assistance_lot_unfolded u JOIN assistance_entry e ON e.id = u.entry_id
      WHERE e.counted_on BETWEEN :first AND :last) e
LEFT JOIN traced l ON l.sku = e.sku AND l.code = e.lot_code
WHERE {_ONLY.format(s="e")}
GROUP BY e.supplier_id, e.category, l.id
UNION ALL
SELECT 'produced', NULL, NULL, NULL, m.lot_id, CAST(sum(m.on_hand_delta) * k.net_weight_g AS bigint), 0
FROM traced l JOIN inventory_movement m ON m.lot_id = l.id JOIN catalogue_sku k ON k.sku = m.sku
WHERE m.kind = 'received' GROUP BY m.lot_id, k.net_weight_g
UNION ALL
SELECT 'material', p.supplier_id, p.category, NULL, NULL, CAST(sum(p.quantity_milli * sign(p.amount_fen)) AS bigint),
       CAST(coalesce(sum(p.quantity_milli * sign(p.amount_fen)) FILTER (WHERE p.lot_id IS NOT NULL), 0) AS bigint)
FROM assistance_household_payment p {_APPROVED}
WHERE p.kind = 'PURCHASE' AND p.paid_on <= :last AND {_DAY} BETWEEN :first AND :last AND {_ONLY.format(s="p")}
GROUP BY p.supplier_id, p.category
UNION ALL
SELECT 'figure', supplier_id, category, kind, NULL, CAST(sum(value * days / span) AS bigint), sum(days)
FROM (SELECT DISTINCT ON (f.supplier_id, f.kind, f.category, f.starts_on, f.ends_on) f.supplier_id, f.kind, f.category,
             CAST(f.value AS numeric) AS value, f.ends_on - f.starts_on + 1 AS span,
             least(f.ends_on, CAST(:last AS date)) - greatest(f.starts_on, CAST(:first AS date)) + 1 AS days
      FROM assistance_supplier_figure f
      WHERE f.starts_on <= :last AND f.ends_on >= :first AND {_ONLY.format(s="f")}
      ORDER BY f.supplier_id, f.kind, f.category, f.starts_on, f.ends_on, f.id DESC) AS latest
GROUP BY supplier_id, kind, category
""")
_PAID_BY = """
SELECT {what} FROM (
    SELECT p.supplier_id, p.household_id FROM assistance_household_payment p
    JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'
    WHERE p.supplier_id = ANY (SELECT unnest(CAST(:suppliers AS uuid[]))) AND p.paid_on BETWEEN :first AND :last
    GROUP BY 1, 2 HAVING sum(p.amount_fen) > 0) p
"""
_PATTERNS = text(f"""
SELECT q.payers, count(*) FROM (
    {_PAID_BY.format(what="p.household_id, array_agg(p.supplier_id ORDER BY p.supplier_id) AS payers")}
    GROUP BY p.household_id) q
GROUP BY q.payers
""")
_REACHED = text("SELECT households FROM assistance_supplier_reach WHERE supplier_id = :supplier")
# Told to everybody, so it moves by no fewer than are told of: two days' figures would tell of a single household.
_REACH = text(
    "INSERT INTO assistance_supplier_reach (supplier_id, households, as_of) "
    + _PAID_BY.format(what="p.supplier_id, count(*), CAST(:last AS date)")
    + """ GROUP BY 1
ON CONFLICT (supplier_id) DO UPDATE SET as_of = excluded.as_of, households = CASE
    WHEN least(excluded.households, assistance_supplier_reach.households) < :fewest
      OR abs(excluded.households - assistance_supplier_reach.households) >= :fewest
    THEN excluded.households ELSE assistance_supplier_reach.households END"""
)
_PAYERS = text("SELECT DISTINCT supplier_id FROM assistance_household_payment WHERE list_id = :list ORDER BY 1")


def _narrowed(period: Period, only: Filter) -> dict[str, Any]:
    months_from, months_upto = months_within(period.starts_on, period.ends_on)
    return {
        "months_from": months_from,
        "months_upto": months_upto,
        "first": period.starts_on,
        "last": period.ends_on,
        "suppliers": None if only.suppliers is None else list(only.suppliers),
        "townships": None if only.townships is None else list(only.townships),
        "categories": None if only.categories is None else list(only.categories),
    }


async def evidence(session: AsyncSession, period: Period, only: Filter | None = None) -> Evidence:
    """Everything that the allocation of a period is made of: two statements, for any number of households.

    ``only`` narrows whose payments are looked at: by suppliers, by townships where households live, by product lines
    (then only payments for material). The shares stay those of each whole supplier.
    """
    only = only or Filter()
    values = _narrowed(period, only)
    places: dict[UUID, Place] = {}
    names: dict[UUID, str] = {}
    paid, linked, uplift_fen = [], set(), 0
    for household_id, supplier, category, lot, *place, name, amount, in_period, uplift in await session.execute(
        _PEOPLE, values
    ):
        places[household_id] = Place(*place)
        names[supplier] = name
        if amount is None:
            linked.add((household_id, supplier))
            continue
        paid.append(Paid(household_id, supplier, category is not None, category, amount, in_period, lot))
        uplift_fen += uplift
    supplies, revenues, batches = await _shares_of(session, period, values)
    return Evidence(paid, places, supplies, revenues, batches, frozenset(linked), names, uplift_fen)


async def _shares_of(
    session: AsyncSession, period: Period, values: dict[str, Any]
) -> tuple[dict[tuple[UUID, str], Supply], dict[UUID, Revenue], dict[UUID, Batch]]:
    """What shares are made of: material and revenue of each supplier, and what was sold of each traced lot."""
    untraced_g: defaultdict[tuple[UUID, str], int] = defaultdict(int)
    net: defaultdict[UUID, int] = defaultdict(int)
    of_lot: defaultdict[UUID, int] = defaultdict(int)
    produced: dict[UUID, int] = {}
    material: dict[tuple[UUID, str], tuple[int, int]] = {}
    declared: dict[tuple[UUID, str, str | None], int] = {}
    days = (period.ends_on - period.starts_on).days + 1
    for what, supplier, category, kind, lot, first, second in await session.execute(_SHARES, values):
        if what == "produced":
            produced[lot] = first
        elif what == "material":
            material[supplier, category] = first, second
        elif what == "figure":
            if second == days:
                declared[supplier, kind, category] = first
        else:
            net[supplier] += second if values["categories"] is None or category in values["categories"] else 0
            if lot is None:
                untraced_g[supplier, category] += first
            else:
                of_lot[lot] += first
    supplies = {}
    raw = FigureKind.RAW_PURCHASED.value
    lines = {(one, line) for one, kind, line in declared if kind == raw and line is not None}
    for key in {*untraced_g, *material, *lines}:
        linked_g, traced_g = material.get(key, (0, 0))
        told = declared.get((key[0], raw, key[1]))
        supplies[key] = Supply(untraced_g[key], None if told is None else told - traced_g, linked_g - traced_g)
    revenue = FigureKind.REVENUE.value
    revenues = {one: Revenue(net[one], declared.get((one, revenue, None))) for one in {*net, *(k[0] for k in supplies)}}
    batches = {lot: Batch(of_lot[lot], weight_g) for lot, weight_g in produced.items() if weight_g > 0}
    return supplies, revenues, batches


async def of_households(session: AsyncSession, goals: Sequence[Goal], *, today: date) -> dict[UUID, Ledger]:
    """What goals of households came to by ``today``, as of their periods so far.

    Goals of one period and filter are answered from the same evidence. Whom a year benefits is known of the year as a
    whole; its months get their part by what was paid in each.
    """
    told: dict[UUID, Ledger] = {}
    alike: defaultdict[tuple[Period, Filter], list[Goal]] = defaultdict(list)
    for goal in goals:
        alike[goal.period, goal.filter].append(goal)
    for (whole, only), members in alike.items():
        first, last = whole.starts_on, min(whole.ends_on, today)
        if last < first:
            told |= {goal.id: Ledger() for goal in members}
            continue
        period = Period(first, last)
        found = await evidence(session, period, only)
        _, allocated = weigh(found, period)
        had = benefit(allocated, {household_id: place.persons for household_id, place in found.places.items()})
        rows = (await session.execute(_MONTHS, _narrowed(period, only))).all()
        weights = {row[0]: max(row[1], 0) for row in rows} or {first.replace(day=1): 1}
        for goal in members:
            value = {
                Metric.HOUSEHOLDS: had.households,
                Metric.PERSONS: had.persons,
                Metric.HOUSEHOLD_INCOME_FEN: had.income_fen,
            }[goal.metric]
            monthly = dict(zip(weights, split(value, list(weights.values())), strict=True))
            told[goal.id] = Ledger(inside=monthly, history=monthly)
    return told


async def households_told(session: AsyncSession, suppliers: Sequence[UUID], period: Period) -> int | None:
    """How many households any of these suppliers paid within a period, as far as it may be told to everybody.

    Of one supplier it is what its products' pages say. Of several it is None where who is paid by some of them and not
    by others are so few that the figures of single suppliers would give them away, and else rounded down to fives.
    """
    if len(suppliers) == 1:
        reached = int(await session.scalar(_REACHED, {"supplier": suppliers[0]}) or 0)
        return reached if reached >= FEWEST else None
    values = {"suppliers": list(suppliers), "first": period.starts_on, "last": period.ends_on}
    counts = [row[1] for row in await session.execute(_PATTERNS, values)]
    if not counts or min(counts) < FEWEST:
        return None
    return int(sum(counts)) // FEWEST * FEWEST


async def note_reach(session: AsyncSession, list_id: UUID, period: Period) -> None:
    """Count anew how many households the suppliers of a list paid within a period."""
    suppliers = list(await session.scalars(_PAYERS, {"list": list_id}))
    values = {"suppliers": suppliers, "first": period.starts_on, "last": period.ends_on, "fewest": FEWEST}
    await session.execute(_REACH, values)
