"""Reports over HTTP; one flat router."""

from fastapi import APIRouter

from app.reports.routes import goals, sales

router = APIRouter(routes=[*sales.router.routes, *goals.router.routes])

__all__ = ["router"]
