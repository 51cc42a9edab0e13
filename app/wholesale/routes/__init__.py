"""Wholesale over HTTP, by audience. One flat router: every guard and every document is read off its routes."""

from fastapi import APIRouter

from app.wholesale.routes import account, operator, partner

router = APIRouter(routes=[*partner.router.routes, *operator.router.routes, *account.router.routes])

__all__ = ["router"]
