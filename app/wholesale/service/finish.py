"""What ends an order before its goods do: the partner, an operator, the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory, partners
from app.core.clock import local_day
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.partners import Credit, CreditKind
from app.wholesale import queries
from app.wholesale.events import GoodsMissing, PurchaseOrderCancelled
from app.wholesale.lifecycle import Status, Step
from app.wholesale.models import AnswerRow, MissingRow
from app.wholesale.queries import Locked
from app.wholesale.rules import Ack
from app.wholesale.rules.orders import AnswerKind, PurchaseOrder
from app.wholesale.service.appointments import free_room
from app.wholesale.service.promise import note_step

PAPERS_DAYS = 7
"""So long after its last day an order waits for the receipts of goods that came in time."""
LOST_AFTER_DAYS = 14
"""The same for an order of which nothing was received, unless a setting says otherwise."""
NOT_RECEIVED = "逾期未见验收单，关闭并核实货物去向 / no receipt came; closed, and the goods are asked for"
NOT_SENT = "未在最后到货日前发货 / not sent by the last day"


async def cancel(
    session: AsyncSession,
    po_id: UUID,
    *,
    partner_id: UUID | None,
    by: Actor,
    reason: str | None,
    now: datetime,
) -> tuple[PurchaseOrder, Credit]:
    """Give up an order of which nothing was shipped: stock, credit and its time at the dock are free again.

    ``partner_id`` is None for operators. Raises ``NotFound``, ``PoStepNotAllowed``.
    """
    locked = await queries.lock(session, po_id, partner_id=partner_id)
    po, held = locked.po, locked.status is Status.CONFIRMED
    po.take(Step.CANCEL)
    po.closed_at = now
    note_step(session, po, by=by.account_id, now=now, reason=reason)
    await session.flush()
    await free_room(session, locked, now=now)
    if held:
        credit = await _give_back(session, locked, po.total_fen, now=now)
        await inventory.release(session, [po.id], now=now, by=by.account_id)
    else:
        credit = await partners.credit(session, po.partner_id)
    emit(session, PurchaseOrderCancelled(po_id=po.id, partner_id=po.partner_id, status=po.status, at=now))
    return await queries.told(session, locked), credit


async def _give_back(session: AsyncSession, locked: Locked, amount_fen: int, *, now: datetime) -> Credit:
    po = locked.po
    if not amount_fen:
        return await partners.credit(session, po.partner_id)
    return await partners.give_credit(
        session,
        po.partner_id,
        reference=po.id,
        source_id=po.id,
        kind=CreditKind.CANCELLED,
        amount_fen=amount_fen,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class _Back:
    """Credit that goes back."""

    partner_id: UUID
    po_id: UUID
    source_id: UUID
    kind: CreditKind
    amount_fen: int


async def close_due(
    session: AsyncSession, *, now: datetime, limit: int = 100, lost_after_days: int = LOST_AFTER_DAYS
) -> int:
    """What did not come by the last day will not come any more; returns how many orders that concerned.

    Orders that wait or of which nothing was sent expire; of others the part that was not sent is taken back, and a week
    later, when all receipts are in, they are closed. One of which nothing was received waits ``lost_after_days``. What
    was sent and not received is then asked for. Credit of all of them first, by partner, then their stock, so that
    nobody who places an order meanwhile waits in a ring.
    """
    today = local_day(now)
    papers_after, lost_before = today - timedelta(days=PAPERS_DAYS), today - timedelta(days=lost_after_days)
    orders = await queries.lock_due(session, today, papers_after, lost_before, limit)
    back: list[_Back] = []
    for locked in orders:
        po = locked.po
        match locked.status:
            case Status.NEEDS_APPROVAL:
                _end(session, locked, Step.EXPIRE, now=now)
            case Status.CONFIRMED:
                back.append(_Back(po.partner_id, po.id, po.id, CreditKind.CANCELLED, po.total_fen))
                _end(session, locked, Step.EXPIRE, now=now)
            case _:
                back += await _take_back_unsent(session, locked, now=now)
                lost = locked.status is Status.SHIPPED
                if po.closes_on < (lost_before if lost else papers_after):
                    missing = sum(
                        (line.promised_units - line.delivered_units) * line.unit_price_fen for line in locked.lines
                    )
                    back.append(_Back(po.partner_id, po.id, po.id, CreditKind.CANCELLED, missing))
                    _ask_for_goods(session, locked, now=now)
                    _end(session, locked, Step.CLOSE, now=now, reason=NOT_RECEIVED if lost else None)
    await session.flush()
    for one in sorted(back, key=lambda one: (one.partner_id, one.po_id)):
        if one.amount_fen:
            await partners.give_credit(
                session,
                one.partner_id,
                reference=one.po_id,
                source_id=one.source_id,
                kind=one.kind,
                amount_fen=one.amount_fen,
                now=now,
            )
    await inventory.release(session, [locked.po.id for locked in orders], now=now)
    return len(orders)


def _end(session: AsyncSession, locked: Locked, step: Step, *, now: datetime, reason: str | None = None) -> None:
    po = locked.po
    po.take(step)
    po.closed_at = now
    note_step(session, po, by=None, now=now, reason=reason)
    emit(session, PurchaseOrderCancelled(po_id=po.id, partner_id=po.partner_id, status=po.status, at=now))


def _ask_for_goods(session: AsyncSession, locked: Locked, *, now: datetime) -> None:
    """What left the house and came to no dock: somebody has to find out where it is."""
    for line in locked.lines:
        if units := line.shipped_units - line.delivered_units:
            missing = MissingRow(id=new_id(now), po_id=locked.po.id, line_id=line.id, units=units, noticed_at=now)
            session.add(missing)
            emit(
                session,
                GoodsMissing(
                    missing_id=missing.id,
                    po_id=locked.po.id,
                    line_id=line.id,
                    supplier_id=line.supplier_id,
                    sku=line.sku,
                    units=units,
                    at=now,
                ),
            )


async def _take_back_unsent(session: AsyncSession, locked: Locked, *, now: datetime) -> list[_Back]:
    back = []
    for line in locked.lines:
        unsent = line.promised_units - line.shipped_units
        if not unsent:
            continue
        answer = AnswerRow(
            id=new_id(now),
            po_id=locked.po.id,
            line_id=line.id,
            kind=AnswerKind.CUT.value,
            sku=line.sku,
            units=line.shipped_units,
            unit_price_fen=line.unit_price_fen,
            reason=NOT_SENT,
            at=now,
            by_account=None,
            decided_at=now,
            accepted=True,
        )
        session.add(answer)
        line.promised_units = line.shipped_units
        line.ack, line.ack_reason = (Ack.CUT if line.shipped_units else Ack.REJECTED).value, NOT_SENT
        worth = unsent * line.unit_price_fen
        back.append(_Back(locked.po.partner_id, locked.po.id, answer.id, CreditKind.AMENDED, worth))
    if back:
        locked.po.total_fen = locked.worth()
        note_step(session, locked.po, by=None, now=now, reason=NOT_SENT)
    return back
