"""HTTP of files: everybody who is signed in may hand some in, and whoever has a link may see."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.web import Edge, Now, ReadSession, TheEdge, WriteSession, problems
from app.files import queries, service
from app.files.rules import (
    JPEG,
    PDF,
    HeicNotSupported,
    NoSuchFile,
    NotForThisPurpose,
    Purpose,
    TooManyPages,
    TooManyPixels,
    TooManyWaiting,
    UnreadableFile,
    UnsafeDocument,
    UnsupportedFile,
    Variant,
    headers_of,
    seconds_left,
)
from app.files.rules.store import SIGNED_SECONDS, signed_address
from app.files.schemas import FileOut
from app.identity import Actor, Buyer, Officer, Operator, PartnerStaff, Public, SupplierStaff

router = APIRouter(tags=["files"])

_REFUSALS: tuple[Any, ...] = (
    UnsupportedFile,
    HeicNotSupported,
    UnreadableFile,
    TooManyPixels,
    TooManyPages,
    UnsafeDocument,
    NotForThisPurpose,
    TooManyWaiting,
)
_UPLOAD: dict[str, Any] = {
    "status_code": 201,
    "summary": "Hand in a photo or document",
    "responses": problems(*_REFUSALS),
}

Upload = Annotated[
    UploadFile,
    File(description="JPEG, PNG or WebP picture, or PDF; recognised by content, at most 10 MiB", examples=["(binary)"]),
]
For = Annotated[Purpose, Form(description="What it will be attached to", examples=["claim"])]


async def _take_in(
    file: UploadFile, purpose: Purpose, by: Actor, session: AsyncSession, edge: Edge, now: datetime
) -> FileOut:
    # The session has no connection, and so no transaction, before its first statement.
    prepared = await service.prepare(await file.read(), purpose=purpose, settings=edge.settings.files)
    kept = await service.keep(session, prepared, purpose=purpose, by=by, settings=edge.settings.files, now=now)
    return FileOut.of(kept)


@router.post("/v1/store/files", operation_id="upload_file", **_UPLOAD)
async def upload_file(by: Buyer, file: Upload, purpose: For, session: WriteSession, edge: TheEdge, now: Now) -> FileOut:
    """A photo for a claim or review. Metadata such as the place is removed; what is not attached in a day is, too."""
    return await _take_in(file, purpose, by, session, edge, now)


@router.post("/v1/supplier/files", operation_id="upload_supplier_file", **_UPLOAD)
async def upload_supplier_file(
    by: SupplierStaff, file: Upload, purpose: For, session: WriteSession, edge: TheEdge, now: Now
) -> FileOut:
    """A product photo, certificate or piece of evidence; all staff of the supplier may then attach it.

    Of a PDF the pages are kept and nothing else: no metadata, attachments, scripts or links.
    """
    return await _take_in(file, purpose, by, session, edge, now)


@router.post("/v1/partner/files", operation_id="upload_partner_file", **_UPLOAD)
async def upload_partner_file(
    by: PartnerStaff, file: Upload, purpose: For, session: WriteSession, edge: TheEdge, now: Now
) -> FileOut:
    """Evidence, such as a photo of rejected goods; all staff of the partner may then attach it."""
    return await _take_in(file, purpose, by, session, edge, now)


@router.post("/v1/office/files", operation_id="upload_office_file", **_UPLOAD)
async def upload_office_file(
    by: Officer, file: Upload, purpose: For, session: WriteSession, edge: TheEdge, now: Now
) -> FileOut:
    """Evidence for measures and declared figures."""
    return await _take_in(file, purpose, by, session, edge, now)


@router.post("/v1/operator/files", operation_id="upload_operator_file", **_UPLOAD)
async def upload_operator_file(
    by: Operator, file: Upload, purpose: For, session: WriteSession, edge: TheEdge, now: Now
) -> FileOut:
    """A certificate or piece of evidence that the marketplace keeps."""
    return await _take_in(file, purpose, by, session, edge, now)


@router.get(
    "/v1/store/files/{file_id}",
    summary="A photo or document",
    operation_id="get_file",
    response_class=Response,
    responses={
        **problems(NoSuchFile, public=True),
        200: {"description": "The file", "content": {JPEG: {}, PDF: {}}},
        302: {"description": "The file is in a store outside, at the address in `Location`"},
    },
)
async def get_file(
    _: Public,
    file_id: UUID,
    session: ReadSession,
    edge: TheEdge,
    now: Now,
    until: Annotated[int, Query(ge=0, le=10**11, description="When the link ends, in Unix seconds; 0 for never")],
    key: Annotated[str, Query(min_length=1, max_length=64, description="What makes the link one of ours")],
    variant: Annotated[Variant, Query()] = Variant.FULL,
) -> Response:
    """What is behind a link that some other answer gave. Pictures are shown, documents only saved, neither runs."""
    left = seconds_left(file_id, variant, until, key, now)
    kept = await queries.kept(session, file_id, variant)
    if kept.content is None:
        cache = {"Cache-Control": f"private, max-age={SIGNED_SECONDS // 2}"}
        return Response(
            status_code=302, headers=cache | {"Location": signed_address(edge.settings.files, kept.address, now)}
        )
    age = "public, max-age=31536000" if left is None else f"private, max-age={left}"
    headers = headers_of(file_id, kept.media_type)
    del headers["Content-Type"]  # the response sets it
    return Response(
        kept.content,
        media_type=kept.media_type,
        headers=headers | {"Cache-Control": f"{age}, immutable", "Content-Security-Policy": _INERT},
    )


_INERT = "default-src 'none'; sandbox"
