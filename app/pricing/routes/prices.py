"""HTTP of pricing: operators set prices, suppliers their own; what a cart costs is asked through orders."""

from __future__ import annotations

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import offers
from app.core.errors import NotFound
from app.core.web import IfMatch, Now, ReadSession, Sku, StaleVersion, VersionRequired, WriteSession, etag, problems
from app.identity import Actor, Operator, SupplierStaff
from app.pricing import queries, service
from app.pricing.rules import BelowFloor, PriceNeedsReview, PriceRace, check_step
from app.pricing.schemas import OperatorPriceIn, PriceIn, PriceOut

router = APIRouter(tags=["pricing"])


@router.put(
    "/v1/operator/skus/{sku}/price",
    summary="Set the price of a SKU",
    operation_id="set_price",
    responses=problems(NotFound, PriceRace, BelowFloor),
)
async def set_price(body: OperatorPriceIn, by: Operator, session: WriteSession, now: Now, sku: Sku) -> PriceOut:
    """From now on one sales unit costs this much. Orders already placed keep their price."""
    return PriceOut.of(
        await service.set_price(session, sku, body.price_fen, by=by, below_floor=body.below_floor, now=now)
    )


@router.get(
    "/v1/supplier/skus/{sku}/price",
    summary="The price of one's own SKU",
    operation_id="get_own_price",
    responses=problems(NotFound),
)
async def get_own_price(by: SupplierStaff, session: ReadSession, sku: Sku, response: Response) -> PriceOut:
    """What one unit costs now. The ETag names the price for a change of it."""
    await _own(session, sku, by)
    found = (await queries.current_prices(session, [sku])).get(sku)
    if found is None:
        raise NotFound
    response.headers["ETag"] = etag(await queries.changes(session, sku))
    return PriceOut.of(found)


@router.put(
    "/v1/supplier/skus/{sku}/price",
    summary="Change the price of one's own SKU",
    operation_id="set_own_price",
    responses=problems(NotFound, PriceRace, BelowFloor, PriceNeedsReview, StaleVersion, VersionRequired),
)
async def set_own_price(
    body: PriceIn,
    by: SupplierStaff,
    session: WriteSession,
    now: Now,
    sku: Sku,
    version: IfMatch,
    response: Response,
) -> PriceOut:
    """From now on one sales unit costs this much, if nobody changed the price since the caller read it.

    The first price of a SKU goes with `If-Match: "0"`. Below the floor of the SKU it is refused, and so is one more
    than 60 % off those of the last seven days, which an operator sets. A lower price shows the former one crossed out
    only if that was the lowest of the seven days before.
    """
    await _own(session, sku, by)
    await queries.lock_current(session, sku)
    if await queries.changes(session, sku) != version:
        raise StaleVersion
    check_step(body.price_fen, *await queries.extremes(session, sku, now))
    price = await service.set_price(session, sku, body.price_fen, by=by, now=now)
    response.headers["ETag"] = etag(await queries.changes(session, sku))
    return PriceOut.of(price)


async def _own(session: AsyncSession, sku: str, by: Actor) -> None:
    offer = (await offers(session, [sku])).get(sku)
    if offer is None or offer.supplier_id != by.supplier_id:
        raise NotFound
