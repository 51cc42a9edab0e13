"""Claims as the marketplace's own staff see them: all of them, and those that they decide."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.claims import queries, service
from app.claims.lifecycle import ClaimStepNotAllowed
from app.claims.routes.filters import StatusFilter
from app.claims.rules import ClaimsTooMuch, RemedyNotAvailable
from app.claims.schemas import ClaimOut, DecisionIn
from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    KEY_ERRORS,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Once,
    Page,
    ReadSession,
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator
from app.inventory import OutOfStock
from app.orders import UnknownLine

router = APIRouter(tags=["claims"])


@router.get(
    "/v1/operator/claims",
    operation_id="list_all_claims",
    summary="All claims, newest first",
    response_model=Page[ClaimOut],
    responses=problems(InvalidCursor),
)
async def list_all_claims(
    _: Operator,
    session: ReadSession,
    now: Now,
    status: StatusFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ClaimOut]:
    """`disputed` and `arbitration` wait for a decision."""
    before = last_seen("claims", cursor)
    found = await queries.page(session, status=status, before=before, limit=limit + 1, now=now)
    return page_of("claims", found, limit, ClaimOut.of)


@router.get(
    "/v1/operator/claims/{claim_id}",
    operation_id="get_any_claim",
    summary="Any claim",
    response_model=ClaimOut,
    responses=problems(NotFound),
)
async def get_any_claim(claim_id: UUID, _: Operator, session: ReadSession, now: Now) -> ClaimOut:
    """Where it stands, and who said what."""
    return ClaimOut.of(await queries.get(session, claim_id, now=now))


@router.post(
    "/v1/operator/claims/{claim_id}/decision",
    operation_id="decide_claim",
    summary="Decide a claim",
    response_model=ClaimOut,
    responses=problems(
        NotFound, ClaimStepNotAllowed, ClaimsTooMuch, UnknownLine, OutOfStock, RemedyNotAvailable, *KEY_ERRORS
    ),
)
async def decide_claim(claim_id: UUID, body: DecisionIn, by: Operator, once: Once, now: Now) -> Response:
    """With a reason and with the party that bears the cost, which is kept for settlement."""
    decision = body.decision()

    async def work(session: AsyncSession) -> ClaimOut:
        return ClaimOut.of(await service.decide(session, claim_id, decision, by=by, now=now))

    return await once.run(200, work)
