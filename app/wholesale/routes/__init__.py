"""Wholesale over HTTP, by audience. One flat router: every guard and every document is read off its routes."""

from fastapi import APIRouter

from app.wholesale.routes import account, operator, partner, supplier

_PARTS = (partner, supplier, operator, account)
router = APIRouter(routes=[route for part in _PARTS for route in part.router.routes])

__all__ = ["router"]
