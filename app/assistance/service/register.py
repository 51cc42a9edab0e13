"""Register households, write down what becomes of them, how they are linked, and what suppliers declared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.models import (
    HouseholdAccessRow,
    HouseholdRow,
    HouseholdVersionRow,
    LinkageRow,
    SupplierFigureRow,
)
from app.assistance.queries.households import BANK, NUMBER
from app.assistance.rules.households import (
    ChangedLater,
    ChangeInClosedMonth,
    ChangeKind,
    Differences,
    FigureKind,
    FigureOverlaps,
    Household,
    HouseholdFile,
    Linkage,
    NewHousehold,
    NewLinkage,
    NothingChanged,
)
from app.catalogue import ROOTS
from app.core.clock import local_day
from app.core.errors import Fault, InvalidInput
from app.core.ids import new_id
from app.core.sealing import keys
from app.identity import Actor
from app.suppliers import TOWNSHIPS
from app.suppliers import cards as supplier_cards

_NO_TOWNSHIP = Fault("/township_code", "unknown_township", "没有该乡镇", "there is none")


async def register_household(session: AsyncSession, new: NewHousehold, *, by: Actor, now: datetime) -> Household:
    """Enter a household; its number and bank tail are sealed. Raises ``HouseholdExists``, ``InvalidInput``."""
    if new.township_code not in TOWNSHIPS:
        raise InvalidInput(faults=[_NO_TOWNSHIP])
    (household_id,) = await register_households(session, [new], by=by, now=now)
    return await queries.household(session, household_id)


async def register_households(
    session: AsyncSession, new: Sequence[NewHousehold], *, by: Actor, now: datetime
) -> list[UUID]:
    """Enter many households of known townships in one statement; their ids in order. Raises ``HouseholdExists``."""
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(now),
            "number_sealed": keys().seal(one.number, NUMBER),
            "number_index": queries.blind(one.number),
            "township_code": one.township_code,
            "village": one.village,
            "classes": dict(one.classes),
            "persons": one.persons,
            "persons_linked": one.persons_linked,
            "consented_on": one.consented_on,
            "bank_sealed": None if one.bank_tail is None else keys().seal(one.bank_tail, BANK),
            "entered_by": by.account_id,
            "entered_at": now,
        }
        for one in new
    ]
    await session.execute(insert(HouseholdRow), rows)
    return [row["id"] for row in rows]


async def see_household(
    session: AsyncSession, household_id: UUID, *, why: str, by: Actor, now: datetime
) -> HouseholdFile:
    """All of one household, its number too; who looked and why is written down. Raises ``NotFound``."""
    found = await queries.household(session, household_id, named=True)
    access = {"household_id": household_id, "by_account": by.account_id, "at": now, "why": why}
    await session.execute(insert(HouseholdAccessRow).values(id=new_id(now), **access))
    return HouseholdFile(
        found,
        await queries.versions(session, household_id),
        await queries.linkages(session, household_id),
        await queries.payments(session, household_id),
    )


async def change_household(
    session: AsyncSession,
    household_id: UUID,
    change: ChangeKind,
    told: Differences,
    *,
    on: date,
    note: str,
    by: Actor,
    now: datetime,
) -> Household:
    """Write down what is true of a household from a day on; what was true before stays for the days before.

    Raises ``NotFound``, ``InvalidInput``, ``ChangeInClosedMonth``, ``ChangedLater``, ``NothingChanged``.
    """
    await _write_version(session, household_id, change, told, on=on, note=note, by=by, now=now)
    return await queries.household(session, household_id)


async def split_household(
    session: AsyncSession,
    household_id: UUID,
    new: NewHousehold,
    left: Differences,
    *,
    on: date,
    note: str,
    by: Actor,
    now: datetime,
) -> Household:
    """Some persons of a household become one of their own: register it, and say how many are left.

    Raises ``NotFound``, ``InvalidInput``, ``HouseholdExists``, ``ChangeInClosedMonth``, ``ChangedLater``,
    ``NothingChanged``.
    """
    made = await register_household(session, new, by=by, now=now)
    await _write_version(
        session, household_id, ChangeKind.SPLIT, left, on=on, note=note, split_into=made.id, by=by, now=now
    )
    return made


async def _write_version(
    session: AsyncSession,
    household_id: UUID,
    change: ChangeKind,
    told: Differences,
    *,
    on: date,
    note: str,
    split_into: UUID | None = None,
    by: Actor,
    now: datetime,
) -> None:
    await queries.lock_household(session, household_id)
    found, before = await queries.household(session, household_id), await queries.versions(session, household_id)
    open_day = await queries.open_from(session)
    if on > local_day(now):
        raise InvalidInput(faults=[Fault("/on", "in_future", "日期在未来", "lies in the future")])
    if open_day is not None and on < open_day:
        raise ChangeInClosedMonth(day=open_day)
    if before and on < before[0].valid_from:
        raise ChangedLater(day=before[0].valid_from)
    if told.township_code is not None and told.township_code not in TOWNSHIPS:
        raise InvalidInput(faults=[_NO_TOWNSHIP])
    was = {name: getattr(found, name) for name in Differences.__slots__}
    then = was | {name: value for name in was if (value := getattr(told, name)) is not None}
    if then["persons_linked"] > then["persons"]:
        zh, en = "务工等受益人数不能超过家庭人数", "cannot be more than the persons"
        raise InvalidInput(faults=[Fault("/persons_linked", "too_many", zh, en)])
    left_on = on if change is ChangeKind.LEFT else None if change is ChangeKind.RETURNED else found.left_on
    if (then, left_on) == (was, found.left_on):
        raise NothingChanged
    who = {"entered_by": by.account_id, "entered_at": now, "split_into": split_into, "note": note}
    values = {**then, "classes": dict(then["classes"]), "left_on": left_on, "change": change.value, "valid_from": on}
    row = insert(HouseholdVersionRow).values(id=new_id(now), household_id=household_id, **values, **who)
    await session.execute(row)


async def link(session: AsyncSession, new: NewLinkage, *, by: Actor, now: datetime) -> Linkage:
    """Link a household with a supplier by a contract or register entry. Raises ``NotFound``, ``InvalidInput``."""
    await queries.household(session, new.household_id)
    await _known_supplier(session, new.supplier_id)
    (linkage,) = await link_households(session, [new], by=by, now=now)
    return linkage


async def link_households(
    session: AsyncSession, new: Sequence[NewLinkage], *, by: Actor, now: datetime
) -> list[Linkage]:
    """Link many registered households with suppliers in one statement; from the first open day on it counts."""
    open_day = await queries.open_from(session)
    linkages = [Linkage(id=new_id(now), **{name: getattr(one, name) for name in NewLinkage.__slots__}) for one in new]
    rows = [
        {name: getattr(one, name) for name in Linkage.__slots__}
        | {"kind": one.kind.value, "counts_from": open_day, "entered_by": by.account_id, "entered_at": now}
        for one in linkages
    ]
    await session.execute(insert(LinkageRow), rows)
    return linkages


async def declare_figure(
    session: AsyncSession,
    supplier_id: UUID,
    *,
    kind: FigureKind,
    category: str | None,
    first: date,
    last: date,
    value: int,
    evidence: str,
    by: Actor,
    now: datetime,
) -> UUID:
    """Enter what a supplier declared about a span of days; the same span again corrects it.

    Raises ``InvalidInput``, ``FigureOverlaps``.
    """
    await _known_supplier(session, supplier_id)
    if (category is None) != (kind is FigureKind.REVENUE) or (category is not None and category not in ROOTS):
        fault = Fault("/category", "category", "原料数据须注明产品线，收入不填", "of material alone, and one we sell")
        raise InvalidInput(faults=[fault])
    await queries.hold_figures(session, supplier_id)  # or two spans entered at one moment would not see each other
    if await queries.figure_overlaps(session, supplier_id, kind, category, first, last):
        raise FigureOverlaps
    figure_id = new_id(now)
    row = {"supplier_id": supplier_id, "kind": kind.value, "category": category, "starts_on": first, "ends_on": last}
    who = {"evidence": evidence, "entered_by": by.account_id, "entered_at": now}
    await session.execute(insert(SupplierFigureRow).values(id=figure_id, value=value, **row, **who))
    return figure_id


async def _known_supplier(session: AsyncSession, supplier_id: UUID) -> None:
    if not await supplier_cards(session, [supplier_id]):
        raise InvalidInput(faults=[Fault("/supplier_id", "unknown_supplier", "没有该供应商", "there is none")])
