"""Reads of the register of households, of what they were paid, and of everything an allocation is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.models import HouseholdRow
from app.assistance.rules.attribution import Batch, Paid, Revenue, Supply, benefit
from app.assistance.rules.benefits import Evidence, Place, weigh
from app.assistance.rules.forecasts import Ledger
from app.assistance.rules.goals import Filter, Goal, Metric
from app.assistance.rules.households import (
    FigureKind,
    Household,
    Linkage,
    LinkKind,
    ListStatus,
    Payment,
    PaymentList,
)
from app.assistance.rules.season import Period
from app.core.errors import NotFound
from app.core.money import split
from app.core.sealing import keys

NUMBER, BANK = "household", "household_bank"

_HOUSEHOLD = """
SELECT h.id, h.number_sealed, h.township_code, t.name AS township, h.village, h.classes, h.persons, h.persons_linked,
       h.consented_on, h.bank_sealed, h.left_on, h.entered_at
FROM assistance_household h JOIN suppliers_township t ON t.code = h.township_code
"""
_ONE = text(_HOUSEHOLD + "WHERE h.id = :id")
_PAGE = text(
    _HOUSEHOLD
    + """
WHERE (CAST(:township AS text) IS NULL OR h.township_code = :township)
  AND (CAST(:supplier AS uuid) IS NULL OR EXISTS (
      SELECT FROM assistance_linkage k WHERE k.household_id = h.id AND k.supplier_id = :supplier))
  AND (CAST(:before AS uuid) IS NULL OR h.id < :before)
ORDER BY h.id DESC LIMIT :limit
"""
)
_BY_INDEX = text("""
SELECT number_index, id FROM assistance_household
WHERE number_index = ANY (SELECT decode(n, 'hex') FROM unnest(CAST(:indexes AS text[])) AS n)
""")
_LINKAGES = text("""
SELECT id, household_id, supplier_id, kind, contract_no, valid_from, valid_to, terms, yearly_fen
FROM assistance_linkage WHERE household_id = :household ORDER BY id
""")
_PAYMENTS = text("""
SELECT p.household_id, p.supplier_id, p.kind, p.category, p.paid_on, p.quantity_milli, p.unit_price_fen, p.amount_fen,
       p.reference_price_fen, p.lot_id, p.to_own_account, p.reverses, p.id, coalesce(d.verdict, 'waiting') AS status
FROM assistance_household_payment p LEFT JOIN assistance_payment_list_decision d ON d.list_id = p.list_id
WHERE p.household_id = :household ORDER BY p.paid_on DESC, p.id DESC LIMIT 500
""")
_REVERSIBLE = text("""
SELECT p.id, p.household_id, p.supplier_id, p.kind, p.category, p.amount_fen, p.quantity_milli, p.unit_price_fen,
       p.reference_price_fen, p.lot_id
FROM assistance_household_payment p
JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'
WHERE p.id = ANY (SELECT unnest(CAST(:ids AS uuid[]))) AND p.reverses IS NULL
""")
_LIST = """
SELECT l.id, l.source, l.rows, l.total_fen, l.note, l.entered_by, l.entered_at,
       coalesce(d.verdict, 'waiting') AS status, d.decided_by, d.decided_at, d.note AS decision_note
FROM assistance_payment_list l LEFT JOIN assistance_payment_list_decision d ON d.list_id = l.id
"""
_KNOWN = text("""
SELECT 'household', id, CAST(NULL AS uuid) FROM assistance_household
WHERE id = ANY (SELECT unnest(CAST(:households AS uuid[])))
UNION ALL
SELECT 'supplier', id, CAST(NULL AS uuid) FROM suppliers_supplier
WHERE id = ANY (SELECT unnest(CAST(:suppliers AS uuid[])))
UNION ALL
SELECT 'lot', l.id, s.supplier_id FROM inventory_lot l JOIN inventory_stock s USING (sku)
WHERE l.id = ANY (SELECT unnest(CAST(:lots AS uuid[])))
""")
_LOTS_CODED = text("""
SELECT s.supplier_id, l.code, l.id FROM inventory_lot l JOIN inventory_stock s USING (sku)
WHERE l.code = ANY (SELECT unnest(CAST(:codes AS text[])))
""")
_ONE_LIST = text(_LIST + "WHERE l.id = :id")
_LISTS = text(
    _LIST
    + """
WHERE (CAST(:status AS text) IS NULL OR coalesce(d.verdict, 'waiting') = :status)
  AND (CAST(:before AS uuid) IS NULL OR l.id < :before)
