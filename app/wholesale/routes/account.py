"""A partner's account: its credit, and what is overdue."""

from __future__ import annotations

from fastapi import APIRouter

from app import partners
from app.core.clock import local_day
from app.core.web import Now, ReadSession, problems
from app.identity import PartnerStaff
from app.wholesale.queries.account import overdue_fen
from app.wholesale.routes.partner import own
from app.wholesale.schemas import PoCreditOut
from app.wholesale.schemas.account import PartnerAccountOut

router = APIRouter(tags=["wholesale"])


@router.get(
    "/v1/partner/account",
    summary="One's own credit, and what is overdue",
    operation_id="get_own_account",
    response_model=PartnerAccountOut,
    responses=problems(),
)
async def get_own_account(by: PartnerStaff, session: ReadSession, now: Now) -> PartnerAccountOut:
    """Used are what open orders were promised and what is owed for goods taken in; payment gives it back."""
    partner_id = own(by)
    return PartnerAccountOut(
        credit=PoCreditOut.model_validate(await partners.credit(session, partner_id)),
        overdue_fen=await overdue_fen(session, partner_id, today=local_day(now)),
    )
