"""The second operator's word: what another one drafted happens exactly once, or not at all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import emit
from app.identity import Actor
from app.settlement import queries
from app.settlement.events import DraftApproved, DraftDeclined
from app.settlement.lifecycle import DraftStep
from app.settlement.models import DraftRow
from app.settlement.queries import drafts
from app.settlement.rules.drafts import Draft, DraftKind, SecondOperatorNeeded
from app.settlement.service.payouts import pay_drafted
from app.settlement.service.statements import put_right


async def approve(session: AsyncSession, draft_id: UUID, *, by: Actor, now: datetime) -> Draft:
    """Let happen what another operator drafted. Of two who decide at once the second finds it decided.

    Raises ``NotFound``, ``SecondOperatorNeeded``, ``DraftStepNotAllowed``, ``DraftOutdated``,
    ``StatementStepNotAllowed``.
    """
    row = await _decide(session, draft_id, DraftStep.APPROVE, by=by, decision=None, now=now)
    if row.statement_id is None:
        await pay_drafted(session, row, by=by, now=now)
    else:
        statement = await queries.lock(session, row.statement_id)
        await put_right(session, statement, reason=row.reason, adjustment_fen=row.amount_fen, by=by, now=now)
    emit(session, DraftApproved(**_told(row, by), at=now))
    await session.flush()
    return await drafts.get(session, draft_id)


async def decline(session: AsyncSession, draft_id: UUID, *, reason: str, by: Actor, now: datetime) -> Draft:
    """Say no to what another operator drafted: its statements wait again as they did before.

    Raises ``NotFound``, ``SecondOperatorNeeded``, ``DraftStepNotAllowed``.
    """
    row = await _decide(session, draft_id, DraftStep.DECLINE, by=by, decision=reason, now=now)
    emit(session, DraftDeclined(**_told(row, by), at=now))
    await session.flush()
    return await drafts.get(session, draft_id)


async def _decide(
    session: AsyncSession, draft_id: UUID, step: DraftStep, *, by: Actor, decision: str | None, now: datetime
) -> DraftRow:
    row = await drafts.lock(session, draft_id)
    if row.drafted_by == by.account_id:
        raise SecondOperatorNeeded
    row.take(step, by=by.account_id, decision=decision, now=now)
    await session.flush()
    return row


def _told(row: DraftRow, by: Actor) -> dict[str, UUID | str | int]:
    kind = DraftKind(row.kind).value
    return {"draft_id": row.id, "kind": kind, "amount_fen": row.amount_fen, "by_account": by.account_id}
