"""Payout runs and corrections that take two operators: what waits, and the second one's word."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

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
    WriteSession,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.identity import Operator
from app.settlement import service
from app.settlement.lifecycle import DraftStatus, DraftStepNotAllowed, StatementStepNotAllowed
from app.settlement.queries import drafts
from app.settlement.rules import AlreadyPaid
from app.settlement.rules.drafts import DraftKind, DraftOutdated, SecondOperatorNeeded
from app.settlement.schemas.drafts import DeclineDraftIn, OneSettlementDraftOut, SettlementDraftOut

router = APIRouter(tags=["settlement"])


@router.get(
    "/v1/operator/settlement-drafts",
    operation_id="list_settlement_drafts",
    summary="Payout runs and corrections that take two operators, newest first",
    response_model=Page[SettlementDraftOut],
    responses=problems(InvalidCursor),
)
async def list_settlement_drafts(
    _: Operator,
    session: ReadSession,
    status: Annotated[DraftStatus | None, Query(description="`waiting`: for a second operator's word")] = None,
    kind: Annotated[DraftKind | None, Query(description="Only these")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[SettlementDraftOut]:
    """Who drafted what, and who decided it."""
    before = UUID(str(decode_cursor("settlement-drafts", cursor)[0])) if cursor else None
    found = await drafts.page(session, status=status, kind=kind, before=before, limit=limit + 1)
    more = encode_cursor("settlement-drafts", str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[SettlementDraftOut.of(one) for one in found[:limit]], next_cursor=more)


@router.get(
    "/v1/operator/settlement-drafts/{draft_id}",
    operation_id="get_settlement_draft",
    summary="One of them, with all that it would pay",
    response_model=OneSettlementDraftOut,
    responses=problems(NotFound),
)
async def get_settlement_draft(draft_id: UUID, _: Operator, session: ReadSession) -> OneSettlementDraftOut:
    """To be compared with the statements and accounts before it is approved."""
    return OneSettlementDraftOut.of(await drafts.get(session, draft_id))


@router.post(
    "/v1/operator/settlement-drafts/{draft_id}/approve",
    operation_id="approve_settlement_draft",
    summary="Let happen what another operator drafted",
    response_model=OneSettlementDraftOut,
    responses=problems(
        NotFound,
        SecondOperatorNeeded,
        DraftStepNotAllowed,
        DraftOutdated,
        StatementStepNotAllowed,
        AlreadyPaid,
        *KEY_ERRORS,
    ),
)
async def approve_settlement_draft(draft_id: UUID, by: Operator, once: Once, now: Now) -> Response:
    """Exactly what was drafted is paid, into the accounts that it names: `GET /v1/operator/payouts?run_id=` of its id.

    A statement or an account that has changed meanwhile refuses all of it.
    """

    async def work(session: AsyncSession) -> OneSettlementDraftOut:
        return OneSettlementDraftOut.of(await service.approve(session, draft_id, by=by, now=now))

    return await once.run(200, work)


@router.post(
    "/v1/operator/settlement-drafts/{draft_id}/decline",
    operation_id="decline_settlement_draft",
    summary="Say no to what another operator drafted",
    response_model=OneSettlementDraftOut,
    responses=problems(NotFound, SecondOperatorNeeded, DraftStepNotAllowed),
)
async def decline_settlement_draft(
    draft_id: UUID, body: DeclineDraftIn, by: Operator, session: WriteSession, now: Now
) -> OneSettlementDraftOut:
    """With a reason. Nothing is paid; the statements wait for a run, or for an answer, as they did before."""
    return OneSettlementDraftOut.of(await service.decline(session, draft_id, reason=body.reason, by=by, now=now))