ORDER BY l.id DESC LIMIT :limit
"""
)
_OVERLAP = text("""
SELECT EXISTS (
    SELECT FROM assistance_supplier_figure WHERE supplier_id = :supplier AND kind = :kind
      AND category IS NOT DISTINCT FROM CAST(:category AS text) AND starts_on <= :last AND ends_on >= :first
      AND (starts_on, ends_on) <> (CAST(:first AS date), CAST(:last AS date)))
""")

_ONLY = """(CAST(:suppliers AS uuid[]) IS NULL OR {s}.supplier_id = ANY (SELECT unnest(CAST(:suppliers AS uuid[]))))"""
_LIVES = """(CAST(:townships AS text[]) IS NULL
    OR h.township_code = ANY (SELECT unnest(CAST(:townships AS text[]))))"""
_LINES = """(CAST(:categories AS text[]) IS NULL OR {s}.category = ANY (SELECT unnest(CAST(:categories AS text[]))))"""

# Material that went into a lot counts when the lot is sold, even if it was paid for in an earlier period.
_PAID = text(f"""
SELECT p.household_id, p.supplier_id, p.category, p.lot_id, h.township_code, t.name, h.village, h.classes, h.persons,
       s.name, CAST(sum(p.amount_fen) AS bigint),
       CAST(coalesce(sum(p.amount_fen) FILTER (WHERE p.paid_on >= :first), 0) AS bigint),
       CAST(coalesce(sum(p.amount_fen - round(p.quantity_milli * p.reference_price_fen / 1000.0) * sign(p.amount_fen))
           FILTER (WHERE p.kind = 'PURCHASE' AND p.reference_price_fen IS NOT NULL AND p.paid_on >= :first), 0)
           AS bigint)
FROM assistance_household_payment p
JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'
JOIN assistance_household h ON h.id = p.household_id
JOIN suppliers_township t ON t.code = h.township_code
JOIN suppliers_supplier s ON s.id = p.supplier_id
WHERE p.paid_on <= :last AND (p.paid_on >= :first OR p.lot_id IS NOT NULL)
  AND {_ONLY.format(s="p")} AND {_LIVES} AND {_LINES.format(s="p")}
GROUP BY p.household_id, p.supplier_id, p.category, p.lot_id, h.id, t.name, s.name
""")

_MONTHS = text(f"""
SELECT CAST(date_trunc('month', CAST(p.paid_on AS timestamp)) AS date), CAST(sum(p.amount_fen) AS bigint)
FROM assistance_household_payment p
JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'
JOIN assistance_household h ON h.id = p.household_id
WHERE p.paid_on BETWEEN :first AND :last AND {_ONLY.format(s="p")} AND {_LIVES} AND {_LINES.format(s="p")}
GROUP BY 1 ORDER BY 1
""")

# The shares are those of the whole supplier, so payments to everybody count here, whatever the report is about.
_MATERIAL = text(f"""
SELECT p.supplier_id, p.category, CAST(sum(p.quantity_milli * sign(p.amount_fen)) AS bigint),
       CAST(coalesce(sum(p.quantity_milli * sign(p.amount_fen)) FILTER (WHERE p.lot_id IS NOT NULL), 0) AS bigint)
FROM assistance_household_payment p
JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'
WHERE p.kind = 'PURCHASE' AND p.paid_on BETWEEN :first AND :last AND {_ONLY.format(s="p")}
GROUP BY 1, 2
""")
_SOLD = text(f"""
WITH traced AS MATERIALIZED (
    SELECT DISTINCT l.id, l.sku, l.code FROM assistance_household_payment p JOIN inventory_lot l ON l.id = p.lot_id
    JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'
    WHERE p.paid_on <= :last
)
SELECT e.supplier_id, e.category, l.id, CAST(sum(e.weight_g) AS bigint), CAST(sum(e.amount_fen) AS bigint)
FROM assistance_entry e LEFT JOIN traced l ON l.sku = e.sku AND l.code = e.lot_code
WHERE e.counted_on BETWEEN :first AND :last AND {_ONLY.format(s="e")}
GROUP BY 1, 2, 3
""")
_PRODUCED = text("""
SELECT m.lot_id, CAST(sum(m.on_hand_delta) * k.net_weight_g AS bigint)
FROM inventory_movement m JOIN catalogue_sku k ON k.sku = m.sku
WHERE m.kind = 'received' AND m.lot_id = ANY (SELECT unnest(CAST(:lots AS uuid[])))
GROUP BY m.lot_id, k.net_weight_g
""")
# A figure of a longer span lends its part by days; what is declared for a part of the period only is not enough.
_FIGURES = text(f"""
SELECT supplier_id, kind, category, CAST(sum(value * days / span) AS bigint), CAST(sum(days) AS integer)
FROM (SELECT DISTINCT ON (f.supplier_id, f.kind, f.category, f.starts_on, f.ends_on) f.supplier_id, f.kind, f.category,
             CAST(f.value AS numeric) AS value, f.ends_on - f.starts_on + 1 AS span,
             least(f.ends_on, CAST(:last AS date)) - greatest(f.starts_on, CAST(:first AS date)) + 1 AS days
      FROM assistance_supplier_figure f
      WHERE f.starts_on <= :last AND f.ends_on >= :first AND {_ONLY.format(s="f")}
      ORDER BY f.supplier_id, f.kind, f.category, f.starts_on, f.ends_on, f.id DESC) AS latest
