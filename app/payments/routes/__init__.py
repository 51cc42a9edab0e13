"""Payments over HTTP: where providers call in, and what the operator does by hand."""

from fastapi import APIRouter

from app.payments.routes import bank, bills, operator, provider
from app.payments.routes.provider import SignedByProvider

router = APIRouter(routes=[*provider.router.routes, *operator.router.routes, *bank.router.routes, *bills.router.routes])

__all__ = ["SignedByProvider", "router"]
