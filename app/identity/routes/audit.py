"""The audit trail over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    Instant,
    InvalidCursor,
    Limit,
    Page,
    ReadSession,
    last_seen,
    page_of,
    problems,
)
from app.identity import queries
from app.identity.guards import Operator
from app.identity.schemas import AuditEntryOut

router = APIRouter(tags=["identity"])

_KIND = "operator.audit"
_Word = Annotated[str | None, Query(min_length=1, max_length=100)]


@router.get(
    "/v1/operator/audit",
    summary="Who changed what",
    operation_id="list_audit_entries",
    response_model=Page[AuditEntryOut],
    responses=problems(InvalidCursor),
)
async def list_audit_entries(
    _: Operator,
    session: ReadSession,
    account_id: Annotated[UUID | None, Query(description="Only what this account did")] = None,
    operation: Annotated[_Word, Query(description="Only this `operationId`", examples=["publish_product"])] = None,
    about: Annotated[_Word, Query(description="Only what concerned this id, number or code")] = None,
    since: Annotated[Instant | None, Query(alias="from", description="Not before this instant")] = None,
    until: Annotated[Instant | None, Query(alias="to", description="Before this instant")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[AuditEntryOut]:
    """Every change that officers, operators and commands on the machine made, the newest first.

    An entry is written in the transaction of its change and can neither be changed nor removed. A repeated request
    that only got its first answer again, and one that was refused, changed nothing and have none.
    """
    found = await queries.audit_trail(
        session,
        account_id=account_id,
        operation=operation,
        about=about,
        since=since,
        until=until,
        before=last_seen(_KIND, cursor),
        limit=limit + 1,
    )
    return page_of(_KIND, found, limit, AuditEntryOut.of)
