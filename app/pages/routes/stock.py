"""A supplier's stock-room on a phone: choose the goods, say how many lie there, save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory, suppliers
from app.catalogue import offers
from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput, NotFound
from app.core.ids import new_id
from app.core.web import Edge, Now, ReadSession, TheEdge, last_seen, next_cursor
from app.inventory import LOW_STOCK, Lot, StockLine, Update, UpdatesRejected
from app.pages.guards import Fields, Posted, Seller, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.rules import CountMoved
from app.pages.schemas import Done
from app.suppliers import Agency

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 50
_LONGEST_COUNT = 7

_LATELY = 8

Sku = Annotated[str, Path(max_length=32)]
Cursor = Annotated[str, Query(max_length=512)]
Saved = Annotated[str, Query(max_length=32, pattern=r"^[A-Za-z0-9_-]*$")]


@dataclass(frozen=True, slots=True)
class _Row:
    """One number to say: of a lot, or of what lies in none."""

    lot: Lot | None
    on_hand: int
    typed: str
    expired: bool
    fault: str | None

    @property
    def code(self) -> str:
        """What the form calls it."""
        return self.lot.code if self.lot else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose stock-room it is, where its pages begin and what is around them; ``agency`` when an agent is in it."""

    supplier_id: UUID
    path: str
    frame: str
    agency: Agency | None = None

    @classmethod
    def own(cls, visit: Visit) -> Place:
        """The supplier's for whom somebody is signed in."""
        return cls(visit.supplier_id, "/supplier/stock", "supplier_frame.html")


@router.get("/supplier/stock")
async def list_stock(visit: Seller, session: ReadSession, now: Now, saved: Saved = "", cursor: Cursor = "") -> Response:
    """Everything the supplier sells, with what lies there."""
    return await stock_page(visit, Place.own(visit), session, now, saved=saved, cursor=cursor)


@router.get("/supplier/stock/{sku}")
async def count_page(visit: Seller, sku: Sku, session: ReadSession, now: Now) -> Response:
    """How many there are, lot by lot."""
    return await goods_page(visit, Place.own(visit), sku, session, now)


@router.post("/supplier/stock/{sku}")
async def count(visit: Seller, sku: Sku, form: Posted, edge: TheEdge, now: Now) -> Response:
    """What was counted counts as of now. If the book moved since the page was shown, it is shown again instead."""
    return await count_goods(visit, Place.own(visit), sku, form, edge, now)


@router.get("/supplier/stock/{sku}/movements")
async def list_movements(visit: Seller, sku: Sku, session: ReadSession, now: Now, cursor: Cursor = "") -> Response:
    """Why the numbers are what they are, and who entered what."""
    return await ledger_page(visit, Place.own(visit), sku, session, now, cursor=cursor)


async def stock_page(
    visit: Visit, place: Place, session: AsyncSession, now: datetime, *, saved: str, cursor: str
) -> Response:
    """A stock-room: its goods, and how many there are."""
    after = last_seen("page:stock", cursor, str)
    found = await inventory.page_of_stock(session, place.supplier_id, sku=None, after=after, limit=_ON_A_PAGE + 1)
    shown = found[:_ON_A_PAGE]
    return show(
        visit,
        "supplier_stock.html",
        place=place,
        stock=shown,
        names=await goods_names(session, [line.sku for line in shown], now),
        low=LOW_STOCK,
        saved=saved,
        following=next_cursor("page:stock", found, _ON_A_PAGE, lambda one: one.sku),
    )


async def count_goods(visit: Visit, place: Place, sku: str, form: Fields, edge: Edge, now: datetime) -> Response:
    """Save what was counted, once; an agent is still one when it is saved."""
    typed = {code: form[f"count:{code}"] for code in form.names("count:")}
    refused = None
    try:
        _check(typed)
    except DomainError as wrong:
        refused = refused_with(visit.request, wrong)
    else:

        async def work(session: AsyncSession) -> Done:
            if place.agency is not None:
                await suppliers.hold_agency(session, place.supplier_id, by=visit.person)
            line = await _find(session, place, sku)
            updates = _updates(line, typed, form, now)
            try:
                await inventory.apply_updates(session, place.supplier_id, updates, by=visit.person, now=now)
            except UpdatesRejected as rejected:
                raise InvalidInput(faults=[_beside(updates, fault) for fault in rejected.faults]) from rejected
            return Done(id=new_id(now))

        _, refused = await once(visit, form, work)
    if refused is None:
        return go(f"{place.path}?saved={sku}")
    async with edge.db.read() as session:
        return await goods_page(visit, place, sku, session, now, typed=typed, refused=refused)


