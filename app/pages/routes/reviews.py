"""What the goods are like: said once for each line of an order that arrived."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import files, orders, reviews
from app.core.errors import DomainError, Fault, InvalidInput, NotFound
from app.core.web import Edge, Now, ReadSession, TheEdge
from app.core.web.schemas import NO_CONTROL
from app.files import Purpose
from app.pages.guards import Customer, Fields, Posted, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.schemas import Done

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_STARS = ("1", "2", "3", "4", "5")


@router.get("/orders/{order_id}/lines/{line_id}/review")
async def review_page(visit: Customer, order_id: UUID, line_id: UUID, session: ReadSession) -> Response:
    """Stars, words and photos; who has said it before goes back to the order."""
    if await reviews.reviewed(session, [line_id]):
        return go(f"/orders/{order_id}")
    return await _page(visit, order_id, line_id, session, stars="", body="")


@router.post("/orders/{order_id}/lines/{line_id}/review")
async def post_review(
    visit: Customer, order_id: UUID, line_id: UUID, form: Posted, edge: TheEdge, now: Now
) -> Response:
    """Photos are looked at first; then it is posted once, however often the form is sent."""
    stars, body = form["stars"], form["text"].replace("\r\n", "\n")
    try:
        _check(stars, body)
        photos = await _photos(form, edge)
    except DomainError as wrong:
        async with edge.db.read() as session:
            said = refused_with(visit.request, wrong)
            return await _page(visit, order_id, line_id, session, stars=stars, body=body, refused=said)

    async def work(session: AsyncSession) -> Done:
        kept = [
            await files.keep(
                session, photo, purpose=Purpose.REVIEW, by=visit.buyer, settings=edge.settings.files, now=now
            )
            for photo in photos
        ]
        review_id = await reviews.post(
            session,
            line_id,
            stars=int(stars),
            body=body,
            photos=[photo.id for photo in kept],
            by=visit.buyer,
            within_days=edge.settings.reviews.within_days,
            now=now,
        )
        return Done(id=review_id)

    review_id, refused = await once(visit, form, work)
    if review_id is not None:
        return go(f"/orders/{order_id}")
    async with edge.db.read() as session:
        return await _page(visit, order_id, line_id, session, stars=stars, body=body, refused=refused)


async def _page(
    visit: Visit,
    order_id: UUID,
    line_id: UUID,
    session: AsyncSession,
    *,
    stars: str,
    body: str,
    refused: dict[str, Any] | None = None,
) -> Response:
    order = await orders.view(session, order_id, by=visit.buyer)
    line = next((line for line in order.lines if line.id == line_id), None)
    if line is None:
        raise NotFound
    status = refused["status"] if refused else 200
    return show(
        visit,
        "review_new.html",
        status=status,
        refused=refused,
        order=order,
        line=line,
        stars=stars,
        body=body,
        longest=reviews.LONGEST_TEXT,
        most_photos=reviews.MOST_PHOTOS,
    )


def _check(stars: str, body: str) -> None:
    faults = []
    if stars not in _STARS:
        faults.append(Fault("/stars", "missing", "请选择几颗星", "Choose one to five stars"))
    if not (0 < len(body) <= reviews.LONGEST_TEXT and re.search(NO_CONTROL, body)):
        most = reviews.LONGEST_TEXT
        faults.append(Fault("/text", "invalid_text", f"请写 1 至 {most} 个字", f"1 to {most} characters"))
    if faults:
        raise InvalidInput(faults=faults)


async def _photos(form: Fields, edge: Edge) -> list[files.Prepared]:
    """What was photographed, checked by content and written anew. Raises what ``files.prepare`` raises."""
    chosen = form.files("photos")[: reviews.MOST_PHOTOS]
    return [
        await files.prepare(await photo.read(), purpose=Purpose.REVIEW, settings=edge.settings.files)
        for photo in chosen
    ]
