"""When something is wrong with what arrived: make a claim, with photos, and follow it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import claims, files, orders
from app.catalogue import offers
from app.claims import Asked, Kind, NewClaim
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Edge, Now, ReadSession, TheEdge, WriteSession, edge_of
from app.pages.guards import Customer, Fields, Posted, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.rules import quantity
from app.pages.schemas import Done

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST_PIECES = 9999
_MOST_PHOTOS = 6
_LONGEST_NOTE = 500


@router.get("/orders/{order_id}/claim")
async def claim_page(visit: Customer, order_id: UUID, session: ReadSession) -> Response:
    """What is wrong, with which goods, and what it looks like."""
    return await _page(visit, order_id, session, Kind.BAD_FRUIT, "")


@router.post("/orders/{order_id}/claim")
async def open_claim(visit: Customer, order_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Photos are looked at first; then the claim is made once, however often the form is sent."""
    kind = next((known for known in Kind if known.value == form["kind"]), Kind.OTHER)
    try:
        asked = _asked(form, kind)
        photos = await _photos(form, edge)
    except DomainError as wrong:
        async with edge.db.read() as session:
            said = refused_with(visit.request, wrong)
            return await _page(visit, order_id, session, kind, form["note"], said)

    async def work(session: AsyncSession) -> Done:
        kept = [
            await files.keep(
                session, photo, purpose=files.Purpose.CLAIM, by=visit.buyer, settings=edge.settings.files, now=now
            )
            for photo in photos
        ]
        wanted = NewClaim(
            kind=kind,
            lines=asked,
            photos=[photo.id for photo in kept],
            note=form["note"][:_LONGEST_NOTE] or None,
        )
        hours = edge.settings.claims.review_hours
        claim = await claims.open_claim(session, order_id, wanted, by=visit.buyer, now=now, review_hours=hours)
        return Done(id=claim.id)

    claim_id, refused = await once(visit, form, work)
    if claim_id is not None:
        return go(f"/claims/{claim_id}")
    async with edge.db.read() as session:
        return await _page(visit, order_id, session, kind, form["note"], refused)


@router.get("/claims/{claim_id}")
async def show_claim(visit: Customer, claim_id: UUID, session: ReadSession, now: Now) -> Response:
    """Where a claim stands and what happened to it."""
    claim = await claims.get(session, claim_id, buyer_id=visit.buyer.account_id, now=now)
    order = await orders.view(session, claim.order_id, by=visit.buyer)
    names = {line.id: line.name for line in order.lines}
    return show(visit, "claim.html", claim=claim, names=names)


@router.post("/claims/{claim_id}/withdraw")
async def withdraw_claim(visit: Customer, claim_id: UUID, _form: Posted, session: WriteSession, now: Now) -> Response:
    """The buyer has thought better of it."""
    await claims.withdraw(session, claim_id, by=visit.buyer, now=now)
    return go(f"/claims/{claim_id}")


async def _page(
    visit: Visit,
    order_id: UUID,
    session: AsyncSession,
    kind: Kind,
    note: str,
    refused: dict[str, Any] | None = None,
) -> Response:
    order = await orders.view(session, order_id, by=visit.buyer)
    goods = await offers(session, [line.sku for line in order.lines], now=edge_of(visit.request).clock())
    returnable = any(not found.fresh for found in goods.values())
    return show(
        visit,
        "claim_new.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        order=order,
        kinds=[one for one in Kind if returnable or one is not Kind.NO_REASON],
        kind=kind,
        note=note,
    )


def _asked(form: Fields, kind: Kind) -> list[Asked]:
    """Which lines are meant. Raises ``InvalidInput`` when none is, or pieces are missing that bad fruit needs."""
    asked = []
    for line_id in form.all("line"):
        try:
            line = UUID(line_id)
        except ValueError:
            continue
        pieces = form[f"pieces:{line_id}"]
        bad = form[f"bad:{line_id}"]
        counted = kind in (Kind.BAD_FRUIT, Kind.SHORT) and bad.isdigit() and pieces.isdigit()
        asked.append(
            Asked(
                line_id=line,
                quantity=max(1, quantity(form[f"quantity:{line_id}"], _MOST_PIECES)),
                bad_pieces=quantity(bad, _MOST_PIECES) if counted else None,
                total_pieces=quantity(pieces, _MOST_PIECES) if counted else None,
            )
        )
    if not asked:
        raise InvalidInput(faults=[Fault("/line", "missing", "请勾选有问题的商品", "Tick the goods that are meant")])
    return asked


async def _photos(form: Fields, edge: Edge) -> list[files.Prepared]:
    """What was photographed, checked by content and written anew. Raises what ``files.prepare`` raises."""
    chosen = form.files("photos")[:_MOST_PHOTOS]
    return [
        await files.prepare(await photo.read(), purpose=files.Purpose.CLAIM, settings=edge.settings.files)
        for photo in chosen
    ]
