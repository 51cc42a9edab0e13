"""Buyers over HTTP; one flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.buyers.routes import addresses, organisations

router = APIRouter(routes=[*addresses.router.routes, *organisations.router.routes])

__all__ = ["router"]
