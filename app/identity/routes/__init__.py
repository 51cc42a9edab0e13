"""Identity over HTTP; one flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.identity.routes import api_keys, audit, auth

router = APIRouter(routes=[*auth.router.routes, *api_keys.router.routes, *audit.router.routes])

__all__ = ["router"]
