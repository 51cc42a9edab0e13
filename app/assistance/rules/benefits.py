"""What counted sales did for households in a period, by township, village, supplier or class (domain handbook §2.7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from app.assistance.rules.attribution import (
    Allocated,
    Batch,
    Benefit,
    Paid,
    Revenue,
    Shares,
    Supply,
    allocate,
    benefit,
    return_bp,
    shares,
    yields_on,
)
from app.assistance.rules.season import Period

P2_FROM, P3_FROM = date(2021, 1, 1), date(2026, 1, 1)
"""First days of the programme periods P2 and P3 (domain handbook §2.1)."""


class By(StrEnum):
    """What a report of households is grouped by."""

    TOWNSHIP = "township"
    SUPPLIER = "supplier"
    VILLAGE = "village"
    CLASS = "class"


def months_within(first: date, last: date) -> tuple[date, date]:
    """The whole months of a span: the first day of the first one, and the day after the last one.

    The days before the one and from the other on are not of whole months; without a whole month all days are.
    """
    end = last + timedelta(days=1)
    begins = first if first.day == 1 else (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    ends = end.replace(day=1)
    return (begins, ends) if begins < ends else (end, end)


def period_class(classes: Mapping[str, str], day: date) -> str | None:
    """What a household is in the programme period of a day, or was in the latest before it that is recorded."""
    known = ["P1"] if day < P2_FROM else ["P2", "P1"] if day < P3_FROM else ["P3", "P2", "P1"]
    return next((classes[period] for period in known if period in classes), None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a household lives, what it is and how many persons it has."""

    township_code: str
    township: str
    village: str
    classes: Mapping[str, str]
    persons: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a period's allocation is made of. ``linked`` are contracts in force: household and supplier."""

    paid: Sequence[Paid]
    places: Mapping[UUID, Place]
    supplies: Mapping[tuple[UUID, str], Supply]
    revenues: Mapping[UUID, Revenue]
    batches: Mapping[UUID, Batch]
    linked: frozenset[tuple[UUID, UUID]]
    suppliers: Mapping[UUID, str]
    uplift_fen: int


@dataclass(frozen=True, slots=True)
class Part:
    """One group of households, ``key`` and ``name`` of it. ``linked_only`` have a contract and were paid nothing."""

    key: str
    name: str
    benefit: Benefit
    linked_only: int


@dataclass(frozen=True, slots=True)
class Work:
    """How the income from one supplier was worked out: of one line's material (ρ), or of everything else (λ).

    ``part`` and ``whole`` are what the share was made of: grams of raw material, or fen of sales. ``whole`` is None
    where the supplier declared nothing, or less than is on record, and the share rests on something weaker. Payments
    that name a lot follow that lot's share and stand in ``traced_fen`` and its income.
    """

    supplier: UUID
    name: str
    category: str | None
    sold: int
    kappa: Fraction | None
    part: Fraction
    whole: int | None
    share: Fraction
    paid_fen: int
    income_fen: int
    traced_fen: int
    traced_income_fen: int


@dataclass(frozen=True, slots=True)
class Benefits:
    """What a period did, by groups and altogether; ``total`` counts a household once.

    ``net_fen`` is counted net sales of the suppliers concerned, ``uplift_fen`` what material was paid above the
    reference price of its day, and ``shares`` tell which declarations are missing.
    """

    period: Period
    by: By
    parts: list[Part]
    total: Part
    net_fen: int
    return_bp: int | None
    uplift_fen: int
    shares: Shares
    works: Sequence[Work]


def weigh(evidence: Evidence, period: Period) -> tuple[Shares, list[Allocated]]:
    """The shares of the period, by the yields of its last day, and every payment's part."""
    told = shares(evidence.supplies, evidence.revenues, yields_on(period.ends_on))
    return told, allocate(evidence.paid, told, evidence.batches)


def summarise(evidence: Evidence, period: Period, by: By) -> Benefits:
    """Group what was allocated. A household of two suppliers is in both their groups and once in the total."""
    told, allocated = weigh(evidence, period)
    persons = {household: place.persons for household, place in evidence.places.items()}
    members: defaultdict[tuple[str, str], list[Allocated]] = defaultdict(list)
    for one in allocated:
        members[_group(evidence, by, one.paid.household, one.paid.supplier, period)].append(one)
    paid_pairs = {(one.paid.household, one.paid.supplier) for one in allocated if one.paid.in_period_fen > 0}
    paid = {household for household, _ in paid_pairs}
    waiting: defaultdict[tuple[str, str], set[UUID]] = defaultdict(set)
    for household, supplier in evidence.linked:
        if (household, supplier) not in paid_pairs if by is By.SUPPLIER else household not in paid:
            waiting[_group(evidence, by, household, supplier, period)].add(household)
    parts = [
        Part(*key, benefit(members.get(key, []), persons), len(waiting.get(key, ())))
        for key in sorted({*members, *waiting})
    ]
    linked_only = len({household for household, _ in evidence.linked} - paid)
    whole = benefit(allocated, persons)
    net_fen = sum(one.net_fen for one in evidence.revenues.values())
    return Benefits(
        period=period,
        by=by,
        parts=parts,
        total=Part("", "", whole, linked_only),
        net_fen=net_fen,
        return_bp=return_bp(whole.income_fen, net_fen),
        uplift_fen=evidence.uplift_fen,
        shares=told,
        works=works(evidence, told, allocated, period),
    )


def works(evidence: Evidence, told: Shares, allocated: Sequence[Allocated], period: Period) -> list[Work]:
    """The working behind an allocation, by supplier and line: all of them together are what was allocated."""
    kappa = yields_on(period.ends_on)
    sums: defaultdict[tuple[UUID, str | None], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for one in allocated:
        traced = one.paid.of_material and one.paid.batch is not None and one.paid.batch in evidence.batches
        cell = sums[one.paid.supplier, one.paid.category if one.paid.of_material else None]
        cell[2 * traced] += one.paid.amount_fen
        cell[2 * traced + 1] += one.income_fen
    found = []
    for (supplier, category), (paid_fen, income_fen, traced_fen, traced_income_fen) in sums.items():
        if category is None:
            revenue = evidence.revenues.get(supplier, Revenue(0, None))
            sold, part, whole = revenue.net_fen, Fraction(revenue.net_fen), revenue.total_fen
            share = told.revenue.get(supplier, Fraction(0))
        else:
            supply = evidence.supplies.get((supplier, category), Supply(0, None))
            sold, part = supply.sold_g, supply.sold_g * kappa.get(category, Fraction(0))
            whole = supply.raw_g if supply.raw_g is not None and supply.raw_g >= supply.linked_g else None
            share = told.material.get((supplier, category), Fraction(0))
        amounts = (paid_fen, income_fen, traced_fen, traced_income_fen)
        of = kappa.get(category) if category is not None else None
        found.append(Work(supplier, evidence.suppliers[supplier], category, sold, of, part, whole, share, *amounts))
    return sorted(found, key=lambda one: (one.name, one.supplier, one.category or "~"))


def _group(evidence: Evidence, by: By, household: UUID, supplier: UUID, period: Period) -> tuple[str, str]:
    if by is By.SUPPLIER:
        return str(supplier), evidence.suppliers[supplier]
    place = evidence.places[household]
    if by is By.TOWNSHIP:
        return place.township_code, place.township
    if by is By.VILLAGE:
        return f"{place.township_code}/{place.village}", f"{place.township}{place.village}"
    known = period_class(place.classes, period.ends_on) or ""
    return known, known
