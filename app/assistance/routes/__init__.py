"""Assistance over HTTP: the office's goals, ledger and plans, and what buyers see; one flat router.

A request is matched in one pass that way.
"""

from fastapi import APIRouter

from app.assistance.routes import (
    declared,
    exclusions,
    goals,
    households,
    ledger,
    periods,
    plans,
    progress,
    proposals,
    proposed,
    store,
)

_PARTS = (declared, exclusions, goals, households, ledger, periods, plans, progress, proposals, proposed, store)

router = APIRouter(routes=[route for part in _PARTS for route in part.router.routes])

__all__ = ["router"]
