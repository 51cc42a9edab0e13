"""What operators do about suppliers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    WriteSession,
    last_seen,
    page_of,
    problems,
)
from app.identity import Actor, Operator
from app.suppliers import queries, service
from app.suppliers.lifecycle import CertificateStep, CertificateStepNotAllowed, Status, SupplierStepNotAllowed
from app.suppliers.routes.applicant import shown
from app.suppliers.rules import InvalidLicence, InvalidUscc, SupplierExists, UnknownTownship
from app.suppliers.rules.admission import (
    AccountNameDiffers,
    AdmissionIncomplete,
    InvalidCertificate,
    Papers,
)
from app.suppliers.schemas import SupplierIn, SupplierOut
from app.suppliers.schemas.admission import AdmissionOut, ReasonIn

router = APIRouter(tags=["suppliers"])

_CURSOR = "operator.suppliers"


@router.get(
    "/v1/operator/suppliers",
    summary="Suppliers",
    operation_id="list_suppliers",
    response_model=Page[SupplierOut],
    responses=problems(InvalidCursor),
)
async def list_suppliers(
    _: Operator,
    session: ReadSession,
    status: Annotated[Status | None, Query(description="Only those that stand here")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[SupplierOut]:
    """All suppliers by code; `?status=applied` are those that wait for a decision, recommended ones included."""
    return await page(session, _CURSOR, status, limit, cursor)


async def page(
    session: AsyncSession, name: str, status: Status | None, limit: int, cursor: str | None
) -> Page[SupplierOut]:
    """A page of suppliers by code, under cursors of that name."""
    after = last_seen(name, cursor, str)
    found = await queries.suppliers(session, status=status, after=after, limit=limit + 1)
    return page_of(name, found, limit, SupplierOut.model_validate, key=lambda card: card.code)


@router.post(
    "/v1/operator/suppliers",
    status_code=201,
    summary="Take a supplier on",
    operation_id="admit_supplier",
    response_model=SupplierOut,
    responses=problems(
        InvalidUscc, InvalidLicence, UnknownTownship, SupplierExists, InvalidCertificate, AccountNameDiffers
    ),
)
async def admit_supplier(by: Operator, body: SupplierIn, session: WriteSession, now: Now) -> SupplierOut:
    """Enter an applicant from its papers; it can sell once the county recommends it and it is approved."""
    papers = Papers(
        certificates=[one.certificate() for one in body.certificates],
        bank=body.bank_account.account() if body.bank_account is not None else None,
        recommendation=body.recommendation,
    )
    card = await service.admit(
        session,
        code=body.code,
        name=body.name,
        kind=body.kind,
        uscc=body.uscc,
        township_code=body.township_code,
        village=body.village,
        licence_no=body.licence_no,
        taxpayer=body.taxpayer,
        linked_since=body.linked_since,
        lines=body.lines,
        papers=papers,
        by=by,
        now=now,
    )
    return SupplierOut.model_validate(card)


@router.post(
    "/v1/operator/suppliers/{supplier_id}/approve",
    summary="Approve a supplier",
    operation_id="approve_supplier",
    response_model=SupplierOut,
    responses=problems(NotFound, SupplierStepNotAllowed, AdmissionIncomplete),
)
async def approve_supplier(by: Operator, supplier_id: UUID, session: WriteSession, now: Now) -> SupplierOut:
    """Let a recommended applicant, or a supplier that was suspended, sell; every requirement is judged anew."""
    return SupplierOut.model_validate(await service.approve(session, supplier_id, by=by, now=now))


@router.post(
    "/v1/operator/suppliers/{supplier_id}/suspend",
    summary="Suspend a supplier",
    operation_id="suspend_supplier",
    response_model=SupplierOut,
    responses=problems(NotFound, SupplierStepNotAllowed),
)
async def suspend_supplier(
    by: Operator, supplier_id: UUID, session: WriteSession, now: Now, body: ReasonIn | None = None
) -> SupplierOut:
    """Stop a supplier from selling until it is approved again. Orders already placed are still to be sent."""
    reason = body.reason if body is not None else None
    return SupplierOut.model_validate(await service.suspend(session, supplier_id, reason=reason, by=by, now=now))


@router.post(
    "/v1/operator/suppliers/{supplier_id}/reject",
    summary="Refuse an applicant",
    operation_id="reject_supplier",
    responses=problems(NotFound, SupplierStepNotAllowed),
)
async def reject_supplier(
    by: Operator, supplier_id: UUID, body: ReasonIn, session: WriteSession, now: Now
) -> SupplierOut:
    """The application is given back with the reason; it may be corrected and handed in again."""
    return SupplierOut.model_validate(await service.reject(session, supplier_id, reason=body.reason, by=by, now=now))


@router.get(
    "/v1/operator/suppliers/{supplier_id}",
    summary="A supplier with its certificates",
    operation_id="get_supplier",
    responses=problems(NotFound),
)
async def get_supplier(_: Operator, supplier_id: UUID, session: ReadSession, now: Now) -> AdmissionOut:
    """What is asked and met, with links to the files, and what was decided and why."""
    return await shown(session, supplier_id, now)


@router.post(
    "/v1/operator/certificates/{certificate_id}/verify",
    summary="Verify a certificate",
    operation_id="verify_certificate",
    responses=problems(NotFound, CertificateStepNotAllowed),
)
async def verify_certificate(by: Operator, certificate_id: UUID, session: WriteSession, now: Now) -> AdmissionOut:
    """It is what it says it is, and counts while it is in force."""
    return await _decide(session, certificate_id, CertificateStep.VERIFY, None, by, now)


@router.post(
    "/v1/operator/certificates/{certificate_id}/reject",
    summary="Refuse a certificate",
    operation_id="reject_certificate",
    responses=problems(NotFound, CertificateStepNotAllowed),
)
async def reject_certificate(
    by: Operator, certificate_id: UUID, body: ReasonIn, session: WriteSession, now: Now
) -> AdmissionOut:
    """Its supplier reads why and hands another one in."""
    return await _decide(session, certificate_id, CertificateStep.REJECT, body.reason, by, now)


@router.post(
    "/v1/operator/certificates/{certificate_id}/revoke",
    summary="Revoke a certificate",
    operation_id="revoke_certificate",
    responses=problems(NotFound, CertificateStepNotAllowed),
)
async def revoke_certificate(
    by: Operator, certificate_id: UUID, body: ReasonIn, session: WriteSession, now: Now
) -> AdmissionOut:
    """It counts no longer: goods that need it go off sale."""
    return await _decide(session, certificate_id, CertificateStep.REVOKE, body.reason, by, now)


async def _decide(
    session: AsyncSession, certificate_id: UUID, step: CertificateStep, reason: str | None, by: Actor, now: datetime
) -> AdmissionOut:
    decided = await service.decide_certificate(session, certificate_id, step, reason=reason, by=by, now=now)
    return await shown(session, decided.supplier_id, now)
