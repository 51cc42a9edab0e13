"""What a code sent to a phone is good for: signing in without a password, and choosing a new one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app import identity
from app.core.errors import DomainError
from app.core.web import Edge, Now, TheEdge
from app.identity import Purpose
from app.pages.guards import Fields, Posted, Visit, Visitor
from app.pages.routes.account import check, onwards, send_code, settle_in
from app.pages.routes.frame import PageRoute, refused_with, show
from app.pages.rules import safe_path

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Next = Annotated[str, Query(alias="next", max_length=500)]


@router.get("/sign-in/code")
async def code_page(visit: Visitor, edge: TheEdge, following: Next = "/") -> Response:
    """Where somebody says which phone is theirs."""
    return _page(visit, "sign_in_code.html", edge, following=following)


@router.post("/sign-in/code")
async def sign_in_by_code(visit: Visitor, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Send a code, and then exchange it for a sign-in."""
    try:
        check(phone=form["phone"])
        if form["step"] != "enter":
            await send_code(visit, Purpose.SIGN_IN, form["phone"], edge, now)
            return _page(visit, "sign_in_code.html", edge, form=form, sent=True)
        check(code=form["code"])
        tokens = await identity.sign_in_by_code(
            edge.db,
            phone=form["phone"],
            code=form["code"],
            address=identity.address_of(visit.request),
            settings=edge.settings.identity,
            limits=edge.settings.limits,
            now=now,
        )
    except DomainError as error:
        return _page(visit, "sign_in_code.html", edge, form=form, sent=form["step"] == "enter", error=error)
    await settle_in(visit, tokens, edge, now)
    return onwards(visit, form["next"])


@router.get("/password-reset")
async def reset_page(visit: Visitor, edge: TheEdge, following: Next = "/") -> Response:
    """Where somebody says whose password is to be another."""
    return _page(visit, "password_reset.html", edge, following=following)


@router.post("/password-reset")
async def reset_password(visit: Visitor, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Send a code, and then exchange it for another password: every sign-in ends, and one begins here."""
    try:
        check(phone=form["phone"])
        if form["step"] != "enter":
            await send_code(visit, Purpose.RESET_PASSWORD, form["phone"], edge, now)
            return _page(visit, "password_reset.html", edge, form=form, sent=True)
        password = form.untrimmed("password")
        check(code=form["code"], password=password)
        tokens = await identity.reset_password(
            edge.db,
            phone=form["phone"],
            code=form["code"],
            password=password,
            address=identity.address_of(visit.request),
            settings=edge.settings.identity,
            limits=edge.settings.limits,
            now=now,
        )
    except DomainError as error:
        return _page(visit, "password_reset.html", edge, form=form, sent=form["step"] == "enter", error=error)
    await settle_in(visit, tokens, edge, now)
    return onwards(visit, form["next"])


def _page(
    visit: Visit,
    template: str,
    edge: Edge,
    *,
    following: str = "/",
    form: Fields | None = None,
    sent: bool = False,
    error: DomainError | None = None,
) -> Response:
    return show(
        visit,
        template,
        status=error.status if error else 200,
        refused=refused_with(visit.request, error) if error else None,
        following=safe_path(form["next"] if form else following),
        phone=form["phone"] if form else "",
        sent=sent,
        minutes=edge.settings.identity.code_seconds // 60,
    )
