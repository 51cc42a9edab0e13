"""Assistance over HTTP: the office's goals, ledger and plans, and what buyers see; one flat router.

A request is matched in one pass that way.
"""

from fastapi import APIRouter

from app.assistance.routes import goals, ledger, plans, store

router = APIRouter(routes=[*goals.router.routes, *ledger.router.routes, *plans.router.routes, *store.router.routes])

__all__ = ["router"]
