"""What a partner's own staff sees of it."""

from __future__ import annotations

from fastapi import APIRouter

from app.core.errors import NotFound
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
from app.identity import PartnerStaff
from app.partners import queries
from app.partners.schemas import LocationOut

router = APIRouter(tags=["partners"])


@router.get(
    "/v1/partner/locations",
    summary="One's own stores and distribution centres",
    operation_id="list_own_locations",
    response_model=Page[LocationOut],
    responses=problems(InvalidCursor),
)
async def list_own_locations(
    by: PartnerStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[LocationOut]:
    """Those that take goods in, by code. Codes are text: leading zeros belong to them."""
    if by.partner_id is None:
        raise NotFound
    after = last_seen("own.locations", cursor, str)
    found = await queries.locations(session, by.partner_id, after=after, limit=limit + 1)
    return page_of("own.locations", found, limit, LocationOut.model_validate, key=lambda place: place.code)
