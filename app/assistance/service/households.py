"""Register households and how they are linked, enter what they were paid, and say what counted sales did for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import files
from app.assistance import queries
from app.assistance.models import (
    HouseholdAccessRow,
    HouseholdRow,
    LinkageRow,
    PaymentListDecisionRow,
    PaymentListRow,
    SupplierFigureRow,
)
from app.assistance.queries.households import BANK, NUMBER
from app.assistance.rules.attribution import OF_MATERIAL
from app.assistance.rules.benefits import Benefits, By, summarise
from app.assistance.rules.goals import Filter
from app.assistance.rules.households import (
    FigureKind,
    FigureOverlaps,
    Household,
    Linkage,
    LinkKind,
    ListDecided,
    ListStatus,
    NewHousehold,
    NewLinkage,
    Payment,
    PaymentList,
    PaymentsRefused,
    ReversedAlready,
    amount_of,
)
from app.assistance.rules.progress import SecondOfficerNeeded
from app.assistance.rules.season import Period, year_until
from app.catalogue import ROOTS
from app.core.clock import local_day
from app.core.db import dump
from app.core.errors import Fault, InvalidInput, NotFound
from app.core.ids import new_id
from app.core.sealing import keys
from app.identity import Actor
from app.suppliers import TOWNSHIPS
from app.suppliers import cards as supplier_cards

_MOST_FAULTS = 100
# One value for any number of rows: thousands of them are entered at once.
_PAY = text("""
INSERT INTO assistance_household_payment
SELECT * FROM json_populate_recordset(CAST(NULL AS assistance_household_payment), CAST(:rows AS json))
""")


_TAKE_BACK = text("""
INSERT INTO assistance_payment_taken_back (payment_id, reversal_id)
SELECT reverses, id FROM assistance_household_payment WHERE list_id = :list AND reverses IS NOT NULL ORDER BY reverses
""")


async def register_household(session: AsyncSession, new: NewHousehold, *, by: Actor, now: datetime) -> Household:
    """Enter a household; its number and bank tail are sealed. Raises ``HouseholdExists``, ``InvalidInput``."""
    if new.township_code not in TOWNSHIPS:
        raise InvalidInput(faults=[Fault("/township_code", "unknown_township", "没有该乡镇", "there is none")])
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
) -> tuple[Household, list[Linkage], list[tuple[UUID, Payment, ListStatus]]]:
    """One household with its number, linkages and payments; who looked and why is written down. Raises ``NotFound``."""
    found = await queries.household(session, household_id, named=True)
    access = {"household_id": household_id, "by_account": by.account_id, "at": now, "why": why}
    await session.execute(insert(HouseholdAccessRow).values(id=new_id(now), **access))
    return found, await queries.linkages(session, household_id), await queries.payments(session, household_id)


async def leave(session: AsyncSession, household_id: UUID, *, on: date) -> Household:
    """Say that a household moved away or ended on a day. Raises ``NotFound``."""
    (await queries.lock_household(session, household_id)).left_on = on
    await session.flush()
    return await queries.household(session, household_id)


async def link(session: AsyncSession, new: NewLinkage, *, by: Actor, now: datetime) -> Linkage:
    """Link a household with a supplier by a contract or register entry. Raises ``NotFound``, ``InvalidInput``."""
    await queries.household(session, new.household_id)
    await _known_supplier(session, new.supplier_id)
    (linkage,) = await link_households(session, [new], by=by, now=now)
    return linkage


async def link_households(
    session: AsyncSession, new: Sequence[NewLinkage], *, by: Actor, now: datetime
) -> list[Linkage]:
    """Link many registered households with suppliers in one statement."""
    linkages = [Linkage(id=new_id(now), **{name: getattr(one, name) for name in NewLinkage.__slots__}) for one in new]
    rows = [
        {name: getattr(one, name) for name in Linkage.__slots__}
        | {"kind": one.kind.value, "entered_by": by.account_id, "entered_at": now}
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
    if await queries.figure_overlaps(session, supplier_id, kind, category, first, last):
        raise FigureOverlaps
    figure_id = new_id(now)
    row = {"supplier_id": supplier_id, "kind": kind.value, "category": category, "starts_on": first, "ends_on": last}
    who = {"evidence": evidence, "entered_by": by.account_id, "entered_at": now}
    await session.execute(insert(SupplierFigureRow).values(id=figure_id, value=value, **row, **who))
    return figure_id


async def enter_payments(
    session: AsyncSession,
    payments: Sequence[Payment],
    *,
    source: str = "entered",
    note: str,
    evidence: Sequence[UUID] = (),
    by: Actor,
    now: datetime,
) -> PaymentList:
    """Enter payments as one list: all of it or nothing. It counts once another officer approves.

    A reversal names an approved payment and takes all of it back; what else it says must be that payment's. Raises
    ``PaymentsRefused`` with a fault for each row that cannot be taken, ``ReversedAlready``, ``UnknownFile``.
    """
    faults = [
        *_plain_faults(payments, local_day(now)),
        *await _unknown(session, payments),
        *await _reversal_faults(session, payments),
    ]
    if faults:
        raise PaymentsRefused(faults=faults[:_MOST_FAULTS])
    list_id = new_id(now)
    total = sum(payment.amount_fen for payment in payments)
    kept = {"source": source, "rows": len(payments), "total_fen": total, "note": note}
    await session.execute(insert(PaymentListRow).values(id=list_id, **kept, entered_by=by.account_id, entered_at=now))
    rows = [
        {name: _plain(getattr(payment, name)) for name in Payment.__slots__}
        | {"id": str(new_id(now)), "list_id": str(list_id)}
        for payment in payments
    ]
    await session.execute(_PAY, {"rows": dump(rows)})
    purpose = files.Purpose.EVIDENCE
    await files.attach(session, evidence, owner=by, purpose=purpose, to=list_id, now=now, pointer="/evidence")
    return await queries.payment_list(session, list_id)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, UUID | date) else value


async def decide_payments(
    session: AsyncSession, list_id: UUID, *, approve: bool, note: str, by: Actor, now: datetime
) -> PaymentList:
    """Approve or decline a list that another officer entered.

    Raises ``NotFound``, ``ListDecided``, ``SecondOfficerNeeded``, ``ReversedAlready``: what several lists propose to
    take back is taken back by the one that is approved first.
    """
    found = await queries.payment_list(session, list_id)
    if found.status is not ListStatus.WAITING:
        raise ListDecided
    if found.entered_by == by.account_id:
        raise SecondOfficerNeeded
    verdict = ListStatus.APPROVED if approve else ListStatus.DECLINED
    decision = {"verdict": verdict.value, "note": note, "decided_by": by.account_id, "decided_at": now}
    await session.execute(insert(PaymentListDecisionRow).values(list_id=list_id, **decision))
    if approve:
        await session.execute(_TAKE_BACK, {"list": list_id})
        await queries.note_reach(session, list_id, year_until(local_day(now)))
    return await queries.payment_list(session, list_id)


async def benefits(session: AsyncSession, period: Period, by: By, *, only: Filter | None = None) -> Benefits:
    """What the counted sales of a period did for households, grouped and altogether."""
    return summarise(await queries.evidence(session, period, only), period, by)


async def _known_supplier(session: AsyncSession, supplier_id: UUID) -> None:
    if not await supplier_cards(session, [supplier_id]):
        raise InvalidInput(faults=[Fault("/supplier_id", "unknown_supplier", "没有该供应商", "there is none")])


def _fault(index: int, field: str, code: str, zh: str, en: str) -> Fault:
    return Fault(f"/payments/{index}/{field}", code, zh, en)


def _plain_faults(payments: Sequence[Payment], today: date) -> list[Fault]:
    faults = []
    for index, one in enumerate(payments):
        if one.paid_on > today:
            faults.append(_fault(index, "paid_on", "in_future", "日期在未来", "lies in the future"))
        if (one.category is not None) != (one.kind in OF_MATERIAL):
            faults.append(_fault(index, "category", "category", "原料类收益须注明产品线", "of material alone"))
        elif one.category is not None and one.category not in ROOTS:
            faults.append(_fault(index, "category", "category", "没有该产品线", "there is no such line"))
        if one.kind is LinkKind.PURCHASE and (one.quantity_milli is None or one.unit_price_fen is None):
            faults.append(_fault(index, "quantity", "missing", "收购须填重量和单价", "a purchase has weight and price"))
        if (one.reverses is None) != (one.amount_fen > 0):
            faults.append(_fault(index, "amount_fen", "sign", "金额应为正，冲销为负", "positive, or a reversal"))
        exact = one.quantity_milli is not None and one.unit_price_fen is not None
        if exact and amount_of(one.quantity_milli or 0, one.unit_price_fen or 0) != abs(one.amount_fen):
            faults.append(_fault(index, "amount_fen", "amount_differs", "不等于数量×单价", "not quantity × price"))
    return faults


async def _unknown(session: AsyncSession, payments: Sequence[Payment]) -> list[Fault]:
    found = await queries.known_of(session, payments)
    faults = []
    for index, one in enumerate(payments):
        if one.household_id not in found.households:
            faults.append(_fault(index, "household", "unknown_household", "没有该农户", "there is no such household"))
        if one.supplier_id not in found.suppliers:
            faults.append(_fault(index, "supplier", "unknown_supplier", "没有该供应商", "there is no such supplier"))
        if one.lot_id is not None and found.lots.get(one.lot_id) != one.supplier_id:
            faults.append(_fault(index, "lot", "unknown_lot", "没有该供应商的该批次", "no such lot of the supplier"))
    return faults


async def _reversal_faults(session: AsyncSession, payments: Sequence[Payment]) -> list[Fault]:
    taken = {one.reverses for one in payments if one.reverses is not None}
    if not taken:
        return []
    found = await queries.reversible(session, sorted(taken))
    if any(one["taken_back"] for one in found.values()):
        raise ReversedAlready
    faults, seen = [], set()
    for index, one in enumerate(payments):
        if one.reverses is None:
            continue
        if one.reverses in seen or not _takes_back(one, found.get(one.reverses)):
            zh, en = "没有这样一笔尚未冲销的已审批收益", "no approved payment like this that is not reversed"
            faults.append(_fault(index, "reverses", "not_reversible", zh, en))
        seen.add(one.reverses)
    return faults


def _takes_back(reversal: Payment, payment: Mapping[str, object] | None) -> bool:
    same = ("household_id", "supplier_id", "kind", "category", "quantity_milli", "unit_price_fen", "lot_id")
    return (
        payment is not None
        and payment["amount_fen"] == -reversal.amount_fen
        and all(payment[name] == getattr(reversal, name) for name in (*same, "reference_price_fen"))
    )


async def reversal_of(session: AsyncSession, payment_id: UUID, *, on: date) -> Payment:
    """The row that takes back an approved payment on a day. Raises ``NotFound``."""
    found = (await queries.reversible(session, [payment_id])).get(payment_id)
    if found is None:
        raise NotFound
    values = {name: found[name] for name in found if name not in ("id", "kind", "amount_fen", "taken_back")}
    return Payment(
        **values,
        kind=LinkKind(found["kind"]),
        amount_fen=-found["amount_fen"],
        paid_on=on,
        to_own_account=True,
        reverses=payment_id,
    )
