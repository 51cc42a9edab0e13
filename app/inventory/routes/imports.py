"""Stock by sheet over HTTP: upload, look at what would change, apply, take the receipts home."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.errors import NotFound
from app.core.sheets import SHEET_ERRORS, XLSX, csv_line
from app.core.web import (
    DEFAULT_LIMIT,
    KEY_ERRORS,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Once,
    Page,
    ReadSession,
    TheEdge,
    last_seen,
    page_of,
    problems,
)
from app.core.web.problems import language_of
from app.identity import SupplierStaff
from app.inventory import service
from app.inventory.lifecycle import ImportStepNotAllowed
from app.inventory.queries import imports as queries
from app.inventory.routes.stock import own
from app.inventory.rules.imports import CHUNK, Absent, AgainNeedsDryRun, Outcome, TooManyImports
from app.inventory.schemas.imports import ImportOut, ImportRowOut

router = APIRouter(tags=["inventory"])

_IMPORTS = "/v1/supplier/inventory/imports"
_HEADINGS = {
    "zh": ("行号", "货号", "批次", "方式", "数量", "盘点时间", "原数量", "新数量", "结果", "代码", "说明"),
    "en": ("row", "sku", "lot_code", "mode", "quantity", "as_of", "before", "after", "status", "code", "detail"),
}


@router.get(
    "/v1/supplier/inventory/template.xlsx",
    operation_id="get_inventory_template",
    summary="A sheet to fill in",
    response_class=Response,
    responses={**problems(), 200: {"description": "The file", "content": {XLSX: {}}}},
)
async def get_inventory_template(by: SupplierStaff, session: ReadSession) -> Response:
    """Its cells offer the supplier's SKUs and the two modes; a second sheet lists the SKUs with what is booked.

    Sheets of other programs are understood too, if their headings mean the same.
    """
    headers = {"Content-Disposition": 'attachment; filename="inventory.xlsx"', "Cache-Control": "no-store"}
    return Response(await service.template(session, own(by)), media_type=XLSX, headers=headers)


@router.post(
    _IMPORTS,
    operation_id="upload_inventory_sheet",
    summary="Send a sheet with counts",
    status_code=202,
    response_model=ImportOut,
    responses=problems(*SHEET_ERRORS, TooManyImports, AgainNeedsDryRun),
)
async def upload_inventory_sheet(
    by: SupplierStaff,
    request: Request,
    edge: TheEdge,
    now: Now,
    file: Annotated[
        UploadFile,
        File(
            description="An .xlsx, or CSV in UTF-8 or GB18030, at most 50,000 rows: 货号, 库存数量, and where wanted "
            "批次, 方式 (盘点/增减), 盘点时间, 原因",
            examples=["(binary)"],
        ),
    ],
    dry_run: Annotated[bool, Query(description="False applies it once checked, if no row is rejected")] = True,
    absent: Annotated[
        Absent,
        Query(description="SKUs that the sheet does not name: `keep` them, or `zero` all of them that is not on order"),
    ] = Absent.KEEP,
    again: Annotated[
        bool, Query(description="The same file once more is a new count; without it, it changes nothing")
    ] = False,
) -> ImportOut:
    """Nothing changes yet: it is checked row by row, and what would change can be read; then it is applied.

    A count without a time of its own was taken when it was sent: what is sold until it is applied is taken into
    account. What is wrong with the file as a whole is said at once, what is wrong with a row in its receipt.
    """
    raw = await file.read()
    await service.check_sheet(raw)
    async with edge.db.write() as session:
        started = await service.start_import(
            session, own(by), raw, absent=absent, dry_run=dry_run, again=again, by=by.account_id, now=now
        )
    return ImportOut.of(started, language_of(request))


@router.get(
    _IMPORTS,
    operation_id="list_inventory_imports",
    summary="The supplier's sheets, newest first",
    responses=problems(InvalidCursor),
)
async def list_inventory_imports(
    by: SupplierStaff, request: Request, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ImportOut]:
    """With how far each is and how many of its rows are rejected."""
    return await imports_page(session, own(by), language_of(request), limit=limit, cursor=cursor)


async def imports_page(
    session: AsyncSession, supplier_id: UUID, language: str, *, limit: int, cursor: str | None
) -> Page[ImportOut]:
    """A page of a supplier's sheets, for it or its agent. Raises ``InvalidCursor``."""
    before = last_seen("imports", cursor)
    found = await queries.page_of_imports(session, supplier_id, before=before, limit=limit + 1)
    return page_of("imports", found, limit, lambda one: ImportOut.of(one, language))


