"""Exports over HTTP: ask for a file, see how far it is, take it home."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    TheEdge,
    WriteSession,
    last_seen,
    page_of,
    problems,
)
from app.core.web.problems import language_of
from app.identity import Officer
from app.reports import service
from app.reports.queries import exports as queries
from app.reports.rules.exports import MEDIA, ExportGone, ExportNotReady, TooManyExports
from app.reports.schemas import ExportIn, ExportOut

router = APIRouter(prefix="/v1/office/exports", tags=["reports"])


@router.post(
    "",
    operation_id="start_export",
    summary="Have a report made as a file",
    status_code=202,
    response_model=ExportOut,
    responses=problems(TooManyExports),
)
async def start_export(
    body: ExportIn, by: Officer, request: Request, response: Response, edge: TheEdge, session: WriteSession, now: Now
) -> ExportOut:
    """However large: the worker makes it, from one snapshot. Look after it at the address in `Location`.

    A workbook of more rows than a sheet has room for has several; `pdf` is for up to 2,000 rows. Asking for the same
    while it waits or is in work gives the same export.
    """
    language = language_of(request)
    parameters = body.parameters.model_dump(mode="json", by_alias=True, exclude_none=True)
    found = await service.start_export(
        session,
        body.report,
        parameters,
        body.format,
        language=language,
        by=by.account_id,
        settings=edge.settings.exports,
        now=now,
    )
    response.headers["Location"] = f"/v1/office/exports/{found.id}"
    return ExportOut.of(found, language)


@router.get(
    "", operation_id="list_exports", summary="One's own exports, newest first", responses=problems(InvalidCursor)
)
async def list_exports(
    by: Officer, request: Request, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ExportOut]:
    """With how far each is. What has expired or failed is told for a month."""
    before, language = last_seen("exports", cursor), language_of(request)
    found = await queries.page_of_exports(session, by.account_id, before=before, limit=limit + 1)
    return page_of("exports", found, limit, lambda one: ExportOut.of(one, language))


@router.get("/{export_id}", operation_id="get_export", summary="How far is an export?", responses=problems(NotFound))
async def get_export(export_id: UUID, by: Officer, request: Request, session: ReadSession) -> ExportOut:
    """Ask until it is `done` or `failed`; an export of somebody else is not found."""
    found = await queries.export_of(session, export_id, account_id=by.account_id)
    return ExportOut.of(found, language_of(request))


@router.get(
    "/{export_id}/file",
    operation_id="get_export_file",
    summary="Take an export home",
    response_class=Response,
    responses={
        **problems(NotFound, ExportNotReady, ExportGone),
        200: {
            "description": "The file",
            "content": {
                media.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA.values()
            },
        },
    },
)
async def get_export_file(export_id: UUID, by: Officer, edge: TheEdge, session: ReadSession) -> Response:
    """The same bytes whenever it is asked for, until it expires; `ETag` is their SHA-256."""
    found = queries.ready(await queries.export_of(session, export_id, account_id=by.account_id))
    headers = {
        "Content-Disposition": f'attachment; filename="{found.name}"',
        "Content-Length": str(found.size),
        "Content-Language": found.language,
        "ETag": f'"{found.sha256}"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(queries.file_of(edge.db, found.id), media_type=MEDIA[found.form], headers=headers)


@router.delete(
    "/{export_id}",
    operation_id="cancel_export",
    summary="Cancel an export, or throw its file away",
    status_code=204,
    responses=problems(NotFound),
)
async def cancel_export(export_id: UUID, by: Officer, session: WriteSession) -> None:
    """A worker who is making it leaves off. It is not found afterwards."""
    await service.cancel_export(session, export_id, by=by.account_id)
