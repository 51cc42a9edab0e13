"""The platform's own books: journal, trial balance, incomes for the tax office, farm-gate shares."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.core import sheets
from app.core.errors import Fault, InvalidInput
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Page,
    ReadSession,
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator
from app.settlement.queries import books
from app.settlement.routes.common import Format
from app.settlement.rules.books import quarter
from app.settlement.schemas import Day
from app.settlement.schemas.books import BalancesOut, IncomesOut, PostingOut, SharesOut

router = APIRouter(tags=["settlement"])

SupplierFilter = Annotated[UUID | None, Query(description="Only this supplier's business")]
_HEADINGS = (
    sheets.Heading("供应商编号", "text", 12),
    sheets.Heading("名称", "text", 36),
    sheets.Heading("统一社会信用代码", "text", 22),
    sheets.Heading("主体类型", "text", 12),
    sheets.Heading("纳税人类型", "text", 12),
    sheets.Heading("订单数", "whole", 10),
    sheets.Heading("收入总额（元）", "yuan", 16),
    sheets.Heading("退款金额（元）", "yuan", 16),
    sheets.Heading("收入净额（元）", "yuan", 16),
    sheets.Heading("平台佣金（元）", "yuan", 16),
)
_COLUMNS = (
    "code", "name", "uscc", "kind", "taxpayer", "orders", "gross_fen", "refunded_fen", "net_fen", "commission_fen",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get(
    "/v1/operator/journal",
    operation_id="list_postings",
    summary="The journal, newest first",
    response_model=Page[PostingOut],
    responses=problems(InvalidCursor),
)
async def list_postings(
    _: Operator,
    session: ReadSession,
    supplier_id: SupplierFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[PostingOut]:
    """Append-only, double-entry: every posting names its source, and its entries sum to nothing."""
    before = last_seen("journal", cursor, int)
    found = await books.journal(session, supplier_id=supplier_id, before=before, limit=limit + 1)
    return page_of("journal", found, limit, PostingOut.of)


@router.get(
    "/v1/operator/journal/balances",
    operation_id="get_trial_balance",
    summary="The trial balance",
    response_model=BalancesOut,
    responses=problems(),
)
async def get_trial_balance(_: Operator, session: ReadSession, supplier_id: SupplierFilter = None) -> BalancesOut:
    """What every account was debited and credited; `payable` is owed to suppliers, `district` and `carrier` owe us.

    `receivable` is what supermarkets owe for goods that they took in: `pending` and `unearned` are due once they pay.
    """
    return BalancesOut.of(await books.balances(session, supplier_id=supplier_id))


@router.get(
    "/v1/operator/tax-reports",
    operation_id="report_incomes",
    summary="Suppliers' incomes of a quarter, for the tax office",
    response_model=IncomesOut,
    responses={
        **problems(InvalidInput),
        200: {
            "description": "As JSON, or as a file with `format=csv|xlsx`",
            "content": {"text/csv": {"schema": {"type": "string"}}, sheets.XLSX: {}},
        },
    },
)
async def report_incomes(
    _: Operator,
    session: ReadSession,
    period: Annotated[
        str,
        Query(alias="quarter", pattern=r"^(20[0-9]{2}|21[0-9]{2})-Q[1-4]$", examples=["2026-Q3"]),
    ],
    form: Annotated[Format, Query(alias="format")] = Format.JSON,
) -> Response:
    """Identity, gross, refunds and net of every supplier that sold or refunded, before the platform's commission.

    A sale belongs to the quarter in which the buyer accepted it, or the supermarket took it in; a refund, a return and
    a rebate to that in which it was paid back, came, or was agreed to.
    """
    first, last = quarter(period)
    incomes = await books.incomes(session, first=first, last=last)
    if form is Format.JSON:
        body = IncomesOut.of(period, first, last, incomes).model_dump_json()
        return Response(body, media_type="application/json")
    rows = [tuple(getattr(income, name) for name in _COLUMNS) for income in incomes]
    headers = {"Content-Disposition": f'attachment; filename="incomes-{period}.{form.value}"'}
    if form is Format.CSV:
        return Response(_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)
    page = sheets.Page("收入信息", _HEADINGS, rows, [f"平台内经营者收入信息 {period}"])
    return Response(await asyncio.to_thread(sheets.workbook, page), media_type=sheets.XLSX, headers=headers)


@router.get(
    "/v1/operator/farm-gate",
    operation_id="report_farm_gate_shares",
    summary="What of each price reaches its supplier",
    response_model=SharesOut,
    responses=problems(InvalidInput),
)
async def report_farm_gate_shares(
    _: Operator,
    session: ReadSession,
    first: Annotated[Day, Query(alias="from", description="First day (Asia/Shanghai)", examples=["2026-01-01"])],
    last: Annotated[Day, Query(alias="to", description="Last day, inclusive", examples=["2026-12-31"])],
) -> SharesOut:
    """By SKU, refunds deducted: paid by buyers, added by others, kept as commission, left to the supplier.

    And how long it took from the buyer's payment until the supplier had it.
    """
    if first > last:
        raise InvalidInput(faults=[Fault("query:/to", "before_from", "结束日期早于开始日期", "to lies before from")])
    return SharesOut.of(await books.shares(session, first=first, last=last))


def _csv(rows: list[tuple[object, ...]]) -> bytes:
    """RFC 4180 with a byte order mark for Excel; amounts in whole fen, so a header of their names."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for row in rows:
        # A spreadsheet runs what begins like a formula; an apostrophe makes it text again.
        writer.writerow(f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row)
    return ("\ufeff" + file.getvalue()).encode()