@router.get(
    f"{_IMPORTS}/{{import_id}}",
    operation_id="get_inventory_import",
    summary="How far is a sheet?",
    responses=problems(NotFound),
)
async def get_inventory_import(import_id: UUID, by: SupplierStaff, request: Request, session: ReadSession) -> ImportOut:
    """Ask until it is `checked`, and after it was told to apply until it is `applied`."""
    return ImportOut.of(await queries.import_of(session, import_id, supplier_id=own(by)), language_of(request))


@router.get(
    f"{_IMPORTS}/{{import_id}}/rows",
    operation_id="list_inventory_import_rows",
    summary="What would become of each row, or has",
    responses=problems(NotFound, InvalidCursor),
)
async def list_inventory_import_rows(
    import_id: UUID,
    by: SupplierStaff,
    request: Request,
    session: ReadSession,
    status: Annotated[Outcome | None, Query(description="Only such rows")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ImportRowOut]:
    """In the order of the file, then the SKUs that it does not name. Kept for 90 days."""
    return await rows_page(session, own(by), import_id, language_of(request), status=status, limit=limit, cursor=cursor)


async def rows_page(
    session: AsyncSession,
    supplier_id: UUID,
    import_id: UUID,
    language: str,
    *,
    status: Outcome | None,
    limit: int,
    cursor: str | None,
) -> Page[ImportRowOut]:
    """A page of the rows of a sheet of this supplier. Raises ``NotFound``, ``InvalidCursor``."""
    kind = f"import-rows:{import_id}"
    after = last_seen(kind, cursor, int) or 0
    await queries.import_of(session, import_id, supplier_id=supplier_id)
    found = await queries.page_of_receipts(session, import_id, outcome=status, after=after, limit=limit + 1)
    return page_of(kind, found, limit, lambda one: ImportRowOut.of(one, language), key=lambda one: one.line.position)


@router.get(
    f"{_IMPORTS}/{{import_id}}/receipts.csv",
    operation_id="download_inventory_receipts",
    summary="A receipt for each row",
    response_class=Response,
    responses={**problems(NotFound), 200: {"description": "The file", "content": {"text/csv": {}}}},
)
async def download_inventory_receipts(
    import_id: UUID, by: SupplierStaff, request: Request, edge: TheEdge, session: ReadSession
) -> Response:
    """The rows as CSV in UTF-8, which spreadsheets open as it is."""
    await queries.import_of(session, import_id, supplier_id=own(by))
    headers = {"Content-Disposition": f'attachment; filename="receipts-{import_id}.csv"', "Cache-Control": "no-store"}
    lines = receipts(edge.db, import_id, language_of(request))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


async def receipts(db: Database, import_id: UUID, language: str) -> AsyncIterator[bytes]:
    """The rows of an import as lines of CSV in ``zh`` or ``en``; whose import it is was asked before."""
    yield ("\ufeff" + csv_line(_HEADINGS[language])).encode()
    after = 0
    while True:
        async with db.read() as session:
            found = await queries.page_of_receipts(session, import_id, outcome=None, after=after, limit=CHUNK)
        if not found:
            return
        after = found[-1].line.position
        rows = (ImportRowOut.of(one, language).model_dump(mode="json") for one in found)
        yield "".join(csv_line(row.values()) for row in rows).encode()


@router.post(
    f"{_IMPORTS}/{{import_id}}/apply",
    operation_id="apply_inventory_import",
    summary="Apply a sheet that was checked",
    status_code=202,
    response_model=ImportOut,
    responses=problems(NotFound, ImportStepNotAllowed, *KEY_ERRORS),
)
async def apply_inventory_import(
    import_id: UUID, by: SupplierStaff, request: Request, once: Once, now: Now
) -> Response:
    """Its good rows, once, whoever says so how often; rejected rows stay out. The receipts then say what was done.

    A row is judged anew when its turn comes: if its stock moved since it was checked, `after` tells the present.
    """

    async def work(session: AsyncSession) -> ImportOut:
        found = await service.apply_import(session, import_id, supplier_id=own(by), now=now)
        return ImportOut.of(found, language_of(request))

    return await once.run(202, work)
