"""Changes of the ledger that take two persons, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries, service
from app.assistance.rules.declared import ClaimedElsewhere, CountedMeanwhile
from app.assistance.rules.proposals import (
    AdjustmentTooLarge,
    NothingToAdjust,
    ProposalDecided,
    ProposalKind,
    ProposalStatus,
    SecondPersonNeeded,
    Verdict,
)
from app.assistance.schemas.periods import AdjustmentIn, ProposalOut, SecondPersonIn
from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    KEY_ERRORS,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    OnceIfKeyed,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.identity import Officer, OfficerAlone

router = APIRouter(prefix="/v1/office", tags=["assistance"])


@router.post(
    "/adjustments",
    status_code=201,
    summary="Propose to correct a counted sale",
    operation_id="propose_adjustment",
    response_model=ProposalOut,
    responses=problems(NotFound, NothingToAdjust, AdjustmentTooLarge, *KEY_ERRORS),
)
async def propose_adjustment(body: AdjustmentIn, by: OfficerAlone, once: OnceIfKeyed, now: Now) -> Response:
    """Once another officer approves it, a new entry is posted into the month that is open; nothing is changed."""

    async def work(session: AsyncSession) -> ProposalOut:
        proposal = await service.propose_adjustment(
            session,
            body.entry_id,
            reason=body.reason,
            quantity=body.quantity,
            weight_g=body.weight_g,
            amount_fen=body.amount_fen,
            note=body.note,
            by=by,
            now=now,
        )
        return ProposalOut.of(proposal)

    return await once.run(201, work)


@router.get(
    "/proposals",
    summary="List proposed changes of the ledger",
    operation_id="list_proposals",
    responses=problems(InvalidCursor),
)
async def list_proposals(
    _: Officer,
    session: ReadSession,
    status: Annotated[ProposalStatus | None, Query(description="`waiting` are those that nobody has decided")] = None,
    kind: Annotated[ProposalKind | None, Query()] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ProposalOut]:
    """The latest first."""
    before = None if cursor is None else UUID(str(decode_cursor("office.proposals", cursor)[0]))
    found = await queries.proposals(session, status=status, kind=kind, before=before, limit=limit + 1)
    following = encode_cursor("office.proposals", str(found[limit - 1].id)) if len(found) > limit else None
    return Page[ProposalOut](items=[ProposalOut.of(one) for one in found[:limit]], next_cursor=following)


@router.get(
    "/proposals/{proposal_id}",
    summary="A proposed change of the ledger",
    operation_id="get_proposal",
    responses=problems(NotFound),
)
async def get_proposal(_: Officer, proposal_id: UUID, session: ReadSession) -> ProposalOut:
    """What is proposed, and what became of it."""
    return ProposalOut.of(await queries.proposal(session, proposal_id))


@router.post(
    "/proposals/{proposal_id}/approve",
    summary="Approve a change of the ledger",
    operation_id="approve_proposal",
    responses=problems(
        NotFound, ProposalDecided, SecondPersonNeeded, AdjustmentTooLarge, ClaimedElsewhere, CountedMeanwhile
    ),
)
async def approve_proposal(
    proposal_id: UUID, body: SecondPersonIn, by: OfficerAlone, session: WriteSession, now: Now
) -> ProposalOut:
    """The second person agrees, and the entry is posted. Whoever proposed it cannot."""
    return ProposalOut.of(
        await service.decide_proposal(session, proposal_id, Verdict.APPROVED, note=body.note, by=by, now=now)
    )


@router.post(
    "/proposals/{proposal_id}/decline",
    summary="Decline a change of the ledger",
    operation_id="decline_proposal",
    responses=problems(NotFound, ProposalDecided, SecondPersonNeeded),
)
async def decline_proposal(
    proposal_id: UUID, body: SecondPersonIn, by: OfficerAlone, session: WriteSession, now: Now
) -> ProposalOut:
    """The second person does not agree, and says why; nothing is posted."""
    return ProposalOut.of(
        await service.decide_proposal(session, proposal_id, Verdict.DECLINED, note=body.note, by=by, now=now)
    )
