"""Enter what households were paid, decide about it, and say what counted sales did for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import files
from app.assistance import queries
from app.assistance.models import (
    PaymentListDecisionRow,
    PaymentListRow,
)
from app.assistance.rules.attribution import OF_MATERIAL
from app.assistance.rules.benefits import Benefits, By, summarise
from app.assistance.rules.goals import Filter
from app.assistance.rules.households import (
    LinkKind,
    ListDecided,
    ListStatus,
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
from app.core.errors import Fault, NotFound
from app.core.ids import new_id
from app.identity import Actor

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


async def enter_payments(
    session: AsyncSession,
    payments: Sequence[Payment],
    *,
    source: str = "entered",
    of_supplier: UUID | None = None,
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
        *await _twice(session, payments),
    ]
    if of_supplier is not None and any(one.supplier_id != of_supplier for one in payments):
        raise NotFound
    if faults:
        raise PaymentsRefused(faults=faults[:_MOST_FAULTS])
    list_id = new_id(now)
    total = sum(payment.amount_fen for payment in payments)
    kept = {"source": source, "supplier_id": of_supplier, "rows": len(payments), "total_fen": total, "note": note}
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

    What was paid in a month that is closed counts from the first open day on. Raises ``NotFound``, ``ListDecided``,
    ``SecondOfficerNeeded``, ``ReversedAlready``: what several lists propose to
    take back is taken back by the one that is approved first.
    """
    found = await queries.payment_list(session, list_id)
    if found.status is not ListStatus.WAITING:
        raise ListDecided
    if found.entered_by == by.account_id:
        raise SecondOfficerNeeded
    verdict = ListStatus.APPROVED if approve else ListStatus.DECLINED
    who = {"decided_by": by.account_id, "decided_at": now}
    decision = {"verdict": verdict.value, "note": note, "counts_from": await queries.open_from(session)}
    await session.execute(insert(PaymentListDecisionRow).values(list_id=list_id, **decision, **who))
    if approve:
        await session.execute(_TAKE_BACK, {"list": list_id})
        await queries.note_reach(session, list_id, year_until(local_day(now)))
    return await queries.payment_list(session, list_id)


async def benefits(session: AsyncSession, period: Period, by: By, *, only: Filter | None = None) -> Benefits:
    """What the counted sales of a period did for households, grouped and altogether."""
    return summarise(await queries.evidence(session, period, only), period, by)


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


async def _twice(session: AsyncSession, payments: Sequence[Payment]) -> list[Fault]:
    """A voucher stands once for a household and month, here and on record."""
    named = [(at, one) for at, one in enumerate(payments) if one.voucher_no is not None and one.reverses is None]
    if not named:
        return []
    seen: set[tuple[object, ...]] = set()
    found = set()
    for at, one in named:
        key = (one.household_id, one.supplier_id, one.voucher_no, one.paid_on.year, one.paid_on.month)
        if key in seen:
            found.add(at)
        seen.add(key)
    known = await queries.paid_already(session, [one for _, one in named])
    found |= {named[place][0] for place, by_voucher in known if by_voucher}
    zh, en = "该农户该月已有同一凭证号的收益", "this voucher of the household and month is on record"
    return [_fault(at, "voucher_no", "duplicate", zh, en) for at in sorted(found)]


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