async def ledger_page(
    visit: Visit, place: Place, sku: str, session: AsyncSession, now: datetime, *, cursor: str
) -> Response:
    """All that moved a number, the newest first."""
    line = await _find(session, place, sku)
    kind = f"page:movements:{sku}"
    before = last_seen(kind, cursor, int)
    found = await inventory.page_of_movements(session, sku, by=visit.person, before=before, limit=_ON_A_PAGE + 1)
    names = await goods_names(session, [sku], now)
    return show(
        visit,
        "supplier_movements.html",
        place=place,
        line=line,
        name=names.get(sku, sku),
        movements=found[:_ON_A_PAGE],
        following=next_cursor(kind, found, _ON_A_PAGE, lambda one: one.number),
    )


def _beside(updates: Sequence[Update], fault: Fault) -> Fault:
    """What is wrong with a row of the update, beside the number that it came from."""
    update = updates[int(fault.pointer.rpartition("/")[2])]
    return replace(fault, pointer=f"/count:{update.lot_code or ''}")


def _check(typed: Mapping[str, str]) -> None:
    faults = [
        Fault(f"/count:{code}", "not_a_number", "请填写整数", "A whole number")
        for code, text in typed.items()
        if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_COUNT)
    ]
    if faults:
        raise InvalidInput(faults=faults)


def _updates(line: StockLine, typed: Mapping[str, str], form: Fields, now: datetime) -> list[Update]:
    """One count for each number that was changed. Raises ``CountMoved``.

    What lies in no lot is counted last, together with the lots: the book has a count of all of a SKU, or of one lot.
    """
    there = {lot.code: lot.on_hand for lot in line.lots}
    loose = line.on_hand - sum(there.values())
    changed = {code: int(text) for code, text in typed.items() if text != form[f"seen:{code}"]}
    for code in changed:
        if form[f"seen:{code}"] != str(there.get(code, 0) if code else loose):
            raise CountMoved
    updates = [Update(line.sku, "set", pieces, code, None, now) for code, pieces in changed.items() if code]
    if "" in changed:
        lots = sum(changed.get(code, pieces) for code, pieces in there.items())
        updates.append(Update(line.sku, "set", lots + changed[""], None, None, now))
    return updates


async def _find(session: AsyncSession, place: Place, sku: str) -> StockLine:
    found = await inventory.page_of_stock(session, place.supplier_id, sku=sku, after=None, limit=1)
    if not found:
        raise NotFound
    return found[0]


async def goods_page(
    visit: Visit,
    place: Place,
    sku: str,
    session: AsyncSession,
    now: datetime,
    *,
    typed: Mapping[str, str] | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    """How many there are of one SKU, lot by lot, and what moved last; ``typed`` is what was refused."""
    line = await _find(session, place, sku)
    moved = refused is not None and refused["code"] == CountMoved.code
    said = {} if typed is None or moved else typed
    faults = (
        {fault["pointer"].removeprefix("/count:"): fault["detail"] for fault in refused["errors"]} if refused else {}
    )
    today = local_day(now)
    # A lot that is empty comes back only with goods that are booked in.
    lots = [lot for lot in line.lots if lot.on_hand] or list(line.lots[-1:])
    loose = line.on_hand - sum(lot.on_hand for lot in line.lots)
    rows = [
        _Row(lot, lot.on_hand, said.get(lot.code, str(lot.on_hand)), lot.best_before < today, faults.get(lot.code))
        for lot in lots
    ]
    if loose or not lots:
        rows.append(_Row(None, loose, said.get("", str(loose)), expired=False, fault=faults.get("")))
    names = await goods_names(session, [sku], now)
    return show(
        visit,
        "supplier_count.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        place=place,
        line=line,
        rows=rows,
        movements=await inventory.page_of_movements(session, sku, by=visit.person, before=None, limit=_LATELY),
        name=names.get(sku, sku),
    )


async def goods_names(session: AsyncSession, skus: Sequence[str], now: datetime) -> dict[str, str]:
    """What goods are called, those that are not on sale too."""
    found = await offers(session, skus, now=now) if skus else {}
    return {sku: f"{offer.product_name} {offer.sku_name}" for sku, offer in found.items()}
