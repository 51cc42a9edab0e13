"""Settlement over HTTP, one file for each audience; one flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.settlement.routes import books, drafts, frozen, operator, provider, splits, supplier

router = APIRouter(
    routes=[
        *supplier.router.routes,
        *operator.router.routes,
        *drafts.router.routes,
        *splits.router.routes,
        *frozen.router.routes,
        *books.router.routes,
        *provider.router.routes,
    ]
)

__all__ = ["router"]
