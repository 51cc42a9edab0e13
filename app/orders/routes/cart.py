"""Carts of guests and buyers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import DivisionCode, DivisionNotACounty, UnknownDivision
from app.core.errors import NotFound
from app.core.web import Now, ReadSession, Sku, TheEdge, WriteSession, problems
from app.identity import Buyer, Visitor
from app.orders import service
from app.orders.rules import CartFull, UnknownSku
from app.orders.schemas.cart import CartItemIn, CartOpenedOut, CartOut
from app.pricing import NotDeliverable, NotOnSale

router = APIRouter(prefix="/v1/store/carts", tags=["carts"])


@router.post(
    "",
    operation_id="open_cart",
    summary="Take a cart",
    status_code=201,
    response_model=CartOpenedOut,
    responses=problems(public=True),
)
async def open_cart(by: Visitor, session: WriteSession, edge: TheEdge, now: Now) -> CartOpenedOut:
    """A guest gets a new cart, whose id is the key to it; a signed-in buyer gets the one that is theirs."""
    cart_id = await service.open_cart(session, by=by, now=now, keep_days=edge.settings.orders.keep_carts_days)
    cart = await service.show_cart(session, cart_id, by=by, division_code=None, now=now)
    return CartOpenedOut.model_validate(cart)


@router.put(
    "/{cart_id}/items/{sku}",
    operation_id="put_cart_item",
    summary="Put goods into a cart, or take them out",
    response_model=CartOut,
    responses=problems(NotFound, UnknownSku, NotOnSale, CartFull, public=True),
)
async def put_cart_item(
    cart_id: UUID, sku: Sku, body: CartItemIn, by: Visitor, session: WriteSession, edge: TheEdge, now: Now
) -> CartOut:
    """The cart then holds exactly so many; 0 takes the line out. Nothing is reserved until it is ordered."""
    days = edge.settings.orders.keep_carts_days
    await service.put_item(session, cart_id, sku, body.quantity, by=by, now=now, keep_days=days)
    return await _shown(session, cart_id, by=by, now=now)


@router.get(
    "/{cart_id}",
    operation_id="get_cart",
    summary="Look into a cart",
    response_model=CartOut,
    responses=problems(NotFound, NotDeliverable, UnknownDivision, DivisionNotACounty, public=True),
)
async def get_cart(
    cart_id: UUID,
    by: Visitor,
    session: ReadSession,
    now: Now,
    division_code: Annotated[DivisionCode | None, Query()] = None,
) -> CartOut:
    """Every line with today's price and what is left, and what has changed since it was put in.

    With a `division_code` also parcels, freight and totals of the lines that could be ordered as they are.
    """
    return await _shown(session, cart_id, by=by, now=now, division_code=division_code)


@router.post(
    "/{cart_id}/claim",
    operation_id="claim_cart",
    summary="Bring a guest's cart home at sign-in",
    response_model=CartOut,
    responses=problems(NotFound, CartFull),
)
async def claim_cart(cart_id: UUID, by: Buyer, session: WriteSession, edge: TheEdge, now: Now) -> CartOut:
    """Its lines go into the buyer's own cart, which is the answer; of goods in both, the larger number is kept.

    Doing it again changes nothing.
    """
    days = edge.settings.orders.keep_carts_days
    own_id = await service.claim(session, cart_id, by=by, now=now, keep_days=days)
    return await _shown(session, own_id, by=by, now=now)


async def _shown(
    session: AsyncSession, cart_id: UUID, *, by: Visitor, now: Now, division_code: str | None = None
) -> CartOut:
    return CartOut.of(await service.show_cart(session, cart_id, by=by, division_code=division_code, now=now))
