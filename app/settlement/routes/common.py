"""What suppliers' and operators' routes of statements share: pages, and a statement on paper and as a sheet."""

from __future__ import annotations

import asyncio
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import pdf, sheets
from app.core.clock import local_day
from app.core.errors import NotFound
from app.core.money import in_capitals
from app.core.web import InvalidCursor, Page, decode_cursor, page_of, problems
from app.core.web.edge import Edge
from app.settlement import queries
from app.settlement.lifecycle import Status
from app.settlement.rules import Kind, NoPayoutAccount, Row, Statement
from app.settlement.schemas import MONTH, RowOut, StatementOut, first_of


class Format(StrEnum):
    """How a report is written."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


MonthFilter = Annotated[str | None, Query(pattern=MONTH, description="`YYYY-MM`", examples=["2026-10"])]
StatusFilter = Annotated[Status | None, Query(description="Only those that stand here")]

_TEMPLATE = Path(__file__).parents[1] / "statement.typ"
_KINDS = {
    Kind.SALE: "销售",
    Kind.REFUND: "退款",
    Kind.RESHIPMENT: "补发",
    Kind.ADJUSTMENT: "更正",
    Kind.PAYOUT: "付款",
    Kind.RECEIPT: "商超验收",
    Kind.RETURN: "商超退货",
    Kind.DEDUCTION: "返利与费用",
    Kind.PURCHASE: "商超货款",
    Kind.PURCHASE_RETURN: "商超退货",
}
_STATUSES = {
    Status.ISSUED: "待确认",
    Status.DISPUTED: "有异议",
    Status.CONFIRMED: "已确认",
    Status.PAYING: "付款中",
    Status.FAILED: "付款失败",
    Status.PAID: "已付款",
    Status.CARRIED: "结转下期",
}
PDF: dict[str, Any] = {
    "summary": "A statement as a PDF",
    "response_class": Response,
    "responses": {
        **problems(NotFound),
        200: {"description": "The statement", "content": {"application/pdf": {}}},
    },
}
XLSX: dict[str, Any] = {
    "summary": "A statement with all its rows as a spreadsheet",
    "response_class": Response,
    "responses": {
        **problems(NotFound),
        200: {"description": "The statement", "content": {sheets.XLSX: {}}},
    },
}
_ROWS = (
    sheets.Heading("序号", "whole", 6),
    sheets.Heading("类型", "text", 8),
    sheets.Heading("订单号", "text", 18),
    sheets.Heading("货号", "text", 10),
    sheets.Heading("商品", "text", 36),
    sheets.Heading("数量", "whole", 8),
    sheets.Heading("发生时间", "moment", 18),
    sheets.Heading("标价（元）", "yuan"),
    sheets.Heading("商家优惠（元）", "yuan"),
    sheets.Heading("买家支付（元）", "yuan"),
    sheets.Heading("补贴（元）", "yuan"),
    sheets.Heading("佣金（元）", "yuan"),
    sheets.Heading("他方承担（元）", "yuan"),
    sheets.Heading("应结（元）", "yuan"),
    sheets.Heading("价内增值税（元）", "yuan", 16),
    sheets.Heading("佣金率（万分比）", "whole", 12),
    sheets.Heading("产地所得（万分比）", "whole", 14),
    sheets.Heading("采购单号", "text", 18),
    sheets.Heading("采购单行", "whole", 10),
    sheets.Heading("供货价（元）", "yuan"),
    sheets.Heading("返利（元）", "yuan"),
)
_SUMS = (
    ("上期结转", "opening_fen"),
    ("买家支付货款", "goods_fen"),
    ("平台与区县补贴", "subsidy_fen"),
    ("运费", "freight_fen"),
    ("平台佣金", "commission_fen"),
    ("退款扣回", "refund_fen"),
    ("补发与更正", "other_fen"),
    ("本期净额", "net_fen"),
    ("应结余额", "balance_fen"),
)
_TAKEN_OFF = ("commission_fen", "refund_fen")


async def page_of_statements(
    session: AsyncSession,
    *,
    month: str | None,
    status: Status | None,
    supplier_id: UUID | None,
    cursor: str | None,
    limit: int,
) -> Page[StatementOut]:
    """One page, the latest month first."""
    after = None
    if cursor is not None:
        seen, last = decode_cursor("settlements", cursor)
        after = date.fromisoformat(str(seen)), UUID(str(last))
    found = await queries.page(
        session,
        supplier_id=supplier_id,
        month=first_of(month) if month is not None else None,
        status=status,
        after=after,
        limit=limit + 1,
    )
    return page_of("settlements", found, limit, StatementOut.of, key=lambda one: (one.month, one.id))


async def page_of_rows(
    session: AsyncSession, statement_id: UUID, *, supplier_id: UUID | None = None, cursor: str | None, limit: int
) -> Page[RowOut]:
    """One page of a statement's rows. Raises ``NotFound``."""
    await queries.get(session, statement_id, supplier_id=supplier_id)
    after = 0
    if cursor is not None:
        of, position = decode_cursor("settlement-rows", cursor)
        if str(of) != str(statement_id):
            raise InvalidCursor
        after = int(position)
    found = await queries.rows(session, statement_id, after=after, limit=limit + 1)
    return page_of("settlement-rows", found, limit, RowOut.of, key=lambda row: (statement_id, row.position))


