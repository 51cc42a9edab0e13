"""HTTP of suppliers, one file for each audience; one flat router, so that a request is matched in one pass."""

from fastapi import APIRouter

from app.suppliers.routes import applicant, closures, office, operator, team

router = APIRouter(
    routes=[
        *applicant.router.routes,
        *closures.router.routes,
        *office.router.routes,
        *operator.router.routes,
        *team.router.routes,
    ]
)

__all__ = ["router"]
