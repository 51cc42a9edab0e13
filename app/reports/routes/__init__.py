"""Reports over HTTP; one flat router."""

from fastapi import APIRouter

from app.reports.routes import exceptions, goals, sales

router = APIRouter(routes=[*sales.router.routes, *goals.router.routes, *exceptions.router.routes])

__all__ = ["router"]
