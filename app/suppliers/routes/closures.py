"""HTTP of the days on which a supplier ships nothing."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from app.core.errors import NotFound, NotPermitted
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
from app.identity import Actor, Operator, SupplierStaff
from app.suppliers import queries, service
from app.suppliers.rules.closures import ClosureFrozen, ClosuresOverlap
from app.suppliers.schemas.closures import ClosureChangeIn, ClosureIn, ClosureOut

router = APIRouter(tags=["suppliers"])


def _own(by: Actor) -> UUID:
    if by.supplier_id is None:
        raise NotPermitted
    return by.supplier_id


@router.get(
    "/v1/supplier/closures",
    operation_id="list_own_closures",
    summary="Days on which one's own supplier ships nothing",
    responses=problems(InvalidCursor),
)
async def list_own_closures(
    by: SupplierStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ClosureOut]:
    """The newest announcement first, with those that are over and those that were withdrawn."""
    found = await queries.page_of_closures(session, _own(by), before=last_seen("closures", cursor), limit=limit + 1)
    return page_of("closures", found, limit, ClosureOut.of)


@router.post(
    "/v1/supplier/closures",
    operation_id="announce_closure",
    summary="Announce days on which nothing is shipped",
    status_code=201,
    responses=problems(ClosuresOverlap),
)
async def announce_closure(
    by: SupplierStaff, body: ClosureIn, session: WriteSession, now: Now, response: Response
) -> ClosureOut:
    """Buyers are told on the product's page and before they order, and the day to ship by is counted without them.

    The day that was promised to those who have paid already stays. Days that are announced twice are refused.
    """
    made = await service.announce_closure(session, body.from_on, body.to_on, body.reason, body.note, by=by, now=now)
    response.headers["ETag"] = etag(made.version)
    return ClosureOut.of(made)


@router.get(
    "/v1/supplier/closures/{closure_id}",
    operation_id="get_own_closure",
    summary="One closure",
    responses=problems(NotFound),
)
async def get_own_closure(closure_id: UUID, by: SupplierStaff, session: ReadSession, response: Response) -> ClosureOut:
    """The `ETag` names its version, which an edit has to send."""
    found = (await queries.closure(session, closure_id, supplier_id=_own(by))).value()
    response.headers["ETag"] = etag(found.version)
    return ClosureOut.of(found)


@router.patch(
    "/v1/supplier/closures/{closure_id}",
    operation_id="shorten_closure",
    summary="Make a closure shorter",
    responses=problems(NotFound, ClosureFrozen, VersionRequired, StaleVersion),
)
async def shorten_closure(
    closure_id: UUID,
    body: ClosureChangeIn,
    version: IfMatch,
    by: SupplierStaff,
    session: WriteSession,
    now: Now,
    response: Response,
) -> ClosureOut:
    """Ship again earlier, or stop later. Days that have begun stay; further days are announced apart."""
    known = (await queries.closure(session, closure_id, supplier_id=_own(by))).value()
    changed = await service.shorten_closure(
        session,
        closure_id,
        body.from_on or known.from_on,
        body.to_on or known.to_on,
        version=version,
        by=by,
        now=now,
    )
    response.headers["ETag"] = etag(changed.version)
    return ClosureOut.of(changed)


@router.delete(
    "/v1/supplier/closures/{closure_id}",
    operation_id="withdraw_closure",
    summary="Withdraw a closure that is still ahead",
    status_code=204,
    responses=problems(NotFound, ClosureFrozen),
)
async def withdraw_closure(closure_id: UUID, by: SupplierStaff, session: WriteSession, now: Now) -> None:
    """A running one is shortened instead, to end today. Buyers who have paid keep the day they were promised."""
    await service.withdraw_closure(session, closure_id, by=by, now=now)


@router.get(
    "/v1/operator/suppliers/{supplier_id}/closures",
    operation_id="list_supplier_closures",
    summary="Days on which a supplier ships nothing",
    responses=problems(NotFound, InvalidCursor),
)
async def list_supplier_closures(
    supplier_id: UUID, _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ClosureOut]:
    """The newest announcement first, with those that are over and those that were withdrawn."""
    await queries.get(session, supplier_id)
    found = await queries.page_of_closures(session, supplier_id, before=last_seen("closures", cursor), limit=limit + 1)
    return page_of("closures", found, limit, ClosureOut.of)
