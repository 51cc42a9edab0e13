"""What a purchase did, for the buyer; and whether a certificate is true, for everybody."""

from __future__ import annotations

import io
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath

from app.assistance import queries, service
from app.assistance.rules.contribution import (
    WORDINGS,
    ActsForNobody,
    ActsForSeveral,
    Certificate,
    NoSuchCertificate,
    NothingCounted,
    programme_of,
)
from app.assistance.schemas import FIRST_YEAR, LAST_YEAR
from app.assistance.schemas.contribution import ContributionOut, VerifiedOut
from app.core import pdf
from app.core.clock import local_day
from app.core.errors import NotFound
from app.core.money import in_capitals
from app.core.web import Now, ReadSession, TheEdge, problems
from app.identity import Buyer, Public

router = APIRouter(prefix="/v1/store", tags=["assistance"])

_TEMPLATE = Path(__file__).parents[1] / "certificate.typ"


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
    request: Request,
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
    url = f"{request.base_url}verify/{certificate.code}"
    content = await pdf.render(_TEMPLATE, _printed(certificate, url), at=certificate.issued_at)
    name = f'attachment; filename="{certificate.code}.pdf"'
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": name})


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


def _printed(certificate: Certificate, url: str) -> dict[str, object]:
    content, day = certificate.content, local_day(certificate.issued_at)
    programme = programme_of(content.year)
    wording = WORDINGS[programme.code if programme is not None else "P1"]
    return {
        **asdict(wording),
        **content.to_json(),
        "holder": certificate.holder,
        "uscc": certificate.uscc,
        "capitals": in_capitals(content.net_fen),
        "code": certificate.code,
        "digest": certificate.digest,
        "issued_on": f"{day.year}年{day.month}月{day.day}日",
        "url": url,
        "qr": _qr(url),
    }


def _qr(url: str) -> str:
    to = io.BytesIO()
    segno.make(url, error="m", micro=False).save(to, kind="svg", border=0, xmldecl=False)
    return to.getvalue().decode()
