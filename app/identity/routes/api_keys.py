"""API keys of suppliers and partners."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

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
from app.identity import queries, service
from app.identity.guards import PartnerStaff, SupplierStaff, forget_key
from app.identity.rules import Actor, OwnersOnly, Role
from app.identity.schemas import ApiKeyIn, ApiKeyOut, NewApiKeyOut

router = APIRouter(tags=["identity"])


@router.post(
    "/v1/supplier/api-keys",
    status_code=201,
    summary="Make an API key of the supplier",
    operation_id="create_supplier_api_key",
    response_model=NewApiKeyOut,
    responses=problems(OwnersOnly),
)
async def create_supplier_api_key(by: SupplierStaff, body: ApiKeyIn, session: WriteSession, now: Now) -> NewApiKeyOut:
    """The key is shown this once. It may do what supplier staff may, or no more than `scopes`; it makes no keys.

    For owners.
    """
    made = await service.create_api_key(session, role=Role.SUPPLIER, name=body.name, scopes=body.scopes, by=by, now=now)
    return NewApiKeyOut.of(*made)


@router.get(
    "/v1/supplier/api-keys",
    summary="API keys of the supplier",
    operation_id="list_supplier_api_keys",
    response_model=Page[ApiKeyOut],
    responses=problems(InvalidCursor),
)
async def list_supplier_api_keys(
    by: SupplierStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ApiKeyOut]:
    """The newest first, revoked ones included, without their secrets."""
    return await _page(session, Role.SUPPLIER, by.supplier_id, limit, cursor)


@router.delete(
    "/v1/supplier/api-keys/{key_id}",
    status_code=204,
    summary="Revoke an API key of the supplier",
    operation_id="revoke_supplier_api_key",
    responses=problems(NotFound, OwnersOnly),
)
async def revoke_supplier_api_key(by: SupplierStaff, key_id: UUID, session: WriteSession, now: Now) -> None:
    """The key stops working everywhere within two seconds. For owners."""
    await _revoke(session, Role.SUPPLIER, key_id, by, now)


@router.post(
    "/v1/partner/api-keys",
    status_code=201,
    summary="Make an API key of the partner",
    operation_id="create_partner_api_key",
    response_model=NewApiKeyOut,
    responses=problems(OwnersOnly),
)
async def create_partner_api_key(by: PartnerStaff, body: ApiKeyIn, session: WriteSession, now: Now) -> NewApiKeyOut:
    """The key is shown this once. It may do what partner staff may, or no more than `scopes`; it makes no keys.

    For owners.
    """
    made = await service.create_api_key(session, role=Role.PARTNER, name=body.name, scopes=body.scopes, by=by, now=now)
    return NewApiKeyOut.of(*made)


@router.get(
    "/v1/partner/api-keys",
    summary="API keys of the partner",
    operation_id="list_partner_api_keys",
    response_model=Page[ApiKeyOut],
    responses=problems(InvalidCursor),
)
async def list_partner_api_keys(
    by: PartnerStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ApiKeyOut]:
    """The newest first, revoked ones included, without their secrets."""
    return await _page(session, Role.PARTNER, by.partner_id, limit, cursor)


@router.delete(
    "/v1/partner/api-keys/{key_id}",
    status_code=204,
    summary="Revoke an API key of the partner",
    operation_id="revoke_partner_api_key",
    responses=problems(NotFound, OwnersOnly),
)
async def revoke_partner_api_key(by: PartnerStaff, key_id: UUID, session: WriteSession, now: Now) -> None:
    """The key stops working everywhere within two seconds. For owners."""
    await _revoke(session, Role.PARTNER, key_id, by, now)


async def _page(
    session: ReadSession, role: Role, scope_id: UUID | None, limit: int, cursor: str | None
) -> Page[ApiKeyOut]:
    kind = f"{role}.api_keys"
    before = last_seen(kind, cursor)
    assert scope_id is not None  # noqa: S101 - the guard demands it
    found = await queries.api_keys(session, role, scope_id, limit=limit + 1, before=before)
    return page_of(kind, found, limit, ApiKeyOut.model_validate)


async def _revoke(session: WriteSession, role: Role, key_id: UUID, by: Actor, now: Now) -> None:
    forget_key(await service.revoke_api_key(session, key_id, role=role, by=by, now=now))
