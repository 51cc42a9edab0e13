"""The pages, one file for each errand; one flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.pages.routes import (
    account,
    addresses,
    admission,
    agencies,
    browse,
    bulk,
    cart,
    certificates,
    checkout,
    claims,
    closures,
    codes,
    keys,
    lots,
    money,
    more,
    office,
    orders,
    organisations,
    parcels,
    reviews,
    sheets,
    shipping,
    stock,
    team,
)
from app.pages.routes.frame import nowhere, static

router = APIRouter(
    routes=[
        *browse.router.routes,
        *cart.router.routes,
        *checkout.router.routes,
        *orders.router.routes,
        *claims.router.routes,
        *reviews.router.routes,
        *account.router.routes,
        *codes.router.routes,
        *addresses.router.routes,
        *organisations.router.routes,
        *bulk.router.routes,
        *shipping.router.routes,
        *stock.router.routes,
        *certificates.router.routes,
        *sheets.router.routes,
        *parcels.router.routes,
        *lots.router.routes,
        *money.router.routes,
        *team.router.routes,
        *keys.router.routes,
        *agencies.router.routes,
        *admission.router.routes,
        *more.router.routes,
        *closures.router.routes,
        *office.router.routes,
        *static.routes,
    ],
)

__all__ = ["nowhere", "router"]
