"""Goods that were sent and never received: operators see them and note what became of them."""

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
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator
from app.inventory import LotCalledBack, LotExpired
from app.wholesale import service
from app.wholesale.queries import deliveries as reads
from app.wholesale.rules.missing import MissingDecided, MoreThanMissing
from app.wholesale.rules.receiving import UnknownLotOfLine
from app.wholesale.schemas.missing import MissingDecisionIn, MissingOut

router = APIRouter(tags=["wholesale"])

_PATH = "/v1/operator/missing-goods"


@router.get(
    _PATH,
    operation_id="list_missing_goods",
    summary="Goods that were sent to supermarkets and never received",
    response_model=Page[MissingOut],
    responses=problems(InvalidCursor),
)
async def list_missing_goods(
    _: Operator,
    session: ReadSession,
    waiting: Annotated[bool | None, Query(description="`true`: nobody has found out where they are")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[MissingOut]:
    """Of orders that were closed by the clock because no (further) receipt came. What was noticed last first."""
    before = last_seen("missing-goods", cursor)
    found = await reads.missing_goods(session, waiting=waiting, before=before, limit=limit + 1)
    return page_of("missing-goods", found, limit, MissingOut.model_validate)


@router.post(
    f"{_PATH}/{{missing_id}}/decide",
    operation_id="decide_missing_goods",
    summary="Note where missing goods are",
    response_model=MissingOut,
    responses=problems(
        NotFound, MissingDecided, MoreThanMissing, UnknownLotOfLine, LotExpired, LotCalledBack, *KEY_ERRORS
    ),
)
async def decide_missing_goods(
    missing_id: UUID, body: MissingDecisionIn, by: Operator, once: Once, now: Now
) -> Response:
    """What is back with the supplier lies in stock again, in its lot; the rest is lost and stays gone."""

    async def work(session: AsyncSession) -> MissingOut:
        found = [one.found() for one in body.returned]
        done = await service.decide_missing(session, missing_id, found, note=body.note, by=by, now=now)
        return MissingOut.model_validate(done)

    return await once.run(200, work)
