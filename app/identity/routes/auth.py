"""Signing in and staying signed in, by password or by a code; and what people do with their own account."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from app.core.errors import Fault, InvalidInput, NotAuthenticated, NotFound, NotPermitted
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    Edge,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    TheEdge,
    WriteSession,
    last_seen,
    page_of,
    problems,
)
from app.identity import queries, service
from app.identity.guards import Public, SignedIn, address_of
from app.identity.rules import (
    Account,
    Actor,
    CodeRequired,
    CodesNotAvailable,
    InvalidCode,
    InvalidCredentials,
    InvalidGrant,
    InvalidSignInCode,
    PhoneTaken,
    Purpose,
    SamePhone,
    UnsupportedGrantType,
)
from app.identity.schemas import (
    AccountOut,
    CodeIn,
    CodeOut,
    NewPhoneIn,
    PasswordIn,
    PasswordResetIn,
    PhoneIn,
    RegistrationIn,
    SignInOut,
    TokensOut,
)

router = APIRouter(tags=["identity"])

_Field = Annotated[str | None, Form(max_length=2048)]


@router.post(
    "/v1/auth/token",
    summary="Sign in, or stay signed in",
    operation_id="issue_token",
    response_model=TokensOut,
    responses=problems(UnsupportedGrantType, InvalidCredentials, InvalidSignInCode, InvalidGrant, public=True),
)
async def issue_token(
    _: Public,
    request: Request,
    response: Response,
    edge: TheEdge,
    now: Now,
    grant_type: Annotated[str, Form(max_length=64, examples=["password"])],
    username: _Field = None,
    password: _Field = None,
    refresh_token: _Field = None,
    phone: _Field = None,
    code: _Field = None,
) -> TokensOut:
    """OAuth2 token endpoint (RFC 6749): the grants `password` and `refresh_token`, and `sms_code` with `phone`, `code`.

    A refresh token can be used once: the answer holds its successor. Using one again revokes the whole sign-in.
    The first code proves whose the phone is: a password that was set before it is void and all sign-ins end. A new
    password is chosen with `POST /v1/auth/password-reset`.
    """
    response.headers["Cache-Control"] = "no-store"
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
    if grant_type == "sms_code":
        _demand(phone=phone, code=code)
        tokens = await service.sign_in_by_code(
            edge.db,
            phone=phone or "",
            code=code or "",
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
    "/v1/auth/codes",
    status_code=202,
    summary="Ask for a one-time code by SMS",
    operation_id="request_code",
    response_model=CodeOut,
    responses=problems(CodesNotAvailable, public=True),
)
async def request_code(
    _: Public, body: CodeIn, request: Request, session: WriteSession, edge: TheEdge, now: Now
) -> CodeOut:
    """For registering, signing in, or resetting the password. The answer is the same whether or not the phone is known.

    Six digits, good once and for five minutes, at most five tries; one a minute and ten a day for a phone.
    """
    await service.request_code(
        session, Purpose(body.purpose), body.phone, address=address_of(request), settings=edge.settings, now=now
    )
    return _sent(edge)


@router.post(
    "/v1/auth/register",
    status_code=201,
    summary="Register as a buyer",
    operation_id="register_buyer",
    response_model=AccountOut,
    responses=problems(PhoneTaken, InvalidCode, CodeRequired, public=True),
)
async def register_buyer(_: Public, body: RegistrationIn, edge: TheEdge, now: Now) -> AccountOut:
    """Make a buyer's account with a mobile number and a password of 8 to 128 characters.

    With `code` (asked for with the purpose `register`) the phone is known to be the caller's; some installations
    demand it. Without it, the phone can be proved later at `PUT /v1/auth/me/phone`; until then the account sees no
    invitations, and a sign-in by code makes the password void.
    """
    settings = edge.settings.identity
    if body.code is None and edge.settings.registering_needs_code:
        raise CodeRequired
    password_hash = await service.hash_password(body.password.get_secret_value(), parallel=settings.parallel_hashes)
    async with edge.db.write() as session:
        proven = body.code is not None and await service.prove(
            session, Purpose.REGISTER, body.phone, body.code, settings=settings, now=now
        )
        if proven or body.code is None:
            account = await service.register_buyer(
                session,
                phone=body.phone,
                password_hash=password_hash,
                name=body.name,
                phone_proven=proven,
                now=now,
            )
            return AccountOut.of(account)
    raise InvalidCode


@router.get(
    "/v1/auth/me",
    summary="Who is signed in",
    operation_id="who_am_i",
    response_model=AccountOut,
    responses=problems(),
)
async def who_am_i(by: SignedIn, session: ReadSession) -> AccountOut:
    """The caller's account; with an API key, the account that made it, in the key's one role."""
    return await _shown(session, by)


@router.post(
    "/v1/auth/password",
    summary="Change the password",
    operation_id="change_password",
    response_model=TokensOut,
    responses=problems(InvalidCredentials),
)
async def change_password(
    by: SignedIn, body: PasswordIn, request: Request, response: Response, edge: TheEdge, now: Now
) -> TokensOut:
    """Every sign-in of the account ends, on every device; the answer begins a new one for the caller."""
    _refuse_keys(by)
    response.headers["Cache-Control"] = "no-store"
    tokens = await service.change_password(
        edge.db,
        by=by,
        old=body.old_password.get_secret_value(),
        new=body.new_password.get_secret_value(),
        address=address_of(request),
        settings=edge.settings.identity,
        limits=edge.settings.limits,
        now=now,
    )
    return TokensOut.of(tokens)


@router.post(
    "/v1/auth/password-reset",
    summary="Choose a new password with a code",
    operation_id="reset_password",
    response_model=TokensOut,
    responses=problems(InvalidCode, public=True),
)
async def reset_password(
    _: Public, body: PasswordResetIn, request: Request, response: Response, edge: TheEdge, now: Now
) -> TokensOut:
    """With a code asked for with the purpose `reset_password`. Every sign-in of the account ends and a new one begins.

    Officers and operators cannot: an operator gives them a new password.
    """
    response.headers["Cache-Control"] = "no-store"
    tokens = await service.reset_password(
        edge.db,
        phone=body.phone,
        code=body.code,
        password=body.new_password.get_secret_value(),
        address=address_of(request),
        settings=edge.settings.identity,
        limits=edge.settings.limits,
        now=now,
    )
    return TokensOut.of(tokens)


@router.post(
    "/v1/auth/me/phone/codes",
    status_code=202,
    summary="Ask for a code to change the phone",
    operation_id="request_phone_change",
    response_model=CodeOut,
    responses=problems(SamePhone, CodesNotAvailable),
)
async def request_phone_change(
    by: SignedIn, body: PhoneIn, request: Request, session: WriteSession, edge: TheEdge, now: Now
) -> CodeOut:
    """The code goes to the new phone, and only the caller's account can use it."""
    _refuse_keys(by)
    if body.phone == await queries.phone_of(session, by.account_id):
        raise SamePhone
    await service.request_code(
        session,
        Purpose.CHANGE_PHONE,
        body.phone,
        account_id=by.account_id,
        address=address_of(request),
        settings=edge.settings,
        now=now,
    )
    return _sent(edge)