GROUP BY 1, 2, 3
""")
_LINKED = text(f"""
SELECT DISTINCT k.household_id, k.supplier_id, h.township_code, t.name, h.village, h.classes, h.persons, s.name
FROM assistance_linkage k JOIN assistance_household h ON h.id = k.household_id
JOIN suppliers_township t ON t.code = h.township_code JOIN suppliers_supplier s ON s.id = k.supplier_id
WHERE k.valid_from <= :last AND (k.valid_to IS NULL OR k.valid_to >= :first)
  AND (h.left_on IS NULL OR h.left_on >= :first) AND {_ONLY.format(s="k")} AND {_LIVES}
""")
_PAID_BY = """
SELECT {what} FROM (
    SELECT p.supplier_id, p.household_id FROM assistance_household_payment p
    JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'
    WHERE p.supplier_id = ANY (SELECT unnest(CAST(:suppliers AS uuid[]))) AND p.paid_on BETWEEN :first AND :last
    GROUP BY 1, 2 HAVING sum(p.amount_fen) > 0) p
"""
_PAID_BY_ANY = text(_PAID_BY.format(what="count(DISTINCT p.household_id)"))
_REACH = text(
    "INSERT INTO assistance_supplier_reach (supplier_id, households, as_of) "
    + _PAID_BY.format(what="p.supplier_id, count(*), CAST(:last AS date)")
    + """ GROUP BY 1
ON CONFLICT (supplier_id) DO UPDATE SET households = excluded.households, as_of = excluded.as_of"""
)
_PAYERS = text("SELECT DISTINCT supplier_id FROM assistance_household_payment WHERE list_id = :list ORDER BY 1")


def blind(number: str) -> bytes:
    """The index under which a household's number is found."""
    return keys().blind(number, NUMBER)


def _household(row: RowMapping, *, named: bool) -> Household:
    return Household(
        id=row["id"],
        number=keys().unseal(row["number_sealed"], NUMBER) if named else None,
        township_code=row["township_code"],
        township=row["township"],
        village=row["village"],
        classes=row["classes"],
        persons=row["persons"],
        persons_linked=row["persons_linked"],
        consented_on=row["consented_on"],
        bank_tail=keys().unseal(row["bank_sealed"], BANK) if named and row["bank_sealed"] is not None else None,
        left_on=row["left_on"],
        entered_at=row["entered_at"],
    )


