"""The pages, one file for each errand; one flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.pages.routes import account, browse, cart, checkout, claims, orders, reviews
from app.pages.routes.frame import static

router = APIRouter(
    routes=[
        *browse.router.routes,
        *cart.router.routes,
        *checkout.router.routes,
        *orders.router.routes,
        *claims.router.routes,
        *reviews.router.routes,
        *account.router.routes,
        *static.routes,
    ],
)

__all__ = ["router"]
