"""Signing in, registering, and API keys."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from app.core.errors import Fault, InvalidInput, NotAuthenticated, NotFound
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
    edge_of,
    encode_cursor,
    problems,
)
from app.identity import queries, service
from app.identity.guards import PartnerStaff, Public, SignedIn, SupplierStaff, address_of, forget_key
from app.identity.rules import (
    Actor,
    InvalidCredentials,
    InvalidGrant,
    PhoneTaken,
    Role,
    UnsupportedGrantType,
)
from app.identity.schemas import AccountOut, ApiKeyIn, ApiKeyOut, NewApiKeyOut, RegistrationIn, TokensOut

router = APIRouter(tags=["identity"])

_Field = Annotated[str | None, Form(max_length=2048)]


@router.post(
    "/v1/auth/token",
    summary="Sign in, or stay signed in",
    operation_id="issue_token",
    response_model=TokensOut,
    responses=problems(UnsupportedGrantType, InvalidCredentials, InvalidGrant, public=True),
)
async def issue_token(
    _: Public,
    request: Request,
    response: Response,
    now: Now,
    grant_type: Annotated[str, Form(max_length=64, examples=["password"])],
    username: _Field = None,
    password: _Field = None,
    refresh_token: _Field = None,
) -> TokensOut:
    """OAuth2 token endpoint (RFC 6749): the grants `password` and `refresh_token`.

    A refresh token can be used once: the answer holds its successor. Using one again revokes the whole sign-in.
    """
    response.headers["Cache-Control"] = "no-store"
    edge = edge_of(request)
    settings = edge.settings
    if grant_type == "password":
        _demand(username=username, password=password)
        tokens = await service.sign_in(
            edge.db,
            username=username or "",
            password=password or "",
            address=address_of(request),
            settings=settings.identity,
            limits=settings.limits,
            now=now,
        )
        return TokensOut.of(tokens)
    if grant_type == "refresh_token":
        _demand(refresh_token=refresh_token)
        async with edge.db.write() as session:
            renewed = await service.continue_sign_in(session, refresh_token or "", settings.identity, now)
        if renewed is None:
            raise InvalidGrant
        return TokensOut.of(renewed)
    raise UnsupportedGrantType


def _demand(**fields: str | None) -> None:
    missing = [Fault(f"/{name}", "missing", "缺少必填字段", "Field required") for name in fields if not fields[name]]
    if missing:
        raise InvalidInput(faults=missing)


@router.post(
    "/v1/auth/register",
    status_code=201,
    summary="Register as a buyer",
    operation_id="register_buyer",
    response_model=AccountOut,
    responses=problems(PhoneTaken, public=True),
)
async def register_buyer(
    _: Public, body: RegistrationIn, request: Request, session: WriteSession, now: Now
) -> AccountOut:
    """Make a buyer's account with a mobile number and a password of 8 to 128 characters."""
    password_hash = await service.hash_password(
        body.password.get_secret_value(), parallel=edge_of(request).settings.identity.parallel_hashes
    )
    account = await service.register_buyer(
        session, phone=body.phone, password_hash=password_hash, name=body.name, now=now
    )
    return AccountOut.of(account)


@router.get(
    "/v1/auth/me",
    summary="Who is signed in",
    operation_id="who_am_i",
    response_model=AccountOut,
    responses=problems(),
)
async def who_am_i(by: SignedIn, session: ReadSession) -> AccountOut:
    """The caller's account; with an API key, the account that made it, in the key's one role."""
    account = await queries.account(session, by.account_id)
    if account is None:
        raise NotAuthenticated
    return AccountOut(
        id=account.id,
        name=account.name,
        roles=sorted(by.roles),
        supplier_id=by.supplier_id,
        partner_id=by.partner_id,
    )


@router.post(
    "/v1/supplier/api-keys",
    status_code=201,
    summary="Make an API key of the supplier",
    operation_id="create_supplier_api_key",
    response_model=NewApiKeyOut,
    responses=problems(),
)
async def create_supplier_api_key(by: SupplierStaff, body: ApiKeyIn, session: WriteSession, now: Now) -> NewApiKeyOut:
    """The key is shown this once. It may do what supplier staff may, except make or revoke keys."""
    return NewApiKeyOut.of(*await service.create_api_key(session, role=Role.SUPPLIER, name=body.name, by=by, now=now))


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
    responses=problems(NotFound),
)
async def revoke_supplier_api_key(by: SupplierStaff, key_id: UUID, session: WriteSession, now: Now) -> None:
    """The key stops working everywhere within two seconds."""
    await _revoke(session, Role.SUPPLIER, key_id, by, now)


@router.post(
    "/v1/partner/api-keys",
    status_code=201,
    summary="Make an API key of the partner",
    operation_id="create_partner_api_key",
    response_model=NewApiKeyOut,
    responses=problems(),
)
async def create_partner_api_key(by: PartnerStaff, body: ApiKeyIn, session: WriteSession, now: Now) -> NewApiKeyOut:
    """The key is shown this once. It may do what partner staff may, except make or revoke keys."""
    return NewApiKeyOut.of(*await service.create_api_key(session, role=Role.PARTNER, name=body.name, by=by, now=now))


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
    responses=problems(NotFound),
)
async def revoke_partner_api_key(by: PartnerStaff, key_id: UUID, session: WriteSession, now: Now) -> None:
    """The key stops working everywhere within two seconds."""
    await _revoke(session, Role.PARTNER, key_id, by, now)


async def _page(
    session: ReadSession, role: Role, scope_id: UUID | None, limit: int, cursor: str | None
) -> Page[ApiKeyOut]:
    kind = f"{role}.api_keys"
    before = UUID(str(decode_cursor(kind, cursor)[0])) if cursor else None
    assert scope_id is not None  # noqa: S101 - the guard demands it
    found = await queries.api_keys(session, role, scope_id, limit=limit + 1, before=before)
    shown = found[:limit]
    more = encode_cursor(kind, str(shown[-1].id)) if len(found) > limit else None
    return Page(items=[ApiKeyOut.model_validate(key) for key in shown], next_cursor=more)


async def _revoke(session: WriteSession, role: Role, key_id: UUID, by: Actor, now: Now) -> None:
    forget_key(await service.revoke_api_key(session, key_id, role=role, by=by, now=now))
