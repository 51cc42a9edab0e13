"""HTTP of pricing: operators set prices; what a cart costs is asked through orders."""

from __future__ import annotations

from fastapi import APIRouter

from app.core.errors import NotFound
from app.core.web import Now, Sku, WriteSession, problems
from app.identity import Operator
from app.pricing import service
from app.pricing.rules import PriceRace
from app.pricing.schemas import PriceIn, PriceOut

router = APIRouter(tags=["pricing"])


@router.put(
    "/v1/operator/skus/{sku}/price",
    summary="Set the price of a SKU",
    operation_id="set_price",
    responses=problems(NotFound, PriceRace),
)
async def set_price(body: PriceIn, by: Operator, session: WriteSession, now: Now, sku: Sku) -> PriceOut:
    """From now on one sales unit costs this much. Orders already placed keep their price."""
    return PriceOut.of(await service.set_price(session, sku, body.price_fen, by=by, now=now))
