"""The checkout: where to, what it costs all told, and one order however often the button is pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import orders
from app.buyers import (
    Address,
    Organisation,
    OrganisationStatus,
    Purchaser,
    UnknownOrganisation,
    addresses,
    make_address,
    organisations_of,
    purchaser,
)
from app.catalogue import offers, pictures
from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Now, ReadSession, TheEdge
from app.inventory import availability, open_presales
from app.orders import CartEmpty, FreshGoodsNotAcknowledged, Placement
from app.pages.guards import Customer, Fields, Posted, Visit
from app.pages.routes.cart import basket
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.routes.places import NEAR_HOME, around, moved
from app.pages.rules import TotalChanged, money, quantity
from app.pages.schemas import Done
from app.pricing import Quote
from app.suppliers import is_uscc

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST_PIECES = 9999
_LONGEST_TITLE = 100
_MOST_KNOWN = 50
_FIELDS = (
    "recipient",
    "phone",
    "division_code",
    "detail",
    "note",
    "fresh",
    "coupon",
    "invoice_title",
    "invoice_uscc",
    "organisation",
)


@dataclass(frozen=True, slots=True)
class _Item:
    """A line of the checkout; ``short`` says that there are not as many."""

    sku: str
    name: str
    quantity: int
    available: int
    fresh: bool
    supplier_id: UUID
    short: bool


@router.get("/checkout")
async def checkout_page(visit: Customer, session: ReadSession, now: Now, sku: str = "", quantity: str = "") -> Response:
    """Everything in the cart, or one thing past the cart; the buyer's usual address is filled in."""
    said = dict.fromkeys(_FIELDS, "")
    book = await addresses(session, by=visit.buyer, limit=_MOST_KNOWN)
    last = [] if book else await orders.page(session, by=visit.buyer, before=None, limit=1)
    known = [one.address for one in sorted(book, key=lambda one: not one.is_default)] or [one.address for one in last]
    if known:
        said |= _said_of(known[0])
    said["division_code"] = said["division_code"] or NEAR_HOME
    return await _page(visit, session, now, said, sku=sku, pieces=quantity)


