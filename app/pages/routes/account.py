"""Signing in, registering, signing out; and what somebody can change about their account."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity, orders
from app.buyers import mask_phone
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Edge, Now, ReadSession, TheEdge, WriteSession, edge_of
from app.identity import (
    PASSWORD_MAX,
    PASSWORD_MIN,
    PHONE,
    CodeRequired,
    InvalidCode,
    Purpose,
    SamePhone,
    Tokens,
    is_common,
)
from app.pages.guards import Customer, Fields, Posted, SignedIn, Visit, Visitor
from app.pages.routes.cart import bring_home
from app.pages.routes.frame import PageRoute, go, refused_with, show
from app.pages.rules import safe_path

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Next = Annotated[str, Query(alias="next", max_length=500)]

_LONGEST_NAME = 50
_MOST_SIGN_INS = 20
_NO_FIELDS = {"username": "", "phone": "", "name": "", "code": ""}
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


@router.get("/sign-in")
async def sign_in_page(visit: Visitor, following: Next = "/") -> Response:
    """Who has an account signs in here; ``next`` is where they were going."""
    if visit.actor is not None and visit.may_see(following):
        return onwards(visit, following)
    return _door(visit, "sign_in.html", following=following)


@router.post("/sign-in")
async def sign_in(visit: Visitor, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Exchange a phone or user name and its password for a sign-in kept in cookies."""
    try:
        await _begin(visit, form["username"], form.untrimmed("password"), edge, now)
    except DomainError as error:
        return _again(visit, "sign_in.html", form, error, username=form["username"])
    return onwards(visit, form["next"])


@router.get("/register")
async def register_page(visit: Visitor, following: Next = "/") -> Response:
    """A new buyer says their phone, name and password."""
    return _door(visit, "register.html", following=following)


