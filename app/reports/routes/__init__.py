"""Reports over HTTP; one flat router."""

from fastapi import APIRouter

from app.reports.routes import exceptions, exports, farm_gate, goals, households, listings, sales

_PARTS = (sales, goals, households, exceptions, farm_gate, listings, exports)

router = APIRouter(routes=[route for part in _PARTS for route in part.router.routes])

__all__ = ["router"]
