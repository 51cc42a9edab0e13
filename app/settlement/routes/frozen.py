"""Money that its provider will soon no longer keep to be split, as the marketplace's own staff see it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    TheEdge,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.identity import Operator
from app.settlement.queries import frozen
from app.settlement.rules.frozen import near_before
from app.settlement.schemas.frozen import FrozenMoneyOut

router = APIRouter(tags=["settlement"])


@router.get(
    "/v1/operator/frozen-money",
    operation_id="list_frozen_money",
    summary="Money that is to be split before its provider lets it go, the oldest first",
    response_model=Page[FrozenMoneyOut],
    responses=problems(InvalidCursor),
)
async def list_frozen_money(
    _: Operator, session: ReadSession, edge: TheEdge, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[FrozenMoneyOut]:
    """Why each of it was not split yet: its order is not completed, a claim is open, its statement waits or failed.

    The same is looked for every day, counted in `/metrics` and announced; readiness is another thing.
    """
    after = None
    if cursor is not None:
        at, last = decode_cursor("frozen-money", cursor)
        after = datetime.fromisoformat(str(at)), UUID(str(last))
    terms = edge.settings.settlement
    before = near_before(now, freeze_days=terms.freeze_days, warning_days=terms.freeze_warning_days)
    found = await frozen.near_limit(session, before=before, freeze_days=terms.freeze_days, after=after, limit=limit + 1)
    more = None
    if len(found) > limit:
        shown = found[limit - 1]
        more = encode_cursor("frozen-money", shown.captured_at.isoformat(), str(shown.supplier_order_id))
    return Page(items=[FrozenMoneyOut.model_validate(one) for one in found[:limit]], next_cursor=more)
