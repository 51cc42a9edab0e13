"""What a purchase did, for the buyer; and whether a certificate is true, for everybody."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath

from app.assistance import queries, service
from app.assistance.rules.contribution import ActsForNobody, ActsForSeveral, NoSuchCertificate, NothingCounted
from app.assistance.schemas import FIRST_YEAR, LAST_YEAR
from app.assistance.schemas.contribution import ContributionOut, VerifiedOut
from app.core.errors import NotFound
from app.core.web import Now, ReadSession, TheEdge, problems
from app.identity import Buyer, Public

router = APIRouter(prefix="/v1/store", tags=["assistance"])


@router.get(
    "/orders/{order_id}/contribution",
    summary="What an order was counted for",
    operation_id="get_order_contribution",
    responses=problems(NotFound),
)
async def get_order_contribution(order_id: UUID, by: Buyer, session: ReadSession, now: Now) -> ContributionOut:
    """Line by line: where the goods come from, the ledger entries, the goals; or why a line is not counted (yet)."""
    return ContributionOut.of(await service.contribution(session, order_id, by=by, now=now))


@router.get(
    "/contribution-certificate",
    summary="A year's purchases of an organisation as a certificate",
    operation_id="get_contribution_certificate",
    response_class=Response,
    responses={
        **problems(NotFound, ActsForNobody, ActsForSeveral, NothingCounted),
        200: {"description": "The certificate", "content": {"application/pdf": {}}},
    },
)
async def get_contribution_certificate(
    by: Buyer,
    edge: TheEdge,
    now: Now,
    year: Annotated[int, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="Calendar year", examples=[2026])],
    organisation_id: Annotated[
        UUID | None, Query(description="One of the caller's organisations; needed by a member of several")
    ] = None,
) -> Response:
    """What was counted of all that its members ordered for it in that year, with a code that anybody can verify.

    The same figures give the same code.
    """
    async with edge.db.write() as session:
        certificate = await service.certify(session, year, organisation_id=organisation_id, by=by, now=now)
    url = f"{edge.settings.public_base}/verify/{certificate.code}"
    name = f'attachment; filename="{certificate.code}.pdf"'
    return Response(
        await service.print_certificate(certificate, url),
        media_type="application/pdf",
        headers={"Content-Disposition": name},
    )


@router.get(
    "/contribution-certificates/{code}",
    summary="Verify a certificate",
    operation_id="verify_contribution_certificate",
    responses=problems(NoSuchCertificate, public=True),
)
async def verify_contribution_certificate(
    _: Public,
    session: ReadSession,
    code: Annotated[str, InPath(pattern=r"^BJ[0-9]{4}(-[A-Z2-7]{4}){4}$", examples=["BJ2026-ABCD-EFGH-IJKL-MNOP"])],
) -> VerifiedOut:
    """What the certificate with this code says, and whether the ledger still says the same."""
    return VerifiedOut.of(await queries.certificate(session, code))
