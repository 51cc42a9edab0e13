"""Claims over HTTP, by audience. One flat router: every guard and every document is read off its routes."""

from fastapi import APIRouter

from app.claims.routes import buyer, operator, supplier

router = APIRouter(routes=[*buyer.router.routes, *supplier.router.routes, *operator.router.routes])

__all__ = ["router"]
