"""Sales reports over HTTP, as JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from app.assistance import Day
from app.core.web import Now, ReadSession, problems
from app.identity import Officer
from app.reports import queries
from app.reports.rules import (
    FIGURES,
    MOST_GROUPS,
    Basis,
    Format,
    FormatNotAvailable,
    Group,
    Report,
    ReportTooLarge,
    ask,
    csv_lines,
)
from app.reports.schemas import SalesReport

router = APIRouter(prefix="/v1/office/reports", tags=["reports"])

_GROUPS = "|".join(Group)
_CHUNK = 1_000


@router.get(
    "/sales",
    summary="Report sales",
    operation_id="report_sales",
    response_model=SalesReport,
    responses={
        **problems(FormatNotAvailable, ReportTooLarge),
        200: {
            "description": "The report as JSON, or as CSV with `format=csv`",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        },
    },
)
async def report_sales(
    _: Officer,
    session: ReadSession,
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
    """
    question = ask(first, last, group_by, basis)
    if form not in (Format.JSON, Format.CSV):
        raise FormatNotAvailable(format=form.value)
    report = await queries.sales(session, question, now=now)
    if form is Format.JSON:
        return Response(_json(report), media_type="application/json")
    name = f"sales-{basis.value}-{first}-{last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_csv(report), media_type="text/csv; charset=utf-8", headers=headers)


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


def _csv(report: Report) -> Iterator[bytes]:
    """Chunks of the file; the byte order mark lets Excel read Chinese."""
    chunk = ["\ufeff"]
    for line in csv_lines(report):
        chunk.append(line)
        if len(chunk) >= _CHUNK:
            yield "".join(chunk).encode()
            chunk.clear()
    yield "".join(chunk).encode()
