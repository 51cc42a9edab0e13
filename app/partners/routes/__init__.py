"""HTTP of partners: one flat router."""

from __future__ import annotations

from fastapi import APIRouter

from app.partners.routes import operator

router = APIRouter(routes=[*operator.router.routes])

__all__ = ["router"]
