"""HTTP of the catalogue, one file for each audience; one flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.catalogue.routes import operator, store, supplier

router = APIRouter(routes=[*store.router.routes, *supplier.router.routes, *operator.router.routes])

__all__ = ["router"]
