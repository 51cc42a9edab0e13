"""The register of households as officers look at it, and what one household's income is made of."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.queries.benefits import evidence
from app.assistance.queries.households import REGISTERED
from app.assistance.rules.attribution import Allocated
from app.assistance.rules.benefits import By, Work, summarise, weigh, works
from app.assistance.rules.goals import Filter
from app.assistance.rules.households import LinkKind
from app.assistance.rules.register import HouseholdStanding, Register, Registered, listed
from app.assistance.rules.season import Period

_LISTED = text(f"""
WITH k AS MATERIALIZED (
    SELECT household_id, array_agg(DISTINCT kind ORDER BY kind) AS kinds, array_agg(DISTINCT supplier_id) AS suppliers
    FROM assistance_linkage WHERE valid_from <= :last AND (valid_to IS NULL OR valid_to >= :first)
    GROUP BY household_id
)
SELECT h.id, h.township_code, t.name AS township, h.village, h.classes, h.persons, h.left_on,
       coalesce(k.kinds, '{{}}') AS kinds, coalesce(k.suppliers, '{{}}') AS suppliers
FROM ({REGISTERED.format(day=":last")}) h JOIN suppliers_township t ON t.code = h.township_code
LEFT JOIN k ON k.household_id = h.id
WHERE (CAST(:township AS text) IS NULL OR h.township_code = :township)
""")


async def register(
    session: AsyncSession,
    period: Period,
    *,
    township: str | None = None,
    supplier: UUID | None = None,
    kind: LinkKind | None = None,
    standing: HouseholdStanding | None = None,
) -> Register:
    """The register at the end of a period: three statements for any number of households.

    ``supplier`` and ``township`` narrow the sums as well, ``kind`` of a contract and ``standing`` the rows alone.
    """
    only = Filter(
        suppliers=None if supplier is None else (supplier,), townships=None if township is None else (township,)
    )
    found = await evidence(session, period, only)
    _, allocated = weigh(found, period)
    values = {"first": period.starts_on, "last": period.ends_on, "township": township}
    rows = (await session.execute(_LISTED, values)).mappings()
    payees = {one.paid.household for one in allocated}
    households = [
        Registered(**{**row, "kinds": tuple(map(LinkKind, row["kinds"])), "suppliers": tuple(row["suppliers"])})
        for row in rows
        if supplier is None or supplier in row["suppliers"] or row["id"] in payees
    ]
    return Register(
        rows=[
            one
            for one in listed(households, allocated, period.starts_on)
            if (kind is None or kind in one.household.kinds) and (standing is None or one.standing is standing)
        ],
        benefits=summarise(found, period, By.SUPPLIER),
        suppliers=found.suppliers,
    )


async def income_of(session: AsyncSession, household_id: UUID, first: date, last: date) -> list[tuple[Allocated, Work]]:
    """What a household was allocated of a period, each part with the working of its supplier and line."""
    period = Period(first, last)
    found = await evidence(session, period)
    told, allocated = weigh(found, period)
    by_line = {(one.supplier, one.category): one for one in works(found, told, allocated, period)}
    return [
        (one, by_line[one.paid.supplier, one.paid.category if one.paid.of_material else None])
        for one in allocated
        if one.paid.household == household_id
    ]
