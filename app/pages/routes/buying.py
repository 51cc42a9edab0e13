"""A supermarket orders by the case: its price list, what would become of an order, and the order."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import partners, pricing, wholesale
from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Now, ReadSession, TheEdge
from app.pages.guards import Fields, Posted, Purchaser, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.schemas import Done
from app.wholesale import AskedLine, AskedOrder, Partial, Placed, Source

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST_CASES = 999_999
_LONGEST_NUMBER, _LONGEST_NOTE = 64, 200


@dataclass(frozen=True, slots=True)
class _Basket:
    """An order as it stands in the form, with the goods of its lines in their order."""

    asked: AskedOrder
    partial: Partial

    @property
    def skus(self) -> list[str]:
        return [line.sku or "" for line in self.asked.lines]


class _OnlyLooking(Exception):
    """Ends a transaction in which an order was placed to see what would become of it."""


@router.get("/partner")
async def show_price_list(visit: Purchaser, session: ReadSession, now: Now) -> Response:
    """What can be ordered today, at which price, and how much credit is left."""
    return await _page(visit, session, now)


@router.post("/partner")
async def order(visit: Purchaser, form: Posted, edge: TheEdge, now: Now) -> Response:
    """``step`` is ``review``: what would become of the order; ``place``: it is placed; else the form is shown again."""
    refused = None
    if form["step"] in ("review", "place"):
        basket = None
        try:
            basket = _read(form)
            if form["step"] == "review":
                return _review(visit, form, await _look(visit, edge, basket, now))
        except DomainError as wrong:
            refused = refused_with(visit.request, wrong)
        else:
            order_id, refused = await _place(visit, form, basket, now)
            if order_id is not None:
                return go(f"/partner/orders/{order_id}")
        if refused and basket:
            refused = _at_goods(refused, basket.skus)
    async with edge.db.read() as session:
        return await _page(visit, session, now, form=form, refused=refused)


def _read(form: Fields) -> _Basket:
    """Raises ``InvalidInput``."""
    faults: list[Fault] = []
    lines: list[AskedLine] = []
    for sku in form.names("cases:"):
        typed = form[f"cases:{sku}"] or "0"
        if not (typed.isascii() and typed.isdigit() and int(typed[:9]) <= _MOST_CASES):
            faults.append(Fault(f"/cases:{sku}", "not_a_number", "请填写整箱数", "A whole number of cases"))
        elif int(typed):
            lines.append(AskedLine(line_no=len(lines) + 1, sku=sku, cases=int(typed)))
    try:
        required_on = date.fromisoformat(form["required_on"])
    except ValueError:
        faults.append(Fault("/required_on", "missing", "请选择到货日期", "Choose the day of delivery"))
        required_on = date.min
    number, note = form["po_no"], form["note"]
    if not (0 < len(number) <= _LONGEST_NUMBER and number.isprintable()):
        faults.append(
            Fault("/po_no", "missing", "请填写订单号，至多 64 个字", "Your order number, in 1 to 64 characters")
        )
    if len(note) > _LONGEST_NOTE:
        faults.append(Fault("/note", "too_long", "备注至多 200 个字", "200 characters at most"))
    if not lines and not faults:
        zh, en = "还没有填写箱数：请在要订的商品后填写箱数", "No cases yet: say how many you want of which goods"
        faults.append(Fault("/lines", "missing", zh, en))
    if faults:
        raise InvalidInput(faults=faults)
    asked = AskedOrder(
        po_no=number, location_code=form["place"], required_on=required_on, lines=tuple(lines), note=note or None
    )
    return _Basket(asked, Partial.ACCEPT if form["partial"] else Partial.REFUSE)


async def _ask(session: AsyncSession, visit: Visit, basket: _Basket, now: datetime) -> Placed:
    return await wholesale.place(
        session,
        basket.asked,
        partner_id=visit.partner_id,
        by=visit.person,
        now=now,
        source=Source.PAGE,
        partial=basket.partial,
    )


async def _look(visit: Visit, edge: TheEdge, basket: _Basket, now: datetime) -> Placed:
    """What would become of an order; nothing is taken."""
    seen: list[Placed] = []
    try:
        async with edge.db.write() as session:
            seen.append(await _ask(session, visit, basket, now))
            raise _OnlyLooking
    except _OnlyLooking:
        return seen[0]


async def _place(
    visit: Visit, form: Fields, basket: _Basket, now: datetime
) -> tuple[UUID | None, dict[str, Any] | None]:
    async def work(session: AsyncSession) -> Done:
        return Done(id=(await _ask(session, visit, basket, now)).order.id)

    return await once(visit, form, work)


def _at_goods(refused: dict[str, Any], skus: Sequence[str]) -> dict[str, Any]:
    """The refusal in terms of the form: faults of lines stand at their goods."""
    errors = []
    for fault in refused["errors"]:
        parts = fault["pointer"].split("/")
        if parts[1:2] == ["lines"] and parts[2:3] and parts[2].isdigit() and int(parts[2]) < len(skus):
            errors.append({**fault, "pointer": f"/cases:{skus[int(parts[2])]}"})
        else:
            errors.append(fault)
    return {**refused, "errors": errors}


def _review(visit: Visit, form: Fields, placed: Placed) -> Response:
    kept = [(name, value) for name, value in form.said() if name not in ("step", "key")]
    return show(visit, "partner_review.html", order=placed.order, credit=placed.credit, kept=kept, placed=placed)


async def _page(
    visit: Visit,
    session: AsyncSession,
    now: datetime,
    *,
    form: Fields | None = None,
    refused: dict[str, Any] | None = None,
) -> Response:
    today = local_day(now)
    items: list[pricing.ContractItem] = []
    contract, order_on, earliest, answer = None, today, today, refused
    try:
        contract = await partners.contract_on(session, visit.partner_id, today)
    except partners.NoContract as none:
        answer = refused or refused_with(visit.request, none)
    else:
        order_on = wholesale.order_day(contract, now)
        earliest = order_on + timedelta(days=contract.lead_days)
        items = await pricing.contract_items(session, contract, order_on)
    places = [place for place in await partners.locations(session, visit.partner_id) if place.active]
    suggested = f"W{today:%y%m%d}-{secrets.token_hex(3).upper()}"
    names = ("place", "required_on", "po_no", "note", "partial")
    said = {name: form[name] for name in names} if form else dict.fromkeys(names, "")
    return show(
        visit,
        "partner_order.html",
        status=refused["status"] if refused else 200,
        refused=answer,
        contract=contract,
        order_on=order_on,
        earliest=earliest,
        items=items,
        places=sorted(places, key=lambda place: (place.kind is not partners.LocationKind.DC, place.code)),
        credit=await partners.credit(session, visit.partner_id),
        said=said | {"po_no": said["po_no"] or suggested, "required_on": said["required_on"] or earliest.isoformat()},
        typed={item.sku: form[f"cases:{item.sku}"] if form else "" for item in items},
    )
