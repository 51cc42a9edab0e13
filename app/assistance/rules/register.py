"""The register as officers look at it: by pseudonym, with what each household had of a period; no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.assistance.rules.attribution import THRESHOLD_FEN, Allocated
from app.assistance.rules.benefits import Benefits
from app.assistance.rules.households import LinkKind, pseudonym


class HouseholdStanding(StrEnum):
    """What a period brought a household; the first that is true of it."""

    BENEFITING = "benefiting"
    PAID = "paid"
    LINKED_ONLY = "linked_only"
    LEFT = "left"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Registered:
    """A household as the register has it at the end of a period, with its contracts in force in it."""

    id: UUID
    township_code: str
    township: str
    village: str
    classes: Mapping[str, str]
    persons: int
    left_on: date | None
    kinds: Sequence[LinkKind]
    suppliers: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the register. Amounts are of the period, in fen."""

    household: Registered
    paid_fen: int
    income_fen: int
    standing: HouseholdStanding

    @property
    def code(self) -> str:
        """Its pseudonym."""
        return pseudonym(self.household.id)


@dataclass(frozen=True, slots=True)
class Register:
    """The rows that were asked for, the most income first, and what the period did altogether.

    ``suppliers`` are those that pay or have contracts, by id.
    """

    rows: Sequence[Listed]
    benefits: Benefits
    suppliers: Mapping[UUID, str]


def listed(households: Iterable[Registered], allocated: Iterable[Allocated], first: date) -> list[Listed]:
    """Every household with what it was paid and allocated, the most income first."""
    paid: defaultdict[UUID, int] = defaultdict(int)
    income: defaultdict[UUID, int] = defaultdict(int)
    for one in allocated:
        paid[one.paid.household] += one.paid.in_period_fen
        income[one.paid.household] += one.income_fen
    rows = [
        Listed(one, paid[one.id], income[one.id], _standing(one, paid[one.id], income[one.id], first))
        for one in households
    ]
    return sorted(rows, key=lambda row: (-row.income_fen, -row.paid_fen, row.household.id))


def _standing(household: Registered, paid_fen: int, income_fen: int, first: date) -> HouseholdStanding:
    if income_fen >= THRESHOLD_FEN:
        return HouseholdStanding.BENEFITING
    if paid_fen > 0:
        return HouseholdStanding.PAID
    if household.left_on is not None and household.left_on < first:
        return HouseholdStanding.LEFT
    return HouseholdStanding.LINKED_ONLY if household.kinds else HouseholdStanding.NOTHING