@router.put(
    "/v1/auth/me/phone",
    summary="Change the phone",
    operation_id="change_phone",
    response_model=AccountOut,
    responses=problems(InvalidCode, PhoneTaken),
)
async def change_phone(by: SignedIn, body: NewPhoneIn, edge: TheEdge, now: Now) -> AccountOut:
    """From now on the account is found by this phone, which is then proved to be the caller's. Sign-ins go on."""
    _refuse_keys(by)
    async with edge.db.write() as session:
        if await service.change_phone(session, body.phone, body.code, by=by, settings=edge.settings.identity, now=now):
            return await _shown(session, by)
    raise InvalidCode


@router.get(
    "/v1/auth/sessions",
    summary="Where the caller is signed in",
    operation_id="list_sign_ins",
    response_model=Page[SignInOut],
    responses=problems(InvalidCursor),
)
async def list_sign_ins(
    by: SignedIn, session: ReadSession, now: Now, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[SignInOut]:
    """The caller's sign-ins that have not ended, the newest first."""
    _refuse_keys(by)
    before = last_seen("sign_ins", cursor)
    found = await queries.sign_ins(session, by.account_id, now=now, limit=limit + 1, before=before)
    return page_of("sign_ins", found, limit, SignInOut.model_validate)


@router.delete(
    "/v1/auth/sessions/{session_id}",
    status_code=204,
    summary="Sign out somewhere",
    operation_id="end_sign_in",
    responses=problems(NotFound),
)
async def end_sign_in(by: SignedIn, session_id: UUID, session: WriteSession, now: Now) -> None:
    """The sign-in cannot be renewed any more; its access token lives out its few minutes."""
    _refuse_keys(by)
    await service.end_sign_in(session, session_id, by=by, now=now)


def _sent(edge: Edge) -> CodeOut:
    identity = edge.settings.identity
    return CodeOut(expires_in=identity.code_seconds, retry_after=identity.code_pause_seconds)


def _refuse_keys(by: Actor) -> None:
    """An API key speaks for an organisation, not for the person who made it."""
    if by.key_id is not None:
        raise NotPermitted


async def _shown(session: ReadSession, by: Actor) -> AccountOut:
    account: Account | None = await queries.account(session, by.account_id)
    if account is None:
        raise NotAuthenticated
    return AccountOut(
        id=account.id,
        name=account.name,
        roles=sorted(by.roles),
        supplier_id=by.supplier_id,
        partner_id=by.partner_id,
    )