async def household(session: AsyncSession, household_id: UUID, *, named: bool = False) -> Household:
    """One household; ``named`` with its number and bank tail, for reads that are logged. Raises ``NotFound``."""
    row = (await session.execute(_ONE, {"id": household_id})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _household(row, named=named)


async def lock_household(session: AsyncSession, household_id: UUID) -> HouseholdRow:
    """The household under lock. Raises ``NotFound``."""
    row = await session.get(HouseholdRow, household_id, with_for_update=True)
    if row is None:
        raise NotFound
    return row


async def households(
    session: AsyncSession, *, township: str | None, supplier: UUID | None, before: UUID | None, limit: int
) -> list[Household]:
    """Households without numbers, the latest first."""
    values = {"township": township, "supplier": supplier, "before": before, "limit": limit}
    return [_household(row, named=False) for row in (await session.execute(_PAGE, values)).mappings()]


async def households_numbered(session: AsyncSession, numbers: Sequence[str]) -> dict[str, UUID]:
    """The ids of households by their numbers, as far as they are registered."""
    by_index = {blind(number): number for number in numbers}
    rows = await session.execute(_BY_INDEX, {"indexes": [index.hex() for index in by_index]})
    return {by_index[bytes(index)]: household_id for index, household_id in rows}


async def linkages(session: AsyncSession, household_id: UUID) -> list[Linkage]:
    """How a household is linked."""
    rows = (await session.execute(_LINKAGES, {"household": household_id})).mappings()
    return [Linkage(**{**row, "kind": LinkKind(row["kind"])}) for row in rows]


async def payments(session: AsyncSession, household_id: UUID) -> list[tuple[UUID, Payment, ListStatus]]:
    """What a household was paid, the latest first, with the standing of each: at most 500 rows."""
    told = []
    for row in (await session.execute(_PAYMENTS, {"household": household_id})).mappings():
        values = {**row, "kind": LinkKind(row["kind"])}
        payment_id, status = values.pop("id"), ListStatus(values.pop("status"))
        told.append((payment_id, Payment(**values), status))
    return told


async def reversible(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """The approved payments among ``ids``, which a reversal may name."""
    rows = (await session.execute(_REVERSIBLE, {"ids": list(ids)})).mappings()
    return {row["id"]: dict(row) for row in rows}


@dataclass(frozen=True, slots=True)
class Known:
    """What of the things that payments name exists; lots with the supplier whose they are."""

    households: frozenset[UUID]
    suppliers: frozenset[UUID]
    lots: dict[UUID, UUID]


async def known_of(session: AsyncSession, payments: Sequence[Payment]) -> Known:
    """One statement for any number of payments."""
    values = {
        "households": sorted({one.household_id for one in payments}),
        "suppliers": sorted({one.supplier_id for one in payments}),
        "lots": sorted({one.lot_id for one in payments if one.lot_id is not None}),
    }
    found = (await session.execute(_KNOWN, values)).all()
    ids = {what: frozenset(row[1] for row in found if row[0] == what) for what in ("household", "supplier")}
    return Known(ids["household"], ids["supplier"], {row[1]: row[2] for row in found if row[0] == "lot"})


async def lots_coded(session: AsyncSession, codes: Sequence[str]) -> dict[tuple[UUID, str], UUID]:
    """Lots by supplier and code; of a code that a supplier uses for several goods, any."""
    return {(row[0], row[1]): row[2] for row in await session.execute(_LOTS_CODED, {"codes": list(codes)})}


async def payment_list(session: AsyncSession, list_id: UUID) -> PaymentList:
    """One list. Raises ``NotFound``."""
    row = (await session.execute(_ONE_LIST, {"id": list_id})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return PaymentList(**{**row, "status": ListStatus(row["status"])})


async def payment_lists(
    session: AsyncSession, *, status: ListStatus | None, before: UUID | None, limit: int
) -> list[PaymentList]:
    """Lists of payments, the latest first."""
    values = {"status": None if status is None else status.value, "before": before, "limit": limit}
    rows = (await session.execute(_LISTS, values)).mappings()
    return [PaymentList(**{**row, "status": ListStatus(row["status"])}) for row in rows]


async def figure_overlaps(
    session: AsyncSession, supplier: UUID, kind: FigureKind, category: str | None, first: date, last: date
) -> bool:
    """Whether a figure of another span that meets this one is declared already."""
    values = {"supplier": supplier, "kind": kind.value, "category": category, "first": first, "last": last}
    return bool(await session.scalar(_OVERLAP, values))


def _narrowed(period: Period, only: Filter) -> dict[str, Any]:
    return {
        "first": period.starts_on,
        "last": period.ends_on,
        "suppliers": None if only.suppliers is None else list(only.suppliers),
        "townships": None if only.townships is None else list(only.townships),
        "categories": None if only.categories is None else list(only.categories),
    }


async def evidence(session: AsyncSession, period: Period, only: Filter | None = None) -> Evidence:
    """Everything that the allocation of a period is made of: six statements, for any number of households.

    ``only`` narrows whose payments are looked at: by suppliers, by townships where households live, by product lines
    (then only payments for material). The shares stay those of each whole supplier.
    """
    only = only or Filter()
    values = _narrowed(period, only)
    places: dict[UUID, Place] = {}
    names: dict[UUID, str] = {}
    paid, uplift_fen = [], 0
    for household_id, supplier, category, lot, *place, name, amount, in_period, uplift in await session.execute(
        _PAID, values
    ):
        places[household_id] = Place(*place)
        names[supplier] = name
        paid.append(Paid(household_id, supplier, category is not None, category, amount, in_period, lot))
        uplift_fen += uplift
    linked = set()
    if only.categories is None:
        for household_id, supplier, *place, name in await session.execute(_LINKED, values):
            places[household_id] = Place(*place)
            names[supplier] = name
            linked.add((household_id, supplier))
    traced = {one.batch for one in paid if one.batch is not None}
    supplies, revenues, sold = await _shares_of(session, period, values)
    rows = await session.execute(_PRODUCED, {"lots": list(traced)}) if traced else ()
    batches = {lot: Batch(sold.get(lot, 0), produced) for lot, produced in rows if produced > 0}
    return Evidence(paid, places, supplies, revenues, batches, frozenset(linked), names, uplift_fen)


async def _shares_of(
    session: AsyncSession, period: Period, values: dict[str, Any]
) -> tuple[dict[tuple[UUID, str], Supply], dict[UUID, Revenue], dict[UUID, int]]:
    """What shares are made of: material and revenue of each supplier, and what was sold of each traced lot."""
    untraced_g: defaultdict[tuple[UUID, str], int] = defaultdict(int)
    net: defaultdict[UUID, int] = defaultdict(int)
    of_lot: defaultdict[UUID, int] = defaultdict(int)
    for supplier, category, lot, weight_g, amount_fen in await session.execute(_SOLD, values):
        net[supplier] += amount_fen if values["categories"] is None or category in values["categories"] else 0
        if lot is None:
            untraced_g[supplier, category] += weight_g
        else:
            of_lot[lot] += weight_g
    days = (period.ends_on - period.starts_on).days + 1
    declared = {
        (supplier, kind, category): value
        for supplier, kind, category, value, covered in await session.execute(_FIGURES, values)
        if covered == days
    }
    material = {(row[0], row[1]): (row[2], row[3]) for row in await session.execute(_MATERIAL, values)}
    supplies = {}
    raw = FigureKind.RAW_PURCHASED.value
    for key in {*untraced_g, *material, *((one, line) for one, kind, line in declared if kind == raw)}:
        linked_g, traced_g = material.get(key, (0, 0))
        told = declared.get((key[0], raw, key[1]))
        supplies[key] = Supply(untraced_g[key], None if told is None else told - traced_g, linked_g - traced_g)
    revenue = FigureKind.REVENUE.value
    revenues = {one: Revenue(net[one], declared.get((one, revenue, None))) for one in {*net, *(k[0] for k in supplies)}}
    return supplies, revenues, of_lot


async def of_households(session: AsyncSession, goal: Goal, *, today: date) -> Ledger:
    """What a goal of households came to by ``today``, as of its period so far.

    Whom a year benefits is known of the year as a whole; its months get their part by what was paid in each.
    """
    first, last = goal.period.starts_on, min(goal.period.ends_on, today)
    if last < first:
        return Ledger()
    period = Period(first, last)
    found = await evidence(session, period, goal.filter)
    _, allocated = weigh(found, period)
    had = benefit(allocated, {household_id: place.persons for household_id, place in found.places.items()})
    value = {
        Metric.HOUSEHOLDS: had.households,
        Metric.PERSONS: had.persons,
        Metric.HOUSEHOLD_INCOME_FEN: had.income_fen,
    }[goal.metric]
    rows = (await session.execute(_MONTHS, _narrowed(period, goal.filter))).all()
    weights = {row[0]: max(row[1], 0) for row in rows} or {first.replace(day=1): 1}
    monthly = dict(zip(weights, split(value, list(weights.values())), strict=True))
    return Ledger(inside=monthly, history=monthly)


async def households_paid(session: AsyncSession, suppliers: Sequence[UUID], period: Period) -> int:
    """How many households any of these suppliers paid within a period; one of several of them counts once."""
    values = {"suppliers": list(suppliers), "first": period.starts_on, "last": period.ends_on}
    return int(await session.scalar(_PAID_BY_ANY, values) or 0)


async def note_reach(session: AsyncSession, list_id: UUID, period: Period) -> None:
    """Count anew how many households the suppliers of a list paid within a period."""
    suppliers = list(await session.scalars(_PAYERS, {"list": list_id}))
    values = {"suppliers": suppliers, "first": period.starts_on, "last": period.ends_on}
    await session.execute(_REACH, values)
