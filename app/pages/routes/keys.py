"""A supplier's API keys: made for one program each, shown once, limited to what it needs, revoked for good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Edge, Now, ReadSession, TheEdge
from app.identity import Role, Scope
from app.pages.guards import Fields, Posted, Seller, Visit
from app.pages.routes.frame import PageRoute, go, refused_with, show

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST = 100
_LONGEST_NAME = 50


@router.get("/supplier/keys")
async def keys_page(visit: Seller, session: ReadSession) -> Response:
    """Every key without its secret, and a form for the next."""
    return await _page(visit, session)


@router.post("/supplier/keys")
async def make_key(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """The answer shows the key this once: it is kept nowhere, not even with the answers to forms sent twice."""
    try:
        name, scopes = _read(form)
        async with edge.db.write() as session:
            _, key = await identity.create_api_key(
                session, role=Role.SUPPLIER, name=name, scopes=scopes, by=visit.person, now=now
            )
    except DomainError as wrong:
        return await _again(visit, edge, form, wrong)
    async with edge.db.read() as session:
        response = await _page(visit, session, key=key)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/supplier/keys/{key_id}/revoke")
async def revoke_key(visit: Seller, key_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """It stops working everywhere within two seconds."""
    try:
        async with edge.db.write() as session:
            digest = await identity.revoke_api_key(session, key_id, role=Role.SUPPLIER, by=visit.person, now=now)
    except DomainError as wrong:
        return await _again(visit, edge, form, wrong)
    identity.forget_key(digest)
    return go("/supplier/keys")


def _read(form: Fields) -> tuple[str, Sequence[Scope] | None]:
    """What it is for, and what it may do; None: whatever staff may. Raises ``InvalidInput``."""
    faults = []
    name = form["name"]
    if not (0 < len(name) <= _LONGEST_NAME and name.isprintable()):
        faults.append(Fault("/name", "invalid_name", "请填写用途，至多 50 个字", "What it is for, 1 to 50 characters"))
    limited, chosen = form["may"] != "all", form.all("scope")
    scopes = [scope for scope in Scope if scope.value in chosen]
    if limited and not scopes:
        faults.append(Fault("/scope", "missing", "请至少勾选一项权限", "Tick at least one of them"))
    if faults:
        raise InvalidInput(faults=faults)
    return name, scopes if limited else None


async def _again(visit: Visit, edge: Edge, form: Fields, wrong: DomainError) -> Response:
    async with edge.db.read() as session:
        return await _page(visit, session, form=form, refused=refused_with(visit.request, wrong))


async def _page(
    visit: Visit,
    session: AsyncSession,
    *,
    key: str = "",
    form: Fields | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    areas: dict[str, list[Scope]] = {}
    for scope in Scope:
        areas.setdefault(scope.value.partition(":")[0], []).append(scope)
    owners = await identity.owners(session, Role.SUPPLIER, visit.supplier_id)
    found = await identity.api_keys(session, Role.SUPPLIER, visit.supplier_id, limit=_MOST)
    return show(
        visit,
        "supplier_keys.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        key=key,
        keys=[one for one in found if one.revoked_at is None],
        revoked=[one for one in found if one.revoked_at is not None],
        is_owner=visit.person.account_id in owners,
        areas=areas,
        name=form["name"] if form else "",
        may=form["may"] if form else "some",
        chosen=list(form.all("scope")) if form else [],
    )
