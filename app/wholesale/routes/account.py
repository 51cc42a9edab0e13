"""A partner's account: its credit, what is overdue and was told to be, and what of its money lies here or goes back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from app import partners
from app.core.clock import local_day
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    decode_cursor,
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator, PartnerStaff
from app.wholesale.queries import money
from app.wholesale.queries.account import ageing, overdue_fen
from app.wholesale.routes.partner import own
from app.wholesale.rules.money import REMINDED_AT
from app.wholesale.schemas import PoCreditOut
from app.wholesale.schemas.account import AgeingOut, AgeingsOut, PartnerAccountOut
from app.wholesale.schemas.money import DueOut, OwnRefundOut

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
    (found,) = await ageing(session, today=local_day(now), partner_id=partner_id)
    return PartnerAccountOut(
        credit=PoCreditOut.model_validate(await partners.credit(session, partner_id)),
        overdue_fen=await overdue_fen(session, partner_id, today=local_day(now)),
        unapplied_fen=found.unapplied_fen,
        credit_fen=found.credit_fen,
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


@router.get(
    "/v1/partner/account/refunds",
    summary="One's own money that goes back, the newest first",
    operation_id="list_own_refunds",
    response_model=Page[OwnRefundOut],
    responses=problems(InvalidCursor),
)
async def list_own_refunds(
    by: PartnerStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[OwnRefundOut]:
    """What was paid too much, or what a month came to below zero. With the bank's number once it was paid."""
    before = last_seen("own-refunds", cursor)
    found = await money.refunds(session, partner_id=own(by), declined=False, before=before, limit=limit + 1)
    return page_of("own-refunds", found, limit, OwnRefundOut.model_validate)


async def _due(
    session: AsyncSession, kind: str, partner_id: UUID | None, today: date, limit: int, cursor: str | None
) -> Page[DueOut]:
    after = None
    if cursor is not None:
        day, last = decode_cursor(kind, cursor)
        after = date.fromisoformat(str(day)), UUID(str(last))
    soon = today - timedelta(days=REMINDED_AT[0])
    found = await money.due(session, today=today, soon=soon, partner_id=partner_id, after=after, limit=limit + 1)
    return page_of(kind, found, limit, DueOut.model_validate, key=lambda one: (one.due_on, one.statement_id))


@router.get(
    "/v1/partner/account/reminders",
    summary="One's own statements that are due, with the reminders of them",
    operation_id="list_own_reminders",
    response_model=Page[DueOut],
    responses=problems(InvalidCursor),
)
async def list_own_reminders(
    by: PartnerStaff, session: ReadSession, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[DueOut]:
    """From three days before the last day of payment on, the longest due first."""
    return await _due(session, "own-reminders", own(by), local_day(now), limit, cursor)


@router.get(
    "/v1/operator/partner-reminders",
    summary="Statements that are due, with the reminders that were sent of them",
    operation_id="list_partner_reminders",
    response_model=Page[DueOut],
    responses=problems(InvalidCursor),
)
async def list_partner_reminders(
    _: Operator,
    session: ReadSession,
    now: Now,
    partner_id: Annotated[UUID | None, Query(description="Only this partner's")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[DueOut]:
    """From three days before the last day of payment on, the longest due first.

    Reminders are told three days before the last day, on it, on the day after and 15 days after.
    """
    return await _due(session, "partner-reminders", partner_id, local_day(now), limit, cursor)
