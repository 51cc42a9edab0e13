"""HTTP of admission for the county's office: it knows the applicants, and recommends them or not."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.core.errors import NotFound
from app.core.web import DEFAULT_LIMIT, Cursor, InvalidCursor, Limit, Now, Page, ReadSession, WriteSession, problems
from app.identity import Officer
from app.suppliers import service
from app.suppliers.lifecycle import Status, SupplierStepNotAllowed
from app.suppliers.routes.applicant import shown
from app.suppliers.routes.operator import page
from app.suppliers.schemas import SupplierOut
from app.suppliers.schemas.admission import AdmissionOut, ReasonIn

router = APIRouter(tags=["suppliers"])


@router.get(
    "/v1/office/suppliers",
    summary="Suppliers and applicants",
    operation_id="list_applicants",
    responses=problems(InvalidCursor),
)
async def list_applicants(
    _: Officer,
    session: ReadSession,
    status: Annotated[Status | None, Query(description="`applied` are all that wait for a decision")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[SupplierOut]:
    """All suppliers by code."""
    return await page(session, "office.suppliers", status, limit, cursor)


@router.get(
    "/v1/office/suppliers/{supplier_id}",
    summary="An applicant with its evidence",
    operation_id="get_applicant",
    responses=problems(NotFound),
)
async def get_applicant(_: Officer, supplier_id: UUID, session: ReadSession, now: Now) -> AdmissionOut:
    """What is asked and met, with links to certificates and evidence of benefit linkage."""
    return await shown(session, supplier_id, now)


@router.post(
    "/v1/office/suppliers/{supplier_id}/recommend",
    summary="Recommend an applicant",
    operation_id="recommend_supplier",
    responses=problems(NotFound, SupplierStepNotAllowed),
)
async def recommend_supplier(by: Officer, supplier_id: UUID, session: WriteSession, now: Now) -> SupplierOut:
    """The county vouches for the applicant and its linkage with households; the marketplace reviews it next."""
    return SupplierOut.model_validate(await service.recommend(session, supplier_id, by=by, now=now))


@router.post(
    "/v1/office/suppliers/{supplier_id}/decline",
    summary="Do not recommend an applicant",
    operation_id="decline_supplier",
    responses=problems(NotFound, SupplierStepNotAllowed),
)
async def decline_supplier(
    by: Officer, supplier_id: UUID, body: ReasonIn, session: WriteSession, now: Now
) -> SupplierOut:
    """The application is given back with the reason; it may be corrected and handed in again."""
    return SupplierOut.model_validate(await service.reject(session, supplier_id, reason=body.reason, by=by, now=now))
