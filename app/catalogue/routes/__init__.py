"""HTTP of the catalogue, one file for each audience; one flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.catalogue.routes import office, operator, store, supplier

_PARTS = (store, supplier, operator, office)

router = APIRouter(routes=[route for part in _PARTS for route in part.router.routes])

__all__ = ["router"]
