"""What operators see of partners."""

from __future__ import annotations

from fastapi import APIRouter

from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Page,
    ReadSession,
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator
from app.partners import queries
from app.partners.schemas import PartnerOut

router = APIRouter(tags=["partners"])

_CURSOR = "operator.partners"


@router.get(
    "/v1/operator/partners",
    summary="Supermarket partners",
    operation_id="list_partners",
    response_model=Page[PartnerOut],
    responses=problems(InvalidCursor),
)
async def list_partners(
    _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[PartnerOut]:
    """All partners by code."""
    after = last_seen(_CURSOR, cursor, str)
    found = await queries.partners(session, after=after, limit=limit + 1)
    return page_of(_CURSOR, found, limit, PartnerOut.model_validate, key=lambda card: card.code)
