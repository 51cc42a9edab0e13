"""Orders by sheet over HTTP: send one, see what became of each row, take the file home again."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, Response, UploadFile

from app.core.errors import NotFound
from app.core.sheets import SHEET_ERRORS, XLSX
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    TheEdge,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.core.web.problems import language_of
from app.identity import PartnerStaff
from app.partners import NoContract
from app.wholesale import service
from app.wholesale.queries import imports as queries
from app.wholesale.routes.partner import own
from app.wholesale.rules.orders import Mismatch, Partial
from app.wholesale.rules.sheets import Counted, TooManyOrders
from app.wholesale.schemas.imports import PoImportOut

router = APIRouter(tags=["wholesale"])

_IMPORTS = "/v1/partner/purchase-orders/imports"
_CURSOR = "purchase-orders.imports"
_LONGEST_NAME = 200


@router.get(
    "/v1/partner/purchase-orders/template.xlsx",
    operation_id="get_purchase_order_form",
    summary="A sheet to order by",
    response_class=Response,
    responses={**problems(NoContract), 200: {"description": "The file", "content": {XLSX: {}}}},
)
async def get_purchase_order_form(by: PartnerStaff, session: ReadSession, now: Now) -> Response:
    """The partner's price list with a column for cases: fill in, send back. What is left empty is not ordered."""
    headers = {"Content-Disposition": 'attachment; filename="order-form.xlsx"', "Cache-Control": "no-store"}
    return Response(await service.order_form(session, own(by), now=now), media_type=XLSX, headers=headers)


@router.post(
    _IMPORTS,
    operation_id="import_purchase_orders",
    summary="Send purchase orders by sheet",
    status_code=201,
    response_model=PoImportOut,
    responses=problems(*SHEET_ERRORS, TooManyOrders),
)
async def import_purchase_orders(
    by: PartnerStaff,
    request: Request,
    edge: TheEdge,
    now: Now,
    file: Annotated[
        UploadFile,
        File(
            description="An .xlsx, or CSV in UTF-8 or GB18030, at most 2 MiB: 订单号, 收货地, 到货日期, "
            "商品编码 or 条码, 订货数量; by any of their usual names, in columns or above the table",
            examples=["(binary)"],
        ),
    ],
    dry_run: Annotated[
        bool, Query(description="Say what would become of each order if it came alone, and take nothing")
    ] = False,
    on_mismatch: Annotated[Mismatch, Query(description="As for a single order")] = Mismatch.REFUSE,
    partial: Annotated[Partial, Query(description="As for a single order")] = Partial.REFUSE,
    quantity_in: Annotated[
        Counted | None, Query(description="What quantities count, where the sheet does not say: it is asked otherwise")
    ] = None,
) -> PoImportOut:
    """Each order is taken whole or not at all, and one that is refused leaves the others alone.

    A file that was sent before takes nothing twice: what it brought then is `duplicate`, what was refused is tried
    again. The file is kept, and every line knows its row in it.
    """
    raw = await file.read()
    found = await service.import_orders(
        edge.db,
        raw,
        (file.filename or "orders")[:_LONGEST_NAME],
        partner_id=own(by),
        by=by,
        now=now,
        dry_run=dry_run,
        on_mismatch=on_mismatch,
        partial=partial,
        counted=quantity_in,
    )
    return PoImportOut.of(found, language_of(request))


@router.get(
    _IMPORTS,
    operation_id="list_purchase_order_imports",
    summary="The partner's sheets, newest first",
    response_model=Page[PoImportOut],
    responses=problems(InvalidCursor),
)
async def list_purchase_order_imports(
    by: PartnerStaff, request: Request, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[PoImportOut]:
    """Each with what became of its orders when it was sent last."""
    before = UUID(str(decode_cursor(_CURSOR, cursor)[0])) if cursor is not None else None
    found = await queries.imports(session, own(by), before=before, limit=limit + 1)
    more = encode_cursor(_CURSOR, str(found[limit - 1].id)) if len(found) > limit else None
    language = language_of(request)
    return Page(items=[PoImportOut.of(one, language) for one in found[:limit]], next_cursor=more)


@router.get(
    f"{_IMPORTS}/{{import_id}}",
    operation_id="get_purchase_order_import",
    summary="What became of a sheet",
    response_model=PoImportOut,
    responses=problems(NotFound),
)
async def get_purchase_order_import(
    import_id: UUID, by: PartnerStaff, request: Request, session: ReadSession
) -> PoImportOut:
    """Order by order and row by row."""
    return PoImportOut.of(await queries.imported(session, import_id, partner_id=own(by)), language_of(request))


@router.get(
    f"{_IMPORTS}/{{import_id}}/file",
    operation_id="get_purchase_order_import_file",
    summary="A sheet as it was sent",
    response_class=Response,
    responses={**problems(NotFound), 200: {"description": "The file", "content": {"application/octet-stream": {}}}},
)
async def get_purchase_order_import_file(import_id: UUID, by: PartnerStaff, session: ReadSession) -> Response:
    """The very bytes that came."""
    name, content = await queries.file_of(session, import_id, partner_id=own(by))
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)
