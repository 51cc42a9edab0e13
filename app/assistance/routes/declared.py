"""Sales from outside the platform over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from app import files
from app.assistance import queries, service
from app.assistance.rules.declared import DeclaredSale, NotCountable, PossibleDuplicate
from app.assistance.schemas.declared import DeclaredSaleIn, DeclaredSaleOut, WithdrawalIn
from app.assistance.schemas.periods import ProposalOut
from app.buyers import DivisionNotACounty, UnknownDivision, resolve_division
from app.catalogue import ROOTS
from app.core.clock import local_day
from app.core.errors import Fault, InvalidInput, NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.files import FileOut, UnknownFile
from app.identity import Officer, OfficerAlone

router = APIRouter(prefix="/v1/office/declared-sales", tags=["assistance"])

_KIND = "office.declared_sales"


@router.post(
    "",
    status_code=201,
    summary="Declare a sale from outside the platform",
    operation_id="declare_sale",
    responses=problems(NotFound, NotCountable, PossibleDuplicate, UnknownFile, UnknownDivision, DivisionNotACounty),
)
async def declare_sale(body: DeclaredSaleIn, by: OfficerAlone, session: WriteSession, now: Now) -> DeclaredSaleOut:
    """It counts once another officer approves it, and stands apart in every total.

    What looks like a sale that is counted or declared already is asked about: send it again with the reason why it is
    another one.
    """
    resolve_division(body.division_code, pointer="/division_code")
    faults = []
    if body.category not in ROOTS:
        faults.append(Fault("/category", "unknown_category", "没有这个类目", "there is no such category"))
    if body.as_value().sold_on.replace(day=1) > local_day(now) or (body.sold_on or local_day(now)) > local_day(now):
        faults.append(Fault("/month", "in_the_future", "该日期还没有到", "that day has not come"))
    if faults:
        raise InvalidInput(faults=faults)
    sale = await service.declare_sale(session, body.as_value(), by=by, now=now)
    return (await _told(session, [sale], now))[0]


@router.get(
    "",
    summary="List sales from outside the platform",
    operation_id="list_declared_sales",
    responses=problems(InvalidCursor),
)
async def list_declared_sales(
    _: Officer, session: ReadSession, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[DeclaredSaleOut]:
    """The latest first, with links to their vouchers."""
    before = None if cursor is None else UUID(str(decode_cursor(_KIND, cursor)[0]))
    found = await queries.declared_sales(session, before=before, limit=limit + 1)
    following = encode_cursor(_KIND, str(found[limit - 1].proposal.id)) if len(found) > limit else None
    return Page[DeclaredSaleOut](items=await _told(session, found[:limit], now), next_cursor=following)


@router.get(
    "/{sale_id}",
    summary="A sale from outside the platform",
    operation_id="get_declared_sale",
    responses=problems(NotFound),
)
async def get_declared_sale(_: Officer, sale_id: UUID, session: ReadSession, now: Now) -> DeclaredSaleOut:
    """What was declared, what it looked like, and what became of it."""
    return (await _told(session, [await queries.declared_sale(session, sale_id)], now))[0]


@router.post(
    "/{sale_id}/withdraw",
    status_code=201,
    summary="Propose to take a declared sale back",
    operation_id="withdraw_declared_sale",
    responses=problems(NotFound),
)
async def withdraw_declared_sale(
    sale_id: UUID, body: WithdrawalIn, by: OfficerAlone, session: WriteSession, now: Now
) -> ProposalOut:
    """Once another officer approves it, a reversing entry is posted into the month that is open."""
    proposal = await service.propose_withdrawal(session, sale_id, reason=body.reason, note=body.note, by=by, now=now)
    return ProposalOut.of(proposal)


async def _told(session: ReadSession, sales: Sequence[DeclaredSale], now: datetime) -> list[DeclaredSaleOut]:
    links = await files.links(session, to=[sale.proposal.id for sale in sales], now=now)
    return [
        DeclaredSaleOut.of(sale, [FileOut.model_validate(one) for one in links.get(sale.proposal.id, [])])
        for sale in sales
    ]
