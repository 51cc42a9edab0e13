"""The county's register of certified products over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.catalogue import queries, service
from app.catalogue.lifecycle import CertificationStatus, CertificationStepNotAllowed
from app.catalogue.rules import NoSuchProduct
from app.catalogue.rules.eligibility import InvalidCertification, NoSuchCertification, NoticeNotOver
from app.catalogue.schemas.certification import CertificationIn, CertificationOut, CertificationStepIn
from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.files import UnknownFile
from app.identity import Officer

router = APIRouter(prefix="/v1/office/certifications", tags=["catalogue"])

_KIND = "office.certifications"


@router.get(
    "",
    summary="The register of certified products",
    operation_id="list_certifications",
    responses=problems(InvalidCursor),
)
async def list_certifications(
    _: Officer,
    session: ReadSession,
    status: Annotated[CertificationStatus | None, Query()] = None,
    supplier_id: Annotated[UUID | None, Query()] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[CertificationOut]:
    """Products and 832 listings of suppliers, the latest entry first."""
    before = None if cursor is None else UUID(str(decode_cursor(_KIND, cursor)[0]))
    found = await queries.certifications(
        session,
        status=None if status is None else status.value,
        supplier_id=supplier_id,
        before=before,
        limit=limit + 1,
    )
    following = encode_cursor(_KIND, str(found[limit - 1].id)) if len(found) > limit else None
    return Page[CertificationOut](items=[CertificationOut.of(one) for one in found[:limit]], next_cursor=following)


@router.post(
    "",
    status_code=201,
    summary="Enter an application for certification",
    operation_id="add_certification",
    responses=problems(NotFound, NoSuchProduct, InvalidCertification, UnknownFile),
)
async def add_certification(body: CertificationIn, by: Officer, session: WriteSession, now: Now) -> CertificationOut:
    """It counts once it is listed, for what is ordered from then on; nothing that was ordered before is looked at."""
    return CertificationOut.of(
        await service.add_certification(session, body.as_value(), file_ids=body.file_ids, by=by, now=now)
    )


@router.get(
    "/{certification_id}",
    summary="A certification with its steps",
    operation_id="get_certification",
    responses=problems(NoSuchCertification),
)
async def get_certification(_: Officer, certification_id: UUID, session: ReadSession) -> CertificationOut:
    """How far it has come, and who wrote which step down."""
    return CertificationOut.of(await queries.certification(session, certification_id))


@router.post(
    "/{certification_id}/steps",
    summary="Write down a step of a certification",
    operation_id="take_certification_step",
    responses=problems(NoSuchCertification, CertificationStepNotAllowed, NoticeNotOver),
)
async def take_certification_step(
    certification_id: UUID, body: CertificationStepIn, by: Officer, session: WriteSession, now: Now
) -> CertificationOut:
    """Township, county, public notice, city, province, list; or `register` what stands on a published list already."""
    return CertificationOut.of(
        await service.take_certification_step(
            session, certification_id, body.step, note=body.note, notice=body.notice, by=by, now=now
        )
    )
