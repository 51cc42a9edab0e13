"""What operators do about suppliers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

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
    decode_cursor,
    encode_cursor,
    problems,
)
from app.identity import Operator
from app.suppliers import queries, service
from app.suppliers.lifecycle import Status, SupplierStepNotAllowed
from app.suppliers.rules import InvalidLicence, InvalidUscc, SupplierExists, UnknownTownship
from app.suppliers.schemas import SupplierIn, SupplierOut

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
    """All suppliers by code; `?status=applied` are those that wait for a decision."""
    after = str(decode_cursor(_CURSOR, cursor)[0]) if cursor else None
    found = await queries.suppliers(session, status=status, after=after, limit=limit + 1)
    shown = found[:limit]
    more = encode_cursor(_CURSOR, shown[-1].code) if len(found) > limit else None
    return Page(items=[SupplierOut.model_validate(card) for card in shown], next_cursor=more)


@router.post(
    "/v1/operator/suppliers",
    status_code=201,
    summary="Take a supplier on",
    operation_id="admit_supplier",
    response_model=SupplierOut,
    responses=problems(InvalidUscc, InvalidLicence, UnknownTownship, SupplierExists),
)
async def admit_supplier(by: Operator, body: SupplierIn, session: WriteSession, now: Now) -> SupplierOut:
    """Enter an applicant from its papers; it can sell once it is approved."""
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
        by=by,
        now=now,
    )
    return SupplierOut.model_validate(card)


@router.post(
    "/v1/operator/suppliers/{supplier_id}/approve",
    summary="Approve a supplier",
    operation_id="approve_supplier",
    response_model=SupplierOut,
    responses=problems(NotFound, SupplierStepNotAllowed),
)
async def approve_supplier(by: Operator, supplier_id: UUID, session: WriteSession, now: Now) -> SupplierOut:
    """Let an applicant, or a supplier that was suspended, sell."""
    return SupplierOut.model_validate(await service.approve(session, supplier_id, by=by, now=now))


@router.post(
    "/v1/operator/suppliers/{supplier_id}/suspend",
    summary="Suspend a supplier",
    operation_id="suspend_supplier",
    response_model=SupplierOut,
    responses=problems(NotFound, SupplierStepNotAllowed),
)
async def suspend_supplier(by: Operator, supplier_id: UUID, session: WriteSession, now: Now) -> SupplierOut:
    """Stop a supplier from selling until it is approved again. Orders already placed are still to be sent."""
    return SupplierOut.model_validate(await service.suspend(session, supplier_id, by=by, now=now))
