"""A partner's account: its credit, and what is overdue."""

from __future__ import annotations

from fastapi import APIRouter

from app import partners
from app.core.clock import local_day
from app.core.web import Now, ReadSession, problems
from app.identity import Operator, PartnerStaff
from app.wholesale.queries.account import ageing, overdue_fen
from app.wholesale.routes.partner import own
from app.wholesale.schemas import PoCreditOut
from app.wholesale.schemas.account import AgeingOut, AgeingsOut, PartnerAccountOut

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


@router.get(
    "/v1/partner/account/ageing",
    summary="What is to be paid, by how long it is overdue",
    operation_id="get_own_ageing",
    response_model=AgeingOut,
    responses=problems(),
)
async def get_own_ageing(by: PartnerStaff, session: ReadSession, now: Now) -> AgeingOut:
    """Of confirmed statements; what you paid beyond them waits for the next one."""
    (found,) = await ageing(session, today=local_day(now), partner_id=own(by))
    return AgeingOut.model_validate(found)


@router.get(
    "/v1/operator/partner-ageing",
    summary="What all partners have to pay, by how long it is overdue",
    operation_id="list_partner_ageing",
    response_model=AgeingsOut,
    responses=problems(),
)
async def list_partner_ageing(_: Operator, session: ReadSession, now: Now) -> AgeingsOut:
    """Not due, 1 to 15, 16 to 30, 31 to 60 and more days overdue."""
    return AgeingsOut(partners=[AgeingOut.model_validate(one) for one in await ageing(session, today=local_day(now))])