async def sheet(edge: Edge, statement_id: UUID, *, supplier_id: UUID | None = None) -> Response:
    """The statement as an ``.xlsx``: its sums, and all its rows. Raises ``NotFound``."""
    async with edge.db.read() as session:
        statement = await queries.get(session, statement_id, supplier_id=supplier_id)
        rows = await queries.rows(session, statement_id)
    content = await asyncio.to_thread(_workbook, statement, rows)
    return _attached(content, sheets.XLSX, f"{statement.number}.xlsx")


async def paper(edge: Edge, statement_id: UUID, *, supplier_id: UUID | None = None) -> Response:
    """The statement on paper: its sums, and one row for each SKU. Raises ``NotFound``."""
    async with edge.db.read() as session:
        statement = await queries.get(session, statement_id, supplier_id=supplier_id)
        summed = await queries.by_sku(session, statement_id)
        bought = await queries.rows(session, statement_id, of_orders=True, limit=pdf.MAX_ROWS)
        try:
            account = await queries.paid_into(session, statement.supplier_id)
        except NoPayoutAccount:
            account = None
    data = {
        "number": statement.number,
        "supplier": statement.supplier_name,
        "uscc": statement.supplier_uscc,
        "month": f"{statement.month:%Y 年 %m 月}",
        "issued_on": f"{local_day(statement.issued_at):%Y-%m-%d}",
        "status": _STATUSES[statement.status],
        "account": None if account is None else f"{account.details.bank} {account.details.masked}",
        "sums": _sums(statement),
        "capitals": in_capitals(statement.balance_fen),
        "balance_fen": statement.balance_fen,
        "rows": [
            {
                "name": name,
                "sku": sku or "",
                "kind": _KINDS[Kind(kind)],
                "quantity": quantity,
                "paid_fen": paid,
                "commission_fen": commission,
                "net_fen": net,
            }
            for name, sku, kind, quantity, paid, commission, net in summed[: pdf.MAX_ROWS]
        ],
        "purchases": [
            {
                "po_no": row.po_no,
                "line": row.po_line_no,
                "sku": row.sku,
                "quantity": row.quantity,
                "price_fen": row.unit_price_fen,
                "rebate_fen": row.rebate_fen,
                "commission_fen": row.commission_fen,
                "net_fen": row.net_fen,
            }
            for row in bought
        ],
        "row_count": statement.row_count,
        "sha256": statement.sha256,
    }
    content = await pdf.render(_TEMPLATE, data, at=statement.issued_at)
    return _attached(content, "application/pdf", f"{statement.number}.pdf")


def _sums(statement: Statement) -> list[list[str | int]]:
    return [
        [title, -getattr(statement, name) if name in _TAKEN_OFF else getattr(statement, name)] for title, name in _SUMS
    ]


def _workbook(statement: Statement, rows: list[Row]) -> bytes:
    title = [f"{statement.supplier_name} {statement.month:%Y-%m} 结算单 {statement.number}"]
    sums = sheets.Page(
        "结算汇总",
        [sheets.Heading("项目", "text", 24), sheets.Heading("金额（元）", "yuan", 18)],
        _sums(statement),
        [*title, f"明细 {statement.row_count} 行，SHA-256 {statement.sha256}"],
    )
    details = sheets.Page(
        "结算明细",
        _ROWS,
        (
            (
                row.position,
                _KINDS[row.kind],
                row.order_number,
                row.sku,
                row.name or ("运费" if row.order_number else "更正"),
                row.quantity,
                row.occurred_at,
                row.listed_fen,
                row.discount_fen,
                row.paid_fen,
                row.subsidy_fen,
                row.commission_fen,
                row.borne_fen,
                row.net_fen,
                row.tax_fen,
                row.rate_bp,
                row.share_bp,
                row.po_no,
                row.po_line_no,
                row.unit_price_fen,
                row.rebate_fen,
            )
            for row in rows
        ),
        title,
    )
    return sheets.workbook(sums, details)


def _attached(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
