"""Wholesale over HTTP, by audience. One flat router: every guard and every document is read off its routes."""

from fastapi import APIRouter

from app.wholesale.routes import (
    account,
    appointments,
    imports,
    missing,
    money,
    notes,
    operator,
    partner,
    receipts,
    returns,
    statement_papers,
    statements,
    supplier,
)

# Sheets before single orders: `imports` is no order's id.
_PARTS = (
    *(imports, partner, supplier, operator, receipts, returns, appointments, notes),
    *(statements, statement_papers, account, money, missing),
)
router = APIRouter(routes=[route for part in _PARTS for route in part.router.routes])

__all__ = ["router"]
