"""Sales reports over HTTP: JSON and CSV for programs, a workbook and paper for people."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from app.assistance import Day
from app.core.sheets import XLSX
from app.core.web import Now, TheEdge, problems
from app.core.web.problems import language_of
from app.identity import Officer
from app.reports import queries, service
from app.reports.rules import (
    FIGURES,
    MOST_GROUPS,
    Basis,
    Format,
    Group,
    Report,
    ReportTooLarge,
    ask,
)
from app.reports.schemas import SalesReport

router = APIRouter(prefix="/v1/office/reports", tags=["reports"])

_GROUPS = "|".join(Group)


@router.get(
    "/sales",
    summary="Report sales",
    operation_id="report_sales",
    response_model=SalesReport,
    responses={
        **problems(ReportTooLarge),
        200: {
            "description": "The report as JSON, or as the file that `format` asks for",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                XLSX: {"schema": {"type": "string", "format": "binary"}},
                "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            },
        },
    },
)
async def report_sales(
    _: Officer,
    request: Request,
    edge: TheEdge,
    now: Now,
    first: Annotated[Day, Query(alias="from", description="First day (Asia/Shanghai)", examples=["2026-01-01"])],
    last: Annotated[Day, Query(alias="to", description="Last day, inclusive", examples=["2026-12-31"])],
    group_by: Annotated[
        str,
        Query(
            max_length=64,
            pattern=f"^({_GROUPS})(,({_GROUPS})){{0,{MOST_GROUPS - 1}}}$",
            description=f"Up to {MOST_GROUPS} different ones of {', '.join(Group)}, comma-separated",
            examples=["month,category"],
        ),
    ] = Group.MONTH.value,
    basis: Basis = Basis.COUNTED,
    form: Annotated[Format, Query(alias="format")] = Format.JSON,
) -> Response:
    """Sales by up to three groups, with totals of the same snapshot.

    `basis=counted` reads the ledger of counted sales by the day on which they count, so its totals equal the ledger to
    the fen; `basis=paid` reads every paid order by the day it was paid, and refunds by the day they arrived.
    `xlsx` (up to 20,000 rows) and `pdf` (up to 2,000) speak the language of `Accept-Language`, count in yuan, and show
    the SHA-256 of the same report as `csv`.
    """
    question = ask(first, last, group_by, basis)
    async with edge.db.read() as session:  # closed before anything is drawn
        report = await queries.sales(session, question, now=now)
    if form is Format.JSON:
        return Response(_json(report), media_type="application/json")
    headers = {"Content-Disposition": f'attachment; filename="sales-{basis.value}-{first}-{last}.{form.value}"'}
    if form is Format.CSV:
        return StreamingResponse(service.csv_bytes(report), media_type="text/csv; charset=utf-8", headers=headers)
    language = language_of(request)
    headers |= {"Content-Language": language, "Vary": "Accept-Language"}
    if form is Format.XLSX:
        return Response(await service.workbook(report, language), media_type=XLSX, headers=headers)
    return Response(await service.paper(report, language), media_type="application/pdf", headers=headers)


def _json(report: Report) -> bytes:
    question, header = report.question, report.question.header
    document: dict[str, Any] = {
        "as_of": report.as_of.isoformat().replace("+00:00", "Z"),
        "basis": question.basis.value,
        "from": question.first.isoformat(),
        "to": question.last.isoformat(),
        "group_by": [group.value for group in question.groups],
        "undelivered_facts": report.undelivered_facts,
        "rows": [dict(zip(header, row, strict=True)) for row in report.rows],
        "totals": dict(zip(FIGURES, report.totals, strict=True)),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
