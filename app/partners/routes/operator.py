"""Partners, where their goods go, and their credit, as operators see to them."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from app.core.errors import InvalidInput, NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    IfMatch,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    StaleVersion,
    VersionRequired,
    WriteSession,
    etag,
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator
from app.partners import queries, service
from app.partners.queries import credit as reads
from app.partners.rules import InvalidLocation, InvalidPartner, LocationExists, PartnerExists
from app.partners.schemas import (
    CreditEntryOut,
    CreditOut,
    LimitIn,
    LimitOut,
    LocationChangeIn,
    LocationIn,
    OperatorLocationOut,
    PartnerIn,
    PartnerOut,
)

router = APIRouter(tags=["partners"])


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
    after = last_seen("operator.partners", cursor, str)
    found = await queries.partners(session, after=after, limit=limit + 1)
    return page_of("operator.partners", found, limit, PartnerOut.model_validate, key=lambda card: card.code)


@router.post(
    "/v1/operator/partners",
    summary="Take a partner on",
    operation_id="enrol_partner",
    status_code=201,
    response_model=PartnerOut,
    responses=problems(InvalidPartner, PartnerExists),
)
async def enrol_partner(body: PartnerIn, by: Operator, session: WriteSession, now: Now) -> PartnerOut:
    """It orders once it has a signed contract, a price list and credit. A code and a registration exist once."""
    return PartnerOut.model_validate(await service.enrol(session, **body.model_dump(), by=by, now=now))


@router.get(
    "/v1/operator/partners/{partner_id}",
    summary="One partner",
    operation_id="get_partner",
    response_model=PartnerOut,
    responses=problems(NotFound),
)
async def get_partner(partner_id: UUID, _: Operator, session: ReadSession) -> PartnerOut:
    """Who it is and whether it may buy."""
    return PartnerOut.model_validate(await queries.get(session, partner_id))


@router.post(
    "/v1/operator/partners/{partner_id}/suspend",
    summary="Suspend a partner",
    operation_id="suspend_partner",
    response_model=PartnerOut,
    responses=problems(NotFound),
)
async def suspend_partner(partner_id: UUID, _: Operator, session: WriteSession) -> PartnerOut:
    """It can order nothing for now; what it ordered goes on. Suspending twice changes nothing."""
    return PartnerOut.model_validate(await service.suspend(session, partner_id))


@router.post(
    "/v1/operator/partners/{partner_id}/resume",
    summary="Let a partner buy again",
    operation_id="resume_partner",
    response_model=PartnerOut,
    responses=problems(NotFound),
)
async def resume_partner(partner_id: UUID, _: Operator, session: WriteSession) -> PartnerOut:
    """Ends a suspension; twice changes nothing."""
    return PartnerOut.model_validate(await service.resume(session, partner_id))


@router.get(
    "/v1/operator/partners/{partner_id}/locations",
    summary="A partner's stores and distribution centres",
    operation_id="list_partner_locations",
    response_model=Page[OperatorLocationOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_partner_locations(
    partner_id: UUID, _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[OperatorLocationOut]:
    """By code, closed ones too."""
    await queries.get(session, partner_id)
    after = last_seen("operator.locations", cursor, str)
    found = await queries.locations(session, partner_id, after=after, limit=limit + 1, inactive=True)
    return page_of("operator.locations", found, limit, OperatorLocationOut.of, key=lambda place: place.code)


@router.post(
    "/v1/operator/partners/{partner_id}/locations",
    summary="Open a store or distribution centre",
    operation_id="add_partner_location",
    status_code=201,
    response_model=OperatorLocationOut,
    responses=problems(NotFound, InvalidLocation, LocationExists),
)
async def add_partner_location(
    partner_id: UUID, body: LocationIn, _: Operator, session: WriteSession, now: Now
) -> OperatorLocationOut:
    """Under the partner's own code, which two partners may both use."""
    return OperatorLocationOut.of(await service.add_location(session, partner_id, **body.model_dump(), now=now))


@router.put(
    "/v1/operator/partners/{partner_id}/locations/{code}",
    summary="Correct, close or open again a place",
    operation_id="change_partner_location",
    response_model=OperatorLocationOut,
    responses=problems(NotFound, InvalidLocation),
)
async def change_partner_location(
    partner_id: UUID, code: str, body: LocationChangeIn, _: Operator, session: WriteSession
) -> OperatorLocationOut:
    """What was ordered for it before goes on. No place is ever removed: documents name it."""
    return OperatorLocationOut.of(await service.change_location(session, partner_id, code, **body.model_dump()))


@router.get(
    "/v1/operator/partners/{partner_id}/credit",
    summary="A partner's credit",
    operation_id="get_partner_credit",
    response_model=CreditOut,
    responses=problems(NotFound),
)
async def get_partner_credit(partner_id: UUID, _: Operator, session: ReadSession, response: Response) -> CreditOut:
    """The limit and what is used of it. The ETag is of the limit alone."""
    await queries.get(session, partner_id)
    credit, version = await reads.credit_and_version(session, partner_id)
    response.headers["ETag"] = etag(version)
    return CreditOut.of(credit)


@router.put(
    "/v1/operator/partners/{partner_id}/credit",
    summary="Set a limit of credit",
    operation_id="set_partner_credit",
    response_model=CreditOut,
    responses=problems(NotFound, InvalidInput, VersionRequired, StaleVersion),
)
async def set_partner_credit(
    partner_id: UUID,
    body: LimitIn,
    by: Operator,
    version: IfMatch,
    session: WriteSession,
    now: Now,
    response: Response,
) -> CreditOut:
    """A limit below what is used takes nothing back: nothing more can be ordered until enough was paid."""
    credit, reached = await service.set_credit_limit(
        session, partner_id, body.limit_fen, reason=body.reason, version=version, by=by, now=now
    )
    response.headers["ETag"] = etag(reached)
    return CreditOut.of(credit)


@router.get(
    "/v1/operator/partners/{partner_id}/credit/limits",
    summary="The limits that a partner had",
    operation_id="list_partner_credit_limits",
    response_model=Page[LimitOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_partner_credit_limits(
    partner_id: UUID, _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[LimitOut]:
    """Newest first: who set which, when and why."""
    await queries.get(session, partner_id)
    before = last_seen("credit-limits", cursor)
    found = await reads.limits(session, partner_id, before=before, limit=limit + 1)
    return page_of("credit-limits", found, limit, LimitOut.model_validate)


@router.get(
    "/v1/operator/partners/{partner_id}/credit/entries",
    summary="What changed the used part of a partner's credit",
    operation_id="list_partner_credit_entries",
    response_model=Page[CreditEntryOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_partner_credit_entries(
    partner_id: UUID, _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[CreditEntryOut]:
    """Newest first. What is used is their sum."""
    await queries.get(session, partner_id)
    before = last_seen("credit-entries", cursor, int)
    found = await reads.credit_entries(session, partner_id, before=before, limit=limit + 1)
    return page_of("credit-entries", found, limit, CreditEntryOut.model_validate)
