"""Orders over HTTP, one file for each audience; one flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.orders.routes import bulk, buyer, cart, operator, packing, sheet, supplier, weights

router = APIRouter(
    routes=[
        *buyer.router.routes,
        *bulk.router.routes,
        *cart.router.routes,
        *supplier.router.routes,
        *packing.router.routes,
        *sheet.router.routes,
        *weights.router.routes,
        *operator.router.routes,
    ]
)

__all__ = ["router"]
