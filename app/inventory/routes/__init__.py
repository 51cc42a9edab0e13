"""The stock-room over HTTP; one flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.inventory.routes import agency, imports, recalls, stock

router = APIRouter(routes=[*stock.router.routes, *imports.router.routes, *recalls.router.routes, *agency.router.routes])

__all__ = ["router"]
