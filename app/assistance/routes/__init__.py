"""Assistance over HTTP, one file for each audience; one flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.assistance.routes import office, store

router = APIRouter(routes=[*office.router.routes, *store.router.routes])

__all__ = ["router"]
