"""What assistance officers read of settlement: which part of every price reached the farm gate, and when."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from app.core import sheets
from app.core.clock import SHANGHAI
from app.core.errors import InvalidInput
from app.core.turns import turns
from app.core.web import Now, TheEdge, problems
from app.identity import Officer
from app.settlement.queries.farm_gate import farm_gate
from app.settlement.routes.common import Format
from app.settlement.rules.farm_gate import (
    MEASURES,
    MOST_GROUPS,
    MOST_SHEET_ROWS,
    FarmGateGroup,
    FarmGateTooLarge,
    Shares,
    ask,
    csv_lines,
)
from app.settlement.schemas import Day
from app.settlement.schemas.farm_gate import FarmGateReport

router = APIRouter(tags=["reports"])

_GROUPS = "|".join(FarmGateGroup)
_TITLES = {
    "month": "月份",
    "supplier_id": "供货方编号",
    "supplier": "供货方",
    "township_code": "乡镇代码",
    "township": "乡镇",
    "category": "品类",
    "sku": "货号",
    "name": "商品",
    "channel": "渠道",
    "line_id": "订单行编号",
    "order_number": "订单号",
    "quantity": "数量",
    "listed_fen": "标价（元）",
    "supplier_discount_fen": "商家优惠（元）",
    "platform_discount_fen": "平台优惠（元）",
    "district_discount_fen": "区县补贴（元）",
    "paid_fen": "买家支付（元）",
    "refunded_fen": "退款（元）",
    "added_fen": "他方净补（元）",
    "tax_fen": "价内增值税（元）",
    "commission_fen": "平台佣金（元）",
    "farm_gate_fen": "产地货款（元）",
    "freight_fen": "运费（元）",
    "adjustment_fen": "更正（元）",
    "supplier_fen": "供货方合计（元）",
    "share_bp": "产地所得（‱）",
    "days_to_paid": "到账天数",
}
_NOTES = (
    "买家支付 − 退款 + 他方净补 = 平台佣金 + 产地货款；产地货款 + 运费 + 更正 = 供货方合计，与结算分录逐分一致。",
    "按买家确认收货、退款到账之日归期；到账天数为已付款部分从买家付款到供货方收款的平均天数。",
)


@router.get(
    "/v1/office/reports/farm-gate",
    operation_id="report_farm_gate",
    summary="What farmers and suppliers got of each price",
    response_model=FarmGateReport,
    responses={
        **problems(InvalidInput, FarmGateTooLarge),
        200: {
            "description": "The report as JSON, or as the file that `format` asks for",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                sheets.XLSX: {"schema": {"type": "string", "format": "binary"}},
            },
        },
    },
)
async def report_farm_gate(
    _: Officer,
    edge: TheEdge,
    now: Now,
    first: Annotated[Day, Query(alias="from", description="First day (Asia/Shanghai)", examples=["2026-01-01"])],
    last: Annotated[Day, Query(alias="to", description="Last day, inclusive", examples=["2026-12-31"])],
    group_by: Annotated[
        str,
        Query(
            max_length=64,
            pattern=f"^({_GROUPS})(,({_GROUPS})){{0,{MOST_GROUPS - 1}}}$",
            description=f"Up to {MOST_GROUPS} different ones of {', '.join(FarmGateGroup)}, comma-separated",
            examples=["supplier,sku"],
        ),
    ] = FarmGateGroup.SUPPLIER.value,
    form: Annotated[Format, Query(alias="format")] = Format.JSON,
) -> Response:
    """Goods, discounts by who funded them, tax, commission and freight, by up to three groups; `line` is every line.

    Sales stand on the day on which their buyers accepted them, refunds on the day on which they were paid back. All
    figures come from the settlement journal, and the totals equal it to the fen. `xlsx` has up to 20,000 rows.
    """
    question = ask(first, last, group_by)
    async with edge.db.read() as session:  # closed before anything is drawn
        shares = await farm_gate(session, question, now=now)
    if form is Format.JSON:
        return Response(_json(shares), media_type="application/json")
    headers = {"Content-Disposition": f'attachment; filename="farm-gate-{first}-{last}.{form.value}"'}
    if form is Format.CSV:
        lines = ["\ufeff", *csv_lines(shares)]  # the byte order mark lets Excel read Chinese
        return StreamingResponse(iter(lines), media_type="text/csv; charset=utf-8", headers=headers)
    if len(shares.rows) > MOST_SHEET_ROWS:
        raise FarmGateTooLarge(most=MOST_SHEET_ROWS)
    async with turns("report", 1):
        content = await asyncio.to_thread(_workbook, shares)
    return Response(content, media_type=sheets.XLSX, headers=headers)


def _json(shares: Shares) -> bytes:
    question, header = shares.question, shares.question.header
    document = {
        "as_of": shares.as_of.isoformat().replace("+00:00", "Z"),
        "from": question.first.isoformat(),
        "to": question.last.isoformat(),
        "group_by": [group.value for group in question.groups],
        "rows": [dict(zip(header, row, strict=True)) for row in shares.rows],
        "totals": dict(zip(MEASURES, shares.totals, strict=True)),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _workbook(shares: Shares) -> bytes:
    question = shares.question
    blanks = [None] * (len(question.header) - len(MEASURES) - 1)
    as_of = f"{shares.as_of.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    page = sheets.Page(
        "产地所得",
        [_heading(column) for column in question.header],
        shares.rows,
        ["产地所得报表", f"{question.first} 至 {question.last}", f"截至 {as_of}"],
        total=["合计", *blanks, *shares.totals],
        notes=_NOTES,
    )
    return sheets.workbook(page)


def _heading(column: str) -> sheets.Heading:
    if column.endswith("_fen"):
        return sheets.Heading(_TITLES[column], "yuan", 16)
    if column in MEASURES:
        return sheets.Heading(_TITLES[column], "whole", 12)
    return sheets.Heading(_TITLES[column], "text", 12 if column == "month" else 26)
