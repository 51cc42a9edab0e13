"""The cart: put things in, change how many, bring it home at sign-in."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import orders
from app.catalogue import pictures
from app.core.errors import NotFound
from app.core.web import Edge, Now, ReadSession, TheEdge, WriteSession
from app.orders import CartFull, CartView
from app.pages.guards import Posted, Visit, Visitor
from app.pages.routes.frame import PageRoute, go, show
from app.pages.rules import quantity

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST_PIECES = 9999


@router.get("/cart")
async def show_cart(visit: Visitor, session: ReadSession, now: Now) -> Response:
    """What lies in the cart, supplier by supplier, with what has changed since it was put in."""
    cart = await basket(session, visit, now)
    lines = cart.lines if cart else ()
    parcels = [(name, list(of_one)) for name, of_one in groupby(sorted(lines, key=_seller), key=_seller)]
    return show(
        visit,
        "cart.html",
        parcels=parcels,
        goods_fen=sum((line.unit_price_fen or 0) * line.quantity for line in lines if line.orderable),
        ready=bool(lines) and all(line.orderable for line in lines),
        pictures=await pictures(session, [line.sku for line in lines]) if lines else {},
    )


@router.post("/cart/items")
async def put_item(visit: Visitor, form: Posted, session: WriteSession, edge: TheEdge, now: Now) -> Response:
    """Let the cart hold so many pieces of a size, or so many more; none takes it out."""
    days = edge.settings.orders.keep_carts_days
    wanted = quantity(form["quantity"] or form["typed"], _MOST_PIECES)
    cart = await basket(session, visit, now)
    if cart is None:
        cart_id = await orders.open_cart(session, by=visit.actor, now=now, keep_days=days)
        visit.keep_cart(cart_id, 0)
        cart = await orders.show_cart(session, cart_id, by=visit.actor, division_code=None, now=now)
    if form["mode"] == "add":
        held = next((line.quantity for line in cart.lines if line.sku == form["sku"]), 0)
        wanted = min(held + max(wanted, 1), _MOST_PIECES)
    await orders.put_item(session, cart.id, form["sku"], wanted, by=visit.actor, now=now, keep_days=days)
    await basket(session, visit, now)
    return go("/cart")


@router.post("/buy")
async def buy_now(_visit: Visitor, form: Posted) -> Response:
    """Straight to the checkout with one thing, past the cart."""
    sku = form["sku"] if form["sku"].isascii() and form["sku"].replace("-", "").replace("_", "").isalnum() else ""
    return go(f"/checkout?sku={sku}&quantity={max(1, quantity(form['quantity'], _MOST_PIECES))}")


async def basket(
    session: AsyncSession, visit: Visit, now: datetime, *, division_code: str | None = None
) -> CartView | None:
    """The cart of this browser as it stands now, if it has one; the badge is brought up to date."""
    if visit.cart_id is None:
        return None
    try:
        cart = await orders.show_cart(session, visit.cart_id, by=visit.actor, division_code=division_code, now=now)
    except NotFound:
        return None
    visit.keep_cart(cart.id, sum(line.quantity for line in cart.lines))
    return cart


async def bring_home(session: AsyncSession, visit: Visit, edge: Edge, now: datetime) -> None:
    """At sign-in, what lay in this browser's cart goes into the buyer's own, which the browser holds from now on."""
    days = edge.settings.orders.keep_carts_days
    own_id = None
    if visit.cart_id is not None:
        try:
            own_id = await orders.claim(session, visit.cart_id, by=visit.buyer, now=now, keep_days=days)
        except (NotFound, CartFull):
            own_id = None
    if own_id is None:
        own_id = await orders.open_cart(session, by=visit.buyer, now=now, keep_days=days)
    visit.keep_cart(own_id, 0)
    await basket(session, visit, now)


def _seller(line: orders.CartLine) -> str:
    return line.supplier_name
