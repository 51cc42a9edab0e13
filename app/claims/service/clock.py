"""What happens by itself when somebody does not answer in time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from structlog import get_logger

from app import inventory, orders
from app.claims import queries
from app.claims.lifecycle import Status, Step
from app.claims.models import ClaimRow
from app.claims.rules import LOOKED_AT_AGAIN_AFTER, Remedy
from app.claims.service.decide import agree, at_fault, pay
from app.claims.service.steps import CLOCK, take
from app.core.db import attempt

log = get_logger("claims")


async def move_due(session: AsyncSession, *, now: datetime, limit: int = 50) -> int:
    """Move on the claims that are due; returns how many were looked at (domain handbook §6.5).

    A supplier who says nothing agrees; a buyer who sends nothing back keeps the goods; goods that came back are paid
    for, looked at or not; and whatever got stuck is looked at by people. A claim that fails does so alone, and is tried
    again later.
    """
    claim_ids = await queries.due(session, now, limit)
    for claim_id in claim_ids:
        try:
            async with attempt(session):
                claim, basis = await queries.lock(session, claim_id)
                if claim.due_at is not None and claim.due_at <= now:
                    await _move(session, claim, basis, now)
        except Exception as error:
            log.exception("claim_stuck", claim=str(claim_id), error=type(error).__name__)
            await queries.postpone(session, claim_id, until=now + LOOKED_AT_AGAIN_AFTER)
    return len(claim_ids)


async def _move(session: AsyncSession, claim: ClaimRow, basis: orders.ClaimBasis, now: datetime) -> None:
    moved = False
    match Status(claim.status):
        case Status.SUPPLIER_REVIEW:
            claim.liable = at_fault(claim).value
            moved = await _agree_in_silence(session, claim, basis, now)
        case Status.AGREED:
            await take(session, claim, Step.LAPSE, doer=CLOCK, now=now)
            moved = True
        case Status.INSPECTING:
            claim.sellable = False  # nobody looked: nothing is booked into stock
            await take(session, claim, Step.RECEIVE, doer=CLOCK, now=now)
            moved = await pay(session, claim, basis, doer=CLOCK, now=now)
        case Status.RETURNED:
            moved = await pay(session, claim, basis, doer=CLOCK, now=now)
        case Status.RESHIPPING:
            await inventory.release(session, [claim.id], now=now)
        case _:
            pass
    if not moved:
        await take(session, claim, Step.ESCALATE, doer=CLOCK, now=now)


async def _agree_in_silence(session: AsyncSession, claim: ClaimRow, basis: orders.ClaimBasis, now: datetime) -> bool:
    try:
        return await agree(session, claim, basis, doer=CLOCK, reason=None, now=now)
    except inventory.OutOfStock:
        claim.remedy = Remedy.REFUND.value
        return await agree(session, claim, basis, doer=CLOCK, reason=None, now=now)
