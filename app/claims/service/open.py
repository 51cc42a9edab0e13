"""The buyer's verbs: make a claim, take it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import files, orders
from app.claims import queries
from app.claims.events import ClaimOpened
from app.claims.lifecycle import Status, Step
from app.claims.models import ClaimLineRow, ClaimRow
from app.claims.rules import Claim, Kind, NewClaim, Party, assess
from app.claims.service.steps import Doer, take
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor


async def open_claim(
    session: AsyncSession, order_id: UUID, wanted: NewClaim, *, by: Actor, now: datetime, review_hours: int
) -> Claim:
    """Make a claim on goods of one supplier; the order does not confirm itself while it is open (handbook §2.8).

    The supplier has ``review_hours`` to answer; what is of no particular kind goes to the marketplace at once.
    Raises ``NotFound``, ``UnknownLine``, ``NotRefundable``, ``UnknownFile`` and the refusals of ``rules.assess``.
    """
    basis = await orders.claim_basis(session, order_id, by=by)
    for asked in wanted.lines:
        if (line := basis.line(asked.line_id)).shipped_at is None:
            raise orders.NotRefundable(status=line.status)
    held = await queries.held(session, [asked.line_id for asked in wanted.lines], wanted.kind)
    assessed = assess(wanted, basis, held, now=now)
    concerned = assessed.lines[0].line
    claim = ClaimRow(
        id=new_id(now),
        order_id=order_id,
        order_number=basis.number,
        supplier_order_id=concerned.supplier_order_id,
        supplier_id=concerned.supplier_id,
        buyer_id=by.account_id,
        kind=wanted.kind.value,
        remedy=assessed.remedy.value,
        status=Status.APPLIED.value,
        refund_fen=assessed.refund_fen,
        freight_fen=assessed.freight_fen,
        note=wanted.note,
        opened_at=now,
    )
    session.add(claim)
    await session.flush()
    session.add_all(
        ClaimLineRow(
            id=new_id(now),
            claim_id=claim.id,
            line_id=worth.line.id,
            position=position,
            sku=worth.line.sku,
            name=worth.line.name,
            quantity=worth.asked.quantity,
            bad_pieces=worth.asked.bad_pieces,
            total_pieces=worth.asked.total_pieces,
            refund_fen=worth.refund_fen,
            refund_quantity=worth.refund_quantity,
        )
        for position, worth in enumerate(assessed.lines)
    )
    await files.attach(session, wanted.photos, owner=by, purpose=files.Purpose.CLAIM, to=claim.id, now=now)
    doer = Doer(Party.BUYER, by)
    if wanted.kind is Kind.OTHER:
        await take(session, claim, Step.ESCALATE, doer=doer, now=now)
    else:
        await take(session, claim, Step.SUBMIT, doer=doer, now=now, due_at=now + timedelta(hours=review_hours))
    await orders.hold_confirmation(session, claim.supplier_order_id)
    emit(
        session,
        ClaimOpened(
            claim_id=claim.id,
            order_id=order_id,
            supplier_order_id=claim.supplier_order_id,
            supplier_id=claim.supplier_id,
            kind=wanted.kind,
            refund_fen=claim.refund_fen,
            at=now,
        ),
    )
    return await queries.get(session, claim.id, now=now)


async def withdraw(session: AsyncSession, claim_id: UUID, *, by: Actor, now: datetime) -> Claim:
    """The buyer takes the claim back. Raises ``NotFound``, ``ClaimStepNotAllowed``."""
    claim, _ = await queries.lock(session, claim_id, buyer_id=by.account_id)
    await take(session, claim, Step.WITHDRAW, doer=Doer(Party.BUYER, by), now=now)
    return await queries.get(session, claim_id, now=now)