@router.post("/register")
async def register(visit: Visitor, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Send a code to the phone, or make the account and sign in with it."""
    phone, name, password, code = form["phone"], form["name"], form.untrimmed("password"), form["code"]
    said: dict[str, Any] = {"phone": phone, "name": name, "code": code}
    settings = edge.settings.identity
    try:
        if form["step"] == "send":
            check(phone=phone)
            await send_code(visit, Purpose.REGISTER, phone, edge, now)
            return _door(visit, "register.html", following=form["next"], sent=True, **said)
        check(phone=phone, name=name, password=password, code=code or None)
        if not code and edge.settings.registering_needs_code:
            raise CodeRequired
        digest = await identity.hash_password(password, parallel=settings.parallel_hashes)
        async with edge.db.write() as session:
            proven = bool(code) and await identity.prove(
                session, Purpose.REGISTER, phone, code, settings=settings, now=now
            )
            if proven or not code:
                await identity.register_buyer(
                    session, phone=phone, password_hash=digest, name=name, phone_proven=proven, now=now
                )
        if code and not proven:  # outside of the transaction: the try counts
            raise InvalidCode
        await _begin(visit, phone, password, edge, now)
    except DomainError as error:
        return _again(visit, "register.html", form, error, **said)
    return go(form["next"])


@router.post("/sign-out")
async def sign_out(visit: Visitor, form: Posted, edge: TheEdge, now: Now) -> Response:
    """End the sign-in here and at the service."""
    async with edge.db.write() as session:
        await identity.sign_out(session, visit.refresh_token, now)
    visit.leave()
    return go(form["next"])


@router.get("/account")
async def account_page(visit: SignedIn, session: ReadSession) -> Response:
    """Who is signed in, and the ways to what they keep with us."""
    return show(visit, "account.html", account=await identity.account(session, visit.person.account_id))


@router.get("/account/security")
async def security_page(visit: SignedIn, session: ReadSession, now: Now) -> Response:
    """Password, phone, and where the account is signed in."""
    return await _security(visit, session, now)


@router.post("/account/password")
async def change_password(visit: SignedIn, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Every sign-in ends, on every device; this browser gets a new one."""
    new = form.untrimmed("password")
    try:
        check(password=new)
        tokens = await identity.change_password(
            edge.db,
            by=visit.person,
            old=form.untrimmed("old_password"),
            new=new,
            address=identity.address_of(visit.request),
            settings=edge.settings.identity,
            limits=edge.settings.limits,
            now=now,
        )
    except DomainError as error:
        async with edge.db.read() as session:
            return await _security(visit, session, now, at="password", error=error)
    visit.keep_tokens(tokens)
    return go("/account/security?done=password")


@router.post("/account/phone")
async def change_phone(visit: SignedIn, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Send a code to the new phone, and then let the account be found by it."""
    phone, code = form["phone"], form["code"]
    entering = form["step"] == "enter"
    try:
        check(phone=phone, code=code if entering else None)
        if not entering:
            await _ask_for_phone(visit, phone, edge, now)
            async with edge.db.read() as session:
                return await _security(visit, session, now, phone=phone)
        async with edge.db.write() as session:
            right = await identity.change_phone(
                session, phone, code, by=visit.person, settings=edge.settings.identity, now=now
            )
        if not right:  # outside of the transaction: the try counts
            raise InvalidCode
    except DomainError as error:
        async with edge.db.read() as session:
            return await _security(visit, session, now, at="phone", error=error, phone=phone if entering else "")
    return go("/account/security?done=phone")


@router.post("/account/sign-ins/{sign_in_id}/end")
async def end_sign_in(visit: SignedIn, sign_in_id: UUID, _form: Posted, session: WriteSession, now: Now) -> Response:
    """Sign out somewhere else, or here."""
    await identity.end_sign_in(session, sign_in_id, by=visit.person, now=now)
    if sign_in_id == identity.sign_in_of(visit.refresh_token):
        visit.leave()
        return go("/")
    return go("/account/security")


@router.get("/account/close")
async def close_page(visit: Customer) -> Response:
    """What closing an account means."""
    return show(visit, "account_close.html")


@router.post("/account/close")
async def close_account(visit: Customer, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Close the account for good, if whoever asks has said that they mean it."""
    try:
        if not form["sure"]:
            raise InvalidInput(faults=[Fault("/sure", "missing", "请先勾选确认", "Tick this first")])
        async with edge.db.write() as session:
            await orders.close_account(session, by=visit.buyer, now=now)
    except DomainError as error:
        return show(visit, "account_close.html", status=error.status, refused=refused_with(visit.request, error))
    visit.leave()
    return show(visit, "account_closed.html")


def onwards(visit: Visit, following: str) -> Response:
    """To where they were going; who was going nowhere in particular, or to somebody else's page, starts at home."""
    path = safe_path(following)
    return go(visit.home if path == "/" or not visit.may_see(path) else path)


async def settle_in(visit: Visit, tokens: Tokens, edge: Edge, now: datetime) -> None:
    """The browser is signed in from now on, and a buyer's cart comes home."""
    visit.welcome(tokens)
    visit.actor = await identity.recognise(visit.request, tokens.access_token)
    if visit.is_buyer:
        async with edge.db.write() as session:
            await bring_home(session, visit, edge, now)


def check(
    *, phone: str | None = None, name: str | None = None, password: str | None = None, code: str | None = None
) -> None:
    """What a form says of a person; None is not looked at. Raises ``InvalidInput`` with a fault for each field."""
    faults = []
    if phone is not None and not PHONE.fullmatch(phone):
        faults.append(Fault("/phone", "invalid_phone", "请填写 11 位手机号", "An 11-digit mainland mobile number"))
    if name is not None and not (0 < len(name) <= _LONGEST_NAME and name.isprintable()):
        faults.append(Fault("/name", "invalid_name", "请填写姓名，至多 50 个字", "A name of at most 50 characters"))
    if password is not None and not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        faults.append(Fault("/password", "invalid_password", "密码为 8 至 128 个字符", "8 to 128 characters"))
    if password is not None and is_common(password):
        faults.append(Fault("/password", "common_password", "这个密码太常见，请换一个", "A password too common"))
    if code is not None and not _CODE.fullmatch(code):
        faults.append(Fault("/code", "invalid_code", "请填写 6 位验证码", "The six digits of the code"))
    if faults:
        raise InvalidInput(faults=faults)


async def send_code(
    visit: Visit, purpose: Purpose, phone: str, edge: Edge, now: datetime, *, account_id: UUID | None = None
) -> None:
    """Raises ``CodesNotAvailable``, ``RateLimited``."""
    async with edge.db.write() as session:
        await identity.request_code(
            session,
            purpose,
            phone,
            account_id=account_id,
            address=identity.address_of(visit.request),
            settings=edge.settings,
            now=now,
        )


async def _ask_for_phone(visit: Visit, phone: str, edge: Edge, now: datetime) -> None:
    """A code to a new phone, that only this account can use. Raises ``SamePhone`` besides."""
    account_id = visit.person.account_id
    async with edge.db.read() as session:
        if phone == await identity.phone_of(session, account_id):
            raise SamePhone
    await send_code(visit, Purpose.CHANGE_PHONE, phone, edge, now, account_id=account_id)


async def _begin(visit: Visit, username: str, password: str, edge: Edge, now: datetime) -> None:
    tokens = await identity.sign_in(
        edge.db,
        username=username,
        password=password,
        address=identity.address_of(visit.request),
        settings=edge.settings.identity,
        limits=edge.settings.limits,
        now=now,
    )
    await settle_in(visit, tokens, edge, now)


def _door(
    visit: Visit,
    template: str,
    *,
    following: str,
    sent: bool = False,
    status: int = 200,
    refused: dict[str, Any] | None = None,
    **said: Any,
) -> Response:
    settings = edge_of(visit.request).settings
    return show(
        visit,
        template,
        status=status,
        refused=refused,
        following=safe_path(following),
        said=_NO_FIELDS | said,
        sent=sent,
        codes=settings.sends_codes_by is not None,
        code_required=settings.registering_needs_code,
    )


def _again(visit: Visit, template: str, form: Fields, error: DomainError, **said: Any) -> Response:
    """The form once more, with what was said and what is wrong with it."""
    refused = refused_with(visit.request, error)
    sent = bool(said.get("code"))
    return _door(visit, template, following=form["next"], sent=sent, status=error.status, refused=refused, **said)


async def _security(
    visit: Visit,
    session: AsyncSession,
    now: datetime,
    *,
    at: str = "",
    error: DomainError | None = None,
    phone: str = "",
) -> Response:
    """``at`` names the form that was refused; ``phone`` is one that a code was sent to."""
    account_id = visit.person.account_id
    proven = await identity.phone_of(session, account_id)
    return show(
        visit,
        "security.html",
        status=error.status if error else 200,
        refused=refused_with(visit.request, error) if error else None,
        at=at,
        proven=mask_phone(proven) if proven else "",
        phone=phone,
        sign_ins=await identity.sign_ins(session, account_id, now=now, limit=_MOST_SIGN_INS),
        here_id=identity.sign_in_of(visit.refresh_token),
        codes=edge_of(visit.request).settings.sends_codes_by is not None,
        done=visit.request.query_params.get("done", ""),
    )
