"""What stands behind the reports, row by row, over HTTP: streamed as CSV from one snapshot."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from app.assistance import Channel, Day, Kind
from app.core.web import Edge, Now, ShortText, TheEdge, problems
from app.identity import Officer
from app.reports import service
from app.reports.rules import Basis, Group, ReportTooLarge, ask
from app.reports.rules.listings import EVERY_ENTRY, Detail, Only, TooManyDownloads

router = APIRouter(prefix="/v1/office", tags=["reports"])

First = Annotated[Day, Query(alias="from", description="First day (Asia/Shanghai)", examples=["2026-01-01"])]
Last = Annotated[Day, Query(alias="to", description="Last day, inclusive", examples=["2026-12-31"])]
_CSV: dict[int | str, dict[str, Any]] = {
    **problems(ReportTooLarge, TooManyDownloads),
    200: {"description": "The file", "content": {"text/csv": {"schema": {"type": "string"}}}},
}


@router.get(
    "/ledger.csv",
    summary="Take the ledger home as CSV",
    operation_id="download_ledger",
    response_class=Response,
    responses=_CSV,
)
async def download_ledger(
    _: Officer,
    edge: TheEdge,
    now: Now,
    first: First,
    last: Last,
    kind: Kind | None = None,
    category: ShortText | None = None,
    product: Annotated[UUID | None, Query(description="Product id")] = None,
    sku: ShortText | None = None,
    supplier: Annotated[UUID | None, Query(description="Supplier id")] = None,
    township: Annotated[ShortText | None, Query(description="Township code")] = None,
    village: Annotated[ShortText | None, Query(description="Village of the lot")] = None,
    channel: Channel | None = None,
    division: Annotated[ShortText | None, Query(description="Prefix of division codes")] = None,
    partner: Annotated[UUID | None, Query(description="Partner id")] = None,
) -> Response:
    """Every entry of these days in one file, streamed: a million rows need no memory here.

    Columns are those of `GET /v1/office/ledger`, amounts whole fen. The last rows are marked `total`, `as_of` and
    `chain` (place and SHA-256 of the last link of the chain of hashes over the ledger). Of closed months the file is
    the same byte for byte whenever it is asked for. It is one snapshot; a file that does not end in `chain` was cut
    off, which happens to whoever reads for minutes: have it made by `POST /v1/office/exports` then.
    """
    only = Only(
        kind=None if kind is None else kind.value,
        category=category,
        product=product,
        sku=sku,
        supplier=supplier,
        township=township,
        village=village,
        channel=None if channel is None else channel.value,
        division=division,
        partner=partner,
    )
    ask(first, last, Group.MONTH.value, Basis.COUNTED)  # the same limits as of any report
    pieces = service.downloaded(edge.db, Detail.LEDGER, first, last, only=only, now=now, **_limits(edge))
    return await _file(f"ledger-{first}-{last}.csv", pieces)


@router.get(
    "/lines.csv",
    summary="Take the paid order lines home as CSV",
    operation_id="download_lines",
    response_class=Response,
    responses=_CSV,
)
async def download_lines(_: Officer, edge: TheEdge, now: Now, first: First, last: Last) -> Response:
    """Every paid order line and every refund of one, behind the sales report with `basis=paid`; no buyer is named.

    Streamed like the ledger; the last rows are marked `total` and `as_of`.
    """
    ask(first, last, Group.MONTH.value, Basis.PAID)
    pieces = service.downloaded(edge.db, Detail.LINES, first, last, only=EVERY_ENTRY, now=now, **_limits(edge))
    return await _file(f"lines-{first}-{last}.csv", pieces)


def _limits(edge: Edge) -> dict[str, int]:
    limits = edge.settings.exports
    return {"seconds": limits.download_seconds, "parallel": limits.downloads}


async def _file(name: str, pieces: AsyncGenerator[bytes, None]) -> Response:
    # The first piece comes before the answer begins, so that what is refused is refused with a problem.
    first = await anext(pieces)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_rest(first, pieces), media_type="text/csv; charset=utf-8", headers=headers)


async def _rest(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece
