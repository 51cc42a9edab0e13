"""How much of what households were paid is allocated to counted sales (domain handbook §2.7).

Pure: the payments of a period, what suppliers bought and sold in it, and nothing else. All amounts are fen, weights
grams. No household is allocated more than it was paid, and the parts of every allocation add up to the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from uuid import UUID

from app.assistance.rules.households import LinkKind
from app.core.money import split

OF_MATERIAL = frozenset((LinkKind.PURCHASE, LinkKind.SERVICE, LinkKind.REBATE))
"""Payments that follow the material share ρ of a product group; the others follow the revenue share λ."""

THRESHOLD_FEN = 10_000
"""A household benefits from 100 yuan of allocated income on (domain handbook §2.7)."""


@dataclass(frozen=True, slots=True)
class Yield:
    """κ: raw kilograms for each finished kilogram of a product line, from a day on."""

    category: str
    since: date
    raw_per_finished: Fraction


YIELDS = (
    Yield("golden-tea", date(2000, 1, 1), Fraction(5)),
    Yield("dark-tea", date(2000, 1, 1), Fraction(42, 10)),
    Yield("camellia-oil", date(2000, 1, 1), Fraction(18)),
    Yield("navel-orange", date(2000, 1, 1), Fraction(106, 100)),
)
"""Golden tea 5:1, dark tea 4.2, oil 18 of fresh fruit, oranges 1.06 for what is lost (domain handbook §2.7). A new
figure is a new line with its first day; sets have none, because what is in a set is not recorded by weight."""


def yields_on(day: date) -> dict[str, Fraction]:
    """κ of every product line on a day."""
    in_force = sorted((one for one in YIELDS if one.since <= day), key=lambda one: one.since)
    return {one.category: one.raw_per_finished for one in in_force}


@dataclass(frozen=True, slots=True)
class Paid:
    """What one household was paid by one supplier, net of reversals.

    ``category`` is the product line of payments for material, None of others. ``batch`` is the lot that the material
    went into, where the payment names one; such material may have been paid for before the period in which it is sold,
    so ``in_period_fen`` says how much of the amount was paid within the period.
    """

    household: UUID
    supplier: UUID
    of_material: bool
    category: str | None
    amount_fen: int
    in_period_fen: int
    batch: UUID | None = None


@dataclass(frozen=True, slots=True)
class Supply:
    """A supplier's product line in the period: counted net weight, and raw material bought from everybody.

    ``raw_g`` is None while the supplier has not declared it; ``linked_g`` is what the households' payments prove.
    """

    sold_g: int
    raw_g: int | None
    linked_g: int = 0


@dataclass(frozen=True, slots=True)
class Revenue:
    """A supplier's counted net sales in the period, and its declared total revenue of the same period, if it is."""

    net_fen: int
    total_fen: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """A traceable lot: net weight counted in the period, and weight produced."""

    sold_g: int
    produced_g: int


@dataclass(frozen=True, slots=True)
class Allocated:
    """The part of a payment that is allocated to counted sales."""

    paid: Paid
    income_fen: int


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares by which was allocated, and which of them rest on something weaker than a declaration."""

    material: Mapping[tuple[UUID, str], Fraction] = field(default_factory=dict)
    revenue: Mapping[UUID, Fraction] = field(default_factory=dict)
    raw_undeclared: frozenset[tuple[UUID, str]] = frozenset()
    revenue_undeclared: frozenset[UUID] = frozenset()


def _share(part: Fraction | int, whole: int) -> Fraction:
    if part <= 0:
        return Fraction(0)
    return Fraction(1) if whole <= part else Fraction(part) / whole


def shares(
    supplies: Mapping[tuple[UUID, str], Supply], revenues: Mapping[UUID, Revenue], kappa: Mapping[str, Fraction]
) -> Shares:
    """ρ(s,p) = min(1, κQ/R) and λ(s) = min(1, N/Rev); without Rev λ is the share of all the supplier's material.

    R is never less than what linked households alone were paid for; without a declaration it is just that.
    """
    material: dict[tuple[UUID, str], Fraction] = {}
    raw_undeclared = set()
    used: defaultdict[UUID, Fraction] = defaultdict(Fraction)
    bought: defaultdict[UUID, int] = defaultdict(int)
    for key, supply in supplies.items():
        supplier, category = key
        raw = max(supply.raw_g or 0, supply.linked_g)
        if category not in kappa or raw == 0:
            continue
        need = max(kappa[category] * supply.sold_g, Fraction(0))
        material[key] = _share(need, raw)
        used[supplier] += min(need, Fraction(raw))
        bought[supplier] += raw
        if supply.raw_g is None:
            raw_undeclared.add(key)
    revenue: dict[UUID, Fraction] = {}
    revenue_undeclared = set()
    for supplier in {*revenues, *bought}:
        told = revenues.get(supplier, Revenue(0, None))
        if told.total_fen is not None:
            revenue[supplier] = _share(told.net_fen, told.total_fen)
        else:
            revenue[supplier] = _share(used[supplier], bought[supplier])
            revenue_undeclared.add(supplier)
    return Shares(material, revenue, frozenset(raw_undeclared), frozenset(revenue_undeclared))


def allocate(paid: Sequence[Paid], by: Shares, batches: Mapping[UUID, Batch]) -> list[Allocated]:
    """Each payment's part: ρ or the batch's share of what was paid for material, λ of the rest.

    Allocated by bucket (supplier and line, supplier, or batch), then to the payments of it by largest remainder.
    Payments that were taken back entirely are left out.
    """
    buckets: defaultdict[tuple[object, ...], list[Paid]] = defaultdict(list)
    for one in paid:
        if one.amount_fen <= 0:
            continue
        if one.of_material and one.batch is not None and one.batch in batches:
            buckets[("batch", one.batch)].append(one)
        else:
            buckets[("share", one.supplier, one.category if one.of_material else None, one.of_material)].append(one)
    told = []
    for members in buckets.values():
        first = members[0]
        if first.of_material and first.batch is not None and first.batch in batches:
            batch = batches[first.batch]
            share = _share(batch.sold_g, batch.produced_g)
        elif first.of_material:
            share = by.material.get((first.supplier, first.category or ""), Fraction(0))
        else:
            share = by.revenue.get(first.supplier, Fraction(0))
        weights = [one.amount_fen for one in members]
        whole = (share * sum(weights) + Fraction(1, 2)).__floor__()
        told += [Allocated(one, part) for one, part in zip(members, split(whole, weights), strict=True)]
    return told


@dataclass(frozen=True, slots=True)
class Benefit:
    """What households had: a household counts once, however many suppliers pay it.

    ``paid_households`` and ``paid_persons`` were paid anything within the period; ``households`` and ``persons`` were
    allocated the threshold or more.
    """

    paid_households: int = 0
    paid_persons: int = 0
    households: int = 0
    persons: int = 0
    paid_fen: int = 0
    income_fen: int = 0


def benefit(
    allocated: Iterable[Allocated], persons: Mapping[UUID, int], *, threshold_fen: int = THRESHOLD_FEN
) -> Benefit:
    """The union over suppliers of what households were paid and allocated."""
    income: defaultdict[UUID, int] = defaultdict(int)
    paid: defaultdict[UUID, int] = defaultdict(int)
    for one in allocated:
        income[one.paid.household] += one.income_fen
        paid[one.paid.household] += one.paid.in_period_fen
    paid_now = [household for household, fen in paid.items() if fen > 0]
    above = [household for household, fen in income.items() if fen >= threshold_fen]
    return Benefit(
        paid_households=len(paid_now),
        paid_persons=sum(persons[household] for household in paid_now),
        households=len(above),
        persons=sum(persons[household] for household in above),
        paid_fen=sum(paid.values()),
        income_fen=sum(income.values()),
    )


def return_bp(income_fen: int, net_fen: int) -> int | None:
    """Income return ratio ΣA ÷ N in basis points, rounded half up; None without sales."""
    return None if net_fen <= 0 else (2 * income_fen * 10_000 + net_fen) // (2 * net_fen)
