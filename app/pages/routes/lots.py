"""A supplier's lots: what was harvested and made when, what is left, the code for the packs, and calling one back."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, inventory, recalls
from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Now, ReadSession, TheEdge, decode_cursor, next_cursor
from app.pages.guards import Fields, Posted, Seller, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.routes.stock import goods_names
from app.pages.schemas import Done

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 50
_MOST_GOODS = 500
_CODE = re.compile(r"[^\x00-\x20\x7f=+@-][^\x00-\x20\x7f]{0,63}")
_LONGEST_COUNT, _LONGEST_VILLAGE, _LONGEST_REASON = 6, 100, 200
_FIELDS = ("sku", "code", "harvested_on", "produced_on", "best_before", "village", "quantity")


@router.get("/supplier/lots")
async def list_lots(
    visit: Seller,
    session: ReadSession,
    now: Now,
    recalled: Annotated[str, Query(max_length=1)] = "",
    cursor: Annotated[str, Query(max_length=512)] = "",
) -> Response:
    """All of them by SKU; ``?recalled=1`` those that were called back."""
    after = None
    if cursor:
        sku, code = decode_cursor("page:lots", cursor)
        after = (str(sku), str(code))
    found = await inventory.page_of_lots(
        session, visit.supplier_id, sku=None, after=after, limit=_ON_A_PAGE + 1, recalled=recalled == "1"
    )
    shown = found[:_ON_A_PAGE]
    return show(
        visit,
        "supplier_lots.html",
        lots=shown,
        names=await goods_names(session, list({lot.sku for lot in shown}), now),
        recalled=recalled == "1",
        today=local_day(now),
        following=next_cursor("page:lots", found, _ON_A_PAGE, key=lambda lot: (lot.sku, lot.code)),
    )


@router.get("/supplier/lots/new")
async def new_lot(
    visit: Seller, session: ReadSession, now: Now, sku: Annotated[str, Query(max_length=32)] = ""
) -> Response:
    """Goods that come in: which, when they were picked and made, how long they keep and how many."""
    return await _new(visit, session, now, dict.fromkeys(_FIELDS, "") | {"sku": sku})


@router.post("/supplier/lots/new")
async def receive(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Book them in, once; the lot has its trace code then."""
    said = {name: form[name] for name in _FIELDS}
    refused, lot_id = None, None
    try:
        lot = _read(said)
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
    else:

        async def work(session: AsyncSession) -> Done:
            made = await inventory.receive(session, **lot, by=visit.person, now=now)
            return Done(id=made.id)

        lot_id, refused = await once(visit, form, work)
    if lot_id is not None:
        return go(f"/supplier/lots/{lot_id}?received=1")
    async with edge.db.read() as session:
        return await _new(visit, session, now, said, refused)


@router.get("/supplier/lots/{lot_id}")
async def show_lot(
    visit: Seller, lot_id: UUID, session: ReadSession, now: Now, received: Annotated[str, Query(max_length=1)] = ""
) -> Response:
    """One lot, with the code to print on its packs."""
    return await _page(visit, lot_id, session, now, received=received == "1")


@router.post("/supplier/lots/{lot_id}/recall")
async def recall(visit: Seller, lot_id: UUID, form: Posted, edge: TheEdge, now: Now) -> Response:
    """At once nobody can buy it and nothing of it is sent."""
    reason = form["reason"]
    refused = None
    try:
        if not (0 < len(reason) <= _LONGEST_REASON and reason.isprintable()):
            zh, en = "请填写召回原因，至多 200 个字", "Say why, in 1 to 200 characters"
            raise InvalidInput(faults=[Fault("/reason", "missing", zh, en)])
        if form["sure"] != "1":
            zh, en = "请勾选确认", "Tick that you mean it"
            raise InvalidInput(faults=[Fault("/sure", "missing", zh, en)])
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
    else:

        async def work(session: AsyncSession) -> Done:
            done = await inventory.recall(
                session, lot_id, supplier_id=visit.supplier_id, reason=reason, by=visit.person, now=now
            )
            return Done(id=done.lot.id)

        _, refused = await once(visit, form, work)
    if refused is None:
        return go(f"/supplier/lots/{lot_id}")
    async with edge.db.read() as session:
        return await _page(visit, lot_id, session, now, form=form, refused=refused)


def _read(said: dict[str, str]) -> dict[str, Any]:
    """Raises ``InvalidInput``."""
    faults = []
    if not said["sku"]:
        faults.append(Fault("/sku", "missing", "请选择商品", "Choose the goods"))
    if not _CODE.fullmatch(said["code"]):
        zh, en = "请填写批次号，至多 64 个字，不含空格", "1 to 64 characters without spaces"
        faults.append(Fault("/code", "invalid_code", zh, en))
    days: dict[str, date | None] = {}
    for name in ("harvested_on", "produced_on", "best_before"):
        days[name] = _day(said[name])
        if (said[name] or name == "best_before") and days[name] is None:
            faults.append(Fault(f"/{name}", "invalid_day", "请填写日期，如 2026-11-20", "A day, such as 2026-11-20"))
    if len(said["village"]) > _LONGEST_VILLAGE or not said["village"].isprintable():
        faults.append(Fault("/village", "invalid_text", "至多 100 个字", "At most 100 characters"))
    typed = said["quantity"]
    if not (typed.isascii() and typed.isdigit() and len(typed) <= _LONGEST_COUNT):
        faults.append(Fault("/quantity", "not_a_number", "请填写整数", "A whole number"))
    if faults:
        raise InvalidInput(faults=faults)
    return {
        "sku": said["sku"],
        "code": said["code"],
        "village": said["village"] or None,
        "quantity": int(typed),
        **days,
    }


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None  # noqa: PLR2004 - outside lie typing errors


async def _new(
    visit: Visit, session: AsyncSession, now: datetime, said: dict[str, str], refused: dict[str, Any] | None = None
) -> Response:
    return show(
        visit,
        "supplier_lot_new.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        said=said,
        goods=await catalogue.skus_of_supplier(session, visit.supplier_id, limit=_MOST_GOODS),
        today=local_day(now),
    )


async def _page(
    visit: Visit,
    lot_id: UUID,
    session: AsyncSession,
    now: datetime,
    *,
    received: bool = False,
    form: Fields | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    lot = await inventory.lot(session, lot_id, supplier_id=visit.supplier_id)
    names = await goods_names(session, [lot.sku], now)
    return show(
        visit,
        "supplier_lot.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        lot=lot,
        name=names.get(lot.sku, lot.sku),
        reach=await recalls.reach(session, lot_id, supplier_id=visit.supplier_id) if lot.recalled_at else None,
        received=received,
        today=local_day(now),
        reason=form["reason"] if form else "",
    )
