"""A statement as a spreadsheet and on paper, for partners and operators."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from app.core import pdf, sheets
from app.core.clock import local_day
from app.core.errors import NotFound
from app.core.money import in_capitals
from app.core.web import TheEdge, problems
from app.core.web.edge import Edge
from app.identity import Operator, PartnerStaff
from app.wholesale.lifecycle import StatementStepNotAllowed
from app.wholesale.queries import statements as reads
from app.wholesale.routes.partner import own
from app.wholesale.rules import StatementLineKind
from app.wholesale.rules.statements import Statement, StatementLine

router = APIRouter(tags=["wholesale"])

_TEMPLATE = Path(__file__).parents[1] / "statement.typ"
_KINDS = {
    StatementLineKind.RECEIPT: "验收",
    StatementLineKind.RETURN: "退货",
    StatementLineKind.CORRECTION: "更正",
    StatementLineKind.REBATE: "返利",
    StatementLineKind.FEE: "费用",
    StatementLineKind.CARRIED: "结转",
}
_ROWS = (
    sheets.Heading("序号", "whole", 6),
    sheets.Heading("类型", "text", 8),
    sheets.Heading("采购订单号", "text", 18),
    sheets.Heading("单据号", "text", 18),
    sheets.Heading("日期", "day", 12),
    sheets.Heading("贵方货号", "text", 12),
    sheets.Heading("我方货号", "text", 10),
    sheets.Heading("名称", "text", 36),
    sheets.Heading("数量", "whole", 8),
    sheets.Heading("含税单价（元）", "yuan", 14),
    sheets.Heading("税率", "share", 8),
    sheets.Heading("金额（元）", "yuan", 14),
)


def _sums(statement: Statement) -> list[list[str | int]]:
    over: list[list[str | int]] = [["前期贷方余额结转", -statement.carried_fen]] if statement.carried_fen else []
    left = f"贷方余额已结转至对账单 {statement.carried_to}" if statement.carried_to else "贷方余额（结转至下期对账单）"
    credit = max(0, -statement.payable_fen)
    rest: list[list[str | int]] = [[left, credit]] if credit else [["未付金额", statement.open_fen]]
    return [
        ["货款净额（验收减退货与更正）", statement.goods_fen],
        ["返利", -statement.rebate_fen],
        ["合同费用", -statement.fees_fen],
        *over,
        ["应付金额", statement.payable_fen],
        ["已付金额", statement.paid_fen],
        *rest,
    ]


def _workbook(statement: Statement) -> bytes:
    title = f"{statement.partner_name} {statement.month:%Y-%m} 对账单 {statement.number} 第 {statement.revision} 版"
    sums = sheets.Page(
        "对账汇总",
        [sheets.Heading("项目", "text", 30), sheets.Heading("金额（元）", "yuan", 18)],
        _sums(statement),
        [
            title,
            f"应付金额（大写）{in_capitals(statement.payable_fen)}",
            f"付款到期日 {statement.due_on:%Y-%m-%d}，汇款附言请填写 {statement.code}",
        ],
    )
    details = sheets.Page("对账明细", _ROWS, [_cells(line) for line in statement.lines], [title])
    return sheets.workbook(sums, details)


def _cells(line: StatementLine) -> tuple[Any, ...]:
    return (
        line.position,
        _KINDS[line.kind],
        line.po_no,
        line.document_no,
        line.on_day,
        line.partner_item_code,
        line.sku,
        line.name,
        line.units,
        line.unit_price_fen,
        line.tax_rate_bp,
        line.amount_fen,
    )


async def sheet(edge: Edge, statement_id: UUID, *, partner_id: UUID | None) -> Response:
    """A statement with every row as a spreadsheet; ``partner_id`` is None for operators. Raises ``NotFound``."""
    async with edge.db.read() as session:
        statement = await reads.get(session, statement_id, partner_id=partner_id)
    content = await asyncio.to_thread(_workbook, statement)
    return _attached(content, sheets.XLSX, f"{statement.number}.xlsx")


async def paper(edge: Edge, statement_id: UUID, *, partner_id: UUID | None) -> Response:
    """A statement as a PDF; ``partner_id`` is None for operators. Raises ``NotFound``."""
    async with edge.db.read() as session:
        statement = await reads.get(session, statement_id, partner_id=partner_id)
    goods = [line for line in statement.lines if line.units is not None]
    data = {
        "number": statement.number,
        "revision": statement.revision,
        "partner": statement.partner_name,
        "uscc": statement.partner_uscc,
        "contract": statement.contract_no,
        "month": f"{statement.month:%Y 年 %m 月}",
        "sent_on": f"{local_day(statement.sent_at or statement.issued_at):%Y-%m-%d}",
        "status": StatementStepNotAllowed.names[statement.status],
        "due_on": f"{statement.due_on:%Y-%m-%d}",
        "code": statement.code,
        "invoice_no": statement.invoice_no,
        "sums": _sums(statement),
        "capitals": in_capitals(statement.payable_fen),
        "payable_fen": statement.payable_fen,
        "goods": [
            {
                "kind": _KINDS[line.kind],
                "po_no": line.po_no,
                "document_no": line.document_no,
                "on_day": f"{line.on_day:%m-%d}",
                "item": line.partner_item_code or line.sku,
                "name": line.name,
                "units": line.units,
                "price_fen": line.unit_price_fen,
                "amount_fen": line.amount_fen,
            }
            for line in goods[: pdf.MAX_ROWS]
        ],
        "row_count": len(goods),
        "deductions": [
            {"kind": _KINDS[line.kind], "name": line.name, "amount_fen": line.amount_fen}
            for line in statement.lines
            if line.units is None
        ],
    }
    content = await pdf.render(_TEMPLATE, data, at=statement.sent_at or statement.issued_at)
    return _attached(content, "application/pdf", f"{statement.number}.pdf")


def _attached(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _documented(summary: str, media_type: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "response_class": Response,
        "responses": {
            **problems(NotFound),
            200: {"description": "The statement", "content": {media_type: {}}},
        },
    }


_XLSX = _documented("A partner's statement with all its rows as a spreadsheet", sheets.XLSX)
_PDF = _documented("A partner's statement as a PDF", "application/pdf")


@router.get("/v1/partner/statements/{statement_id}/xlsx", operation_id="get_statement_sheet", **_XLSX)
async def get_statement_sheet(statement_id: UUID, by: PartnerStaff, edge: TheEdge) -> Response:
    """Amounts are numbers and days are days."""
    return await sheet(edge, statement_id, partner_id=own(by))


@router.get("/v1/partner/statements/{statement_id}/pdf", operation_id="get_statement_paper", **_PDF)
async def get_statement_paper(statement_id: UUID, by: PartnerStaff, edge: TheEdge) -> Response:
    """To be signed; with the amount in capitals."""
    return await paper(edge, statement_id, partner_id=own(by))


@router.get("/v1/operator/partner-statements/{statement_id}/xlsx", operation_id="get_partner_statement_sheet", **_XLSX)
async def get_partner_statement_sheet(statement_id: UUID, _: Operator, edge: TheEdge) -> Response:
    """The same file that the partner gets."""
    return await sheet(edge, statement_id, partner_id=None)


@router.get("/v1/operator/partner-statements/{statement_id}/pdf", operation_id="get_partner_statement_paper", **_PDF)
async def get_partner_statement_paper(statement_id: UUID, _: Operator, edge: TheEdge) -> Response:
    """The same paper that the partner gets."""
    return await paper(edge, statement_id, partner_id=None)
