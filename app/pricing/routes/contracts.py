"""What partners call our goods by and what they pay: operators write it, partners read their own."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, Response, UploadFile

from app import partners
from app.core.clock import local_day
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
    WriteSession,
    etag,
    last_seen,
    page_of,
    problems,
)
from app.core.web.problems import language_of
from app.identity import Operator, PartnerStaff
from app.partners import ContractOver, NoContract
from app.pricing import service
from app.pricing.queries import contracts as reads
from app.pricing.rules.contracts import (
    CodeConflict,
    InvalidItem,
    InvalidPriceList,
    ItemCodeTaken,
    PriceListOverlaps,
    PriceWithdrawn,
)
from app.pricing.schemas.contracts import (
    ContractItemOut,
    ItemIn,
    ItemOut,
    ListedPriceOut,
    PriceListIn,
    PriceListOut,
    PriceWarningOut,
)
from app.pricing.service.price_sheet import MOST_ROWS

router = APIRouter(tags=["pricing"])

_ETAG_RANGE = 10**9


@router.get(
    "/v1/operator/partners/{partner_id}/items",
    summary="What a partner calls our goods by",
    operation_id="list_partner_items",
    response_model=Page[ItemOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_partner_items(
    partner_id: UUID, _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ItemOut]:
    """By SKU."""
    await partners.get(session, partner_id)
    after = last_seen("partner-items", cursor, str)
    found = await reads.mappings(session, partner_id, after=after, limit=limit + 1)
    return page_of("partner-items", found, limit, ItemOut.model_validate, key=lambda item: item.sku)


@router.put(
    "/v1/operator/partners/{partner_id}/items/{sku}",
    summary="Map a partner's codes to a SKU",
    operation_id="map_partner_item",
    response_model=ItemOut,
    responses=problems(NotFound, InvalidItem, CodeConflict, ItemCodeTaken),
)
async def map_partner_item(
    partner_id: UUID, sku: str, body: ItemIn, by: Operator, session: WriteSession, now: Now
) -> ItemOut:
    """Replaces what was there. A code that means other goods, by our catalogue or by this partner, is asked about.

    The answer names both goods. An ITF-14 counts as a code of the unit in the case.
    """
    await partners.get(session, partner_id)
    return ItemOut.model_validate(await service.map_item(session, partner_id, body.mapping(sku), by=by, now=now))


@router.delete(
    "/v1/operator/partners/{partner_id}/items/{sku}",
    summary="Forget a partner's codes of a SKU",
    operation_id="unmap_partner_item",
    status_code=204,
    responses=problems(NotFound),
)
async def unmap_partner_item(partner_id: UUID, sku: str, _: Operator, session: WriteSession) -> None:
    """Orders keep the codes that they came with."""
    await service.unmap_item(session, partner_id, sku)


@router.get(
    "/v1/operator/contracts/{contract_id}/prices",
    summary="A contract's price list",
    operation_id="list_contract_prices",
    response_model=Page[ListedPriceOut],
    responses=problems(NotFound, InvalidCursor),
)
async def list_contract_prices(
    contract_id: UUID, _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ListedPriceOut]:
    """Newest first, withdrawn ones too."""
    await partners.contract(session, contract_id)
    before = last_seen("contract-prices", cursor)
    found = await reads.prices_of(session, contract_id, before=before, limit=limit + 1)
    return page_of("contract-prices", found, limit, ListedPriceOut.of)


@router.get(
    "/v1/operator/contracts/{contract_id}/prices/sheet.xlsx",
    summary="A contract's price list as a sheet",
    operation_id="get_contract_price_sheet",
    response_class=Response,
    responses={**problems(NotFound), 200: {"description": "The file", "content": {XLSX: {}}}},
)
async def get_contract_price_sheet(contract_id: UUID, _: Operator, edge: TheEdge) -> Response:
    """What holds, with the headings that an upload understands."""
    async with edge.db.read() as session:
        contract = await partners.contract(session, contract_id)
        rows = await reads.prices_of(session, contract_id, withdrawn=False)
    content = await service.price_sheet(sorted(rows, key=lambda row: (row.sku, row.valid_from)))
    name = contract.contract_no.replace("/", "-")
    return Response(
        content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="prices-{name}.xlsx"'}
    )


@router.post(
    "/v1/operator/contracts/{contract_id}/prices",
    summary="Add prices to a contract",
    operation_id="add_contract_prices",
    status_code=201,
    response_model=PriceListOut,
    responses=problems(NotFound, ContractOver, InvalidPriceList, PriceListOverlaps),
)
async def add_contract_prices(
    contract_id: UUID,
    body: PriceListIn,
    by: Operator,
    session: WriteSession,
    now: Now,
    edge: TheEdge,
    request: Request,
) -> PriceListOut:
    """All rows or none. A change on short notice is added and warned about."""
    contract = await partners.contract(session, contract_id)
    notice_days = edge.settings.pricing.notice_days
    rows = [row.row() for row in body.rows]
    added, warned = await service.list_prices(session, contract, rows, notice_days=notice_days, by=by, now=now)
    language = language_of(request)
    return PriceListOut(
        rows=[ListedPriceOut.of(row) for row in added],
        warnings=[PriceWarningOut.of(each, language) for each in warned],
    )


@router.post(
    "/v1/operator/contracts/{contract_id}/prices/sheets",
    summary="Add prices to a contract by a sheet",
    operation_id="upload_contract_prices",
    response_model=PriceListOut,
    responses=problems(NotFound, ContractOver, InvalidPriceList, PriceListOverlaps, *SHEET_ERRORS),
)
async def upload_contract_prices(
    contract_id: UUID,
    by: Operator,
    edge: TheEdge,
    now: Now,
    request: Request,
    file: Annotated[
        UploadFile,
        File(
            description="货号, 含税供价 in yuan, 生效日期, 失效日期, and perhaps 是否促销, 起订箱数, 箱数倍数, "
            f"最短剩余天数, as .xlsx or CSV; at most {MOST_ROWS} rows",
            examples=["(binary)"],
        ),
    ],
    dry_run: Annotated[bool, Query(description="Only look what would become of it")] = False,
) -> PriceListOut:
    """All rows or none; what is wrong is told of every row, by its number in the file."""
    rows, numbers = await service.read_prices(await file.read())
    days = edge.settings.pricing.notice_days
    try:
        async with edge.db.read() if dry_run else edge.db.write() as session:
            contract = await partners.contract(session, contract_id)
            if dry_run:
                shown, warned = await service.try_prices(session, contract, rows, notice_days=days, now=now)
            else:
                shown, warned = await service.list_prices(session, contract, rows, by=by, notice_days=days, now=now)
    except InvalidPriceList as refusal:
        raise service.in_the_file(refusal, numbers) from refusal
    language = language_of(request)
    return PriceListOut(
        dry_run=dry_run,
        rows=[ListedPriceOut.of(row) for row in shown],
        warnings=[PriceWarningOut.of(replace(each, row=numbers[each.row]), language) for each in warned],
    )


@router.post(
    "/v1/operator/contracts/{contract_id}/prices/{price_id}/withdraw",
    summary="Withdraw a price",
    operation_id="withdraw_contract_price",
    response_model=ListedPriceOut,
    responses=problems(NotFound, PriceWithdrawn),
)
async def withdraw_contract_price(
    contract_id: UUID, price_id: UUID, _: Operator, session: WriteSession, now: Now
) -> ListedPriceOut:
    """From today on it does not hold; orders placed before keep it. Another one can begin today."""
    return ListedPriceOut.of(await service.withdraw_price(session, contract_id, price_id, now=now))


@router.get(
    "/v1/partner/price-list",
    summary="What one can order, and for how much",
    operation_id="get_own_price_list",
    response_model=Page[ContractItemOut],
    responses=problems(NoContract, InvalidCursor),
)
async def get_own_price_list(
    by: PartnerStaff,
    session: ReadSession,
    now: Now,
    response: Response,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ContractItemOut]:
    """Of today's contract, by SKU, without what cannot be ordered now. The ETag changes when anything on it does."""
    if by.partner_id is None:
        raise NotFound
    today = local_day(now)
    contract = await partners.contract_on(session, by.partner_id, today)
    items = await reads.contract_items(session, contract, today)
    response.headers["ETag"] = etag(zlib.crc32(repr((contract.id, items)).encode()) % _ETAG_RANGE)
    after = last_seen("price-list", cursor, str) or ""
    found = [item for item in items if item.sku > after]
    return page_of("price-list", found, limit, ContractItemOut.of, key=lambda item: item.sku)
