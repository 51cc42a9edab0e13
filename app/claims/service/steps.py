"""One step of a claim: the state, its history, and what an ending means for the order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import orders
from app.claims.events import ClaimSettled
from app.claims.lifecycle import ENDED, Step
from app.claims.models import ClaimEventRow, ClaimRow
from app.claims.rules import Kind, Liable, Party
from app.core.events import emit
from app.identity import Actor


@dataclass(frozen=True, slots=True)
class Doer:
    """Who takes a step, and for whom; ``actor`` is None for the clock and the carrier."""

    party: Party
    actor: Actor | None = None

    @property
    def account_id(self) -> UUID | None:
        """The account, if it is a person's doing."""
        return None if self.actor is None else self.actor.account_id


CLOCK = Doer(Party.SYSTEM)


async def take(
    session: AsyncSession,
    claim: ClaimRow,
    step: Step,
    *,
    doer: Doer,
    now: datetime,
    reason: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Take a step and write it down. With the last one the order waits no longer. Raises ``ClaimStepNotAllowed``."""
    reached = claim.take(step, now=now, due_at=due_at)
    session.add(
        ClaimEventRow(
            claim_id=claim.id,
            status=reached.value,
            party=doer.party.value,
            by_account=doer.account_id,
            reason=reason,
            at=now,
        )
    )
    await session.flush()
    if reached not in ENDED:
        return
    await orders.release_confirmation(session, claim.supplier_order_id)
    paid = claim.refund_id is not None
    emit(
        session,
        ClaimSettled(
            claim_id=claim.id,
            order_id=claim.order_id,
            supplier_order_id=claim.supplier_order_id,
            supplier_id=claim.supplier_id,
            kind=Kind(claim.kind),
            outcome=reached,
            liable=None if claim.liable is None else Liable(claim.liable),
            refund_id=claim.refund_id,
            refund_fen=claim.refund_fen if paid else 0,
            freight_fen=claim.freight_fen if paid else 0,
            at=now,
        ),
    )
