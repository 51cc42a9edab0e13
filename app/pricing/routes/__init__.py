"""HTTP of pricing, by subject. One flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.pricing.routes import contracts, freight, prices, promotions

router = APIRouter(
    routes=[*prices.router.routes, *promotions.router.routes, *freight.router.routes, *contracts.router.routes]
)

__all__ = ["router"]
