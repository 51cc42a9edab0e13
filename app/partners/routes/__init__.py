"""HTTP of partners: one flat router."""

from __future__ import annotations

from fastapi import APIRouter

from app.partners.routes import contracts, operator, partner

router = APIRouter(routes=[*operator.router.routes, *contracts.router.routes, *partner.router.routes])

__all__ = ["router"]
