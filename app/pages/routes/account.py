"""Signing in, registering, signing out, and what a buyer keeps with us."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app import identity
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Edge, Now, ReadSession, TheEdge
from app.identity import PASSWORD_MAX, PASSWORD_MIN, PHONE
from app.pages.guards import Customer, Fields, Posted, Visit, Visitor
from app.pages.routes.cart import bring_home
from app.pages.routes.frame import PageRoute, go, refused_with, show
from app.pages.rules import safe_path

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Next = Annotated[str, Query(alias="next", max_length=500)]

_LONGEST_NAME = 50
_NO_FIELDS = {"username": "", "phone": "", "name": ""}


@router.get("/sign-in")
async def sign_in_page(visit: Visitor, following: Next = "/") -> Response:
    """Who has an account signs in here; ``next`` is where they were going."""
    if visit.is_buyer:
        return go(following)
    return show(visit, "sign_in.html", following=safe_path(following), said=_NO_FIELDS)


@router.post("/sign-in")
async def sign_in(visit: Visitor, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Exchange a phone or user name and its password for a sign-in kept in cookies."""
    try:
        await _begin(visit, form["username"], form.untrimmed("password"), edge, now)
    except DomainError as error:
        return _again(visit, "sign_in.html", form, error, username=form["username"])
    return go(form["next"])


@router.get("/register")
async def register_page(visit: Visitor, following: Next = "/") -> Response:
    """A new buyer says their phone, name and password."""
    return show(visit, "register.html", following=safe_path(following), said=_NO_FIELDS)


@router.post("/register")
async def register(visit: Visitor, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Make the account and sign in with it."""
    phone, name, password = form["phone"], form["name"], form.untrimmed("password")
    try:
        _check(phone, name, password)
        digest = await identity.hash_password(password, parallel=edge.settings.identity.parallel_hashes)
        async with edge.db.write() as session:
            await identity.register_buyer(session, phone=phone, password_hash=digest, name=name, now=now)
        await _begin(visit, phone, password, edge, now)
    except DomainError as error:
        return _again(visit, "register.html", form, error, phone=phone, name=name)
    return go(form["next"])


@router.post("/sign-out")
async def sign_out(visit: Visitor, form: Posted, edge: TheEdge, now: Now) -> Response:
    """End the sign-in here and at the service."""
    async with edge.db.write() as session:
        await identity.sign_out(session, visit.refresh_token, now)
    visit.leave()
    return go(form["next"])


@router.get("/account")
async def account_page(visit: Customer, session: ReadSession) -> Response:
    """What a buyer keeps with us."""
    return show(visit, "account.html", account=await identity.account(session, visit.buyer.account_id))


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
    visit.welcome(tokens)
    visit.actor = await identity.recognise(visit.request, tokens.access_token)
    if visit.is_buyer:
        async with edge.db.write() as session:
            await bring_home(session, visit, edge, now)


def _again(visit: Visit, template: str, form: Fields, error: DomainError, **said: Any) -> Response:
    """The form once more, with what was said and what is wrong with it."""
    refused = refused_with(visit.request, error)
    return show(
        visit, template, status=error.status, refused=refused, following=safe_path(form["next"]), said=_NO_FIELDS | said
    )


def _check(phone: str, name: str, password: str) -> None:
    faults = []
    if not PHONE.fullmatch(phone):
        faults.append(Fault("/phone", "invalid_phone", "请填写 11 位手机号", "An 11-digit mainland mobile number"))
    if not (0 < len(name) <= _LONGEST_NAME and name.isprintable()):
        faults.append(Fault("/name", "invalid_name", "请填写姓名，至多 50 个字", "A name of at most 50 characters"))
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        faults.append(Fault("/password", "invalid_password", "密码为 8 至 128 个字符", "8 to 128 characters"))
    if faults:
        raise InvalidInput(faults=faults)