@router.post("/checkout")
async def checkout(visit: Customer, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Look again at what it costs there, or place the order and go on to pay it."""
    said = {name: form[name] for name in _FIELDS}
    refused = None
    if form["step"] == "place":
        order_id, refused = await _place(visit, form, said, edge.settings.orders.pay_within_minutes, now)
        if order_id is not None:
            return go(f"/orders/{order_id}")
    else:
        said["division_code"] = moved(said["division_code"], form["province"])
    async with edge.db.read() as session:
        if (chosen := form["kept"]) and form["step"] != "place":
            book = await addresses(session, by=visit.buyer, limit=_MOST_KNOWN)
            said |= next((_said_of(one.address) for one in book if str(one.id) == chosen), {})
        return await _page(visit, session, now, said, sku=form["sku"], pieces=form["pieces"], refused=refused)


async def _place(
    visit: Visit, form: Fields, said: Mapping[str, str], minutes: int, now: datetime
) -> tuple[Any, dict[str, Any] | None]:
    try:
        address = make_address(
            recipient=said["recipient"],
            phone=said["phone"],
            division_code=said["division_code"],
            detail=said["detail"],
        )
        invoice = _invoice(said)
    except DomainError as wrong:
        return None, refused_with(visit.request, wrong)

    async def work(session: AsyncSession) -> Done:
        if form["sku"]:
            wanted = {form["sku"]: max(1, quantity(form["pieces"], _MOST_PIECES))}
        elif visit.cart_id is None:
            raise CartEmpty
        else:
            wanted = await orders.empty_cart(session, visit.cart_id, by=visit.buyer, now=now)
        asked = Placement(
            wanted=wanted,
            address=address,
            fresh_goods_acknowledged=bool(said["fresh"]),
            coupon=said["coupon"] or None,
            invoice=invoice,
            note=said["note"][:500] or None,
            purchaser=await _purchaser(session, said["organisation"], visit),
        )
        order = await orders.place(session, asked, by=visit.buyer, now=now, pay_within_minutes=minutes)
        if str(order.total_fen) != form["seen_fen"]:
            raise TotalChanged(total=money(order.total_fen))
        return Done(id=order.id)

    placed, refused = await once(visit, form, work)
    if placed is not None and not form["sku"] and visit.cart_id is not None:
        visit.keep_cart(visit.cart_id, 0)
    return placed, refused


async def _page(
    visit: Visit,
    session: AsyncSession,
    now: datetime,
    said: dict[str, str],
    *,
    sku: str,
    pieces: str,
    refused: dict[str, Any] | None = None,
) -> Response:
    items = await _items(visit, session, now, sku, pieces)
    if not items:
        return go("/cart")
    status = refused["status"] if refused else 200
    quote: Quote | None = None
    pauses: dict[UUID, orders.Pause] = {}
    wanted = {item.sku: item.quantity for item in items}
    try:
        coupon = said["coupon"] or None
        quoted = await orders.quote(session, wanted, said["division_code"], coupon=coupon, by=visit.buyer, now=now)
        quote = quoted.priced
        pauses = {of: promise.pause for of, promise in quoted.promises.items() if promise.pause is not None}
    except DomainError as wrong:
        refused = refused or refused_with(visit.request, wrong)
    return show(
        visit,
        "checkout.html",
        status=status,
        refused=refused,
        items=items,
        priced={line.sku: line for line in quote.lines} if quote else {},
        quote=quote,
        pauses=pauses,
        today=local_day(now),
        short=any(item.short for item in items),
        fresh=any(item.fresh for item in items),
        unticked=refused is not None and refused["code"] == FreshGoodsNotAcknowledged.code,
        said=said,
        sku=sku,
        pieces=items[0].quantity if sku else "",
        places=around(said["division_code"]),
        pictures=await pictures(session, list(wanted)),
        organisations=await _verified(session, visit),
        book=await addresses(session, by=visit.buyer, limit=_MOST_KNOWN),
    )


async def _verified(session: AsyncSession, visit: Visit) -> list[Organisation]:
    """For whom the buyer may order."""
    found = await organisations_of(session, by=visit.buyer, limit=_MOST_KNOWN)
    return [one for one in found if one.status is OrganisationStatus.VERIFIED]


async def _purchaser(session: AsyncSession, organisation_id: str, visit: Visit) -> Purchaser | None:
    """For whom the order is; None: for the buyer. Raises ``UnknownOrganisation``, ``OrganisationNotVerified``."""
    if not organisation_id:
        return None
    try:
        chosen = UUID(organisation_id)
    except ValueError:
        raise UnknownOrganisation from None
    return await purchaser(session, chosen, by=visit.buyer)


async def _items(visit: Visit, session: AsyncSession, now: datetime, sku: str, pieces: str) -> list[_Item]:
    if not sku:
        cart = await basket(session, visit, now)
        return [
            _Item(
                line.sku,
                line.name,
                line.quantity,
                line.available,
                line.fresh,
                line.supplier_id,
                short=not line.orderable,
            )
            for line in (cart.lines if cart else ())
        ]
    found = (await offers(session, [sku], now=now)).get(sku)
    if found is None:
        return []
    there = (await availability(session, [sku])).get(sku)
    ahead = (await open_presales(session, [sku], now=now)).get(sku)
    available = (there.available if there else 0) + (ahead.left if ahead else 0)
    wanted = max(1, quantity(pieces, _MOST_PIECES))
    name = f"{found.product_name} {found.sku_name}"
    short = not found.on_sale or available < wanted
    return [_Item(sku, name, wanted, available, found.fresh, found.supplier_id, short=short)]


def _invoice(said: Mapping[str, str]) -> orders.InvoiceWish | None:
    """An ordinary invoice to whom the buyer named; the special one is asked for by organisations, with their account.

    Raises ``InvalidInput``.
    """
    title, uscc = said["invoice_title"], said["invoice_uscc"].upper()
    if not title and not uscc:
        return None
    faults = []
    if not (0 < len(title) <= _LONGEST_TITLE and title.isprintable()):
        faults.append(Fault("/invoice_title", "invalid_title", "请填写发票抬头，至多 100 个字", "1 to 100 characters"))
    if uscc and not is_uscc(uscc):
        zh, en = "统一社会信用代码应为 18 位，请核对", "a social credit code has 18 characters"
        faults.append(Fault("/invoice_uscc", "invalid_uscc", zh, en))
    if faults:
        raise InvalidInput(faults=faults)
    return orders.InvoiceWish(orders.InvoiceKind.NORMAL, title, uscc or None)


def _said_of(address: Address) -> dict[str, str]:
    return {
        "recipient": address.recipient,
        "phone": address.phone,
        "division_code": address.division_code,
        "detail": address.detail,
    }
