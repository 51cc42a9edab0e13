"""How a report is answered: as JSON, CSV, a workbook or paper, whichever the caller wants."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Query, Request, Response
from starlette.responses import StreamingResponse

from app.assistance import Day
from app.core.clock import local_day
from app.core.sheets import XLSX
from app.core.web.problems import language_of
from app.reports import service
from app.reports.rules import Format
from app.reports.rules.tables import Table, document

FirstDay = Annotated[
    Day | None,
    Query(alias="from", description="First day (Asia/Shanghai); of the year, if left out", examples=["2026-01-01"]),
]
LastDay = Annotated[
    Day | None, Query(alias="to", description="Last day, inclusive; today, if left out", examples=["2026-12-31"])
]
FormatWanted = Annotated[Format, Query(alias="format", description="How the report is written")]
DRAWN = (Format.XLSX, Format.PDF)
"""Formats for people, with charts."""
FORMATS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report as JSON, or as the file that `format` asks for",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            XLSX: {"schema": {"type": "string", "format": "binary"}},
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        },
    },
}
"""What a route of a report answers besides its problems."""


def days(first: date | None, last: date | None, now: datetime) -> tuple[date, date]:
    """The days that a report is of; who names none wants this year until today."""
    until = last or local_day(now)
    return first or until.replace(month=1, day=1), until


def as_of_any_moment(table: Table) -> bytes:
    """The report as JSON without the moment of which it is: it stays true as long as what it was read from is so."""
    told = document(table)
    del told["as_of"]
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def as_of(now: datetime, told: bytes) -> bytes:
    """The same of this moment."""
    return b'{"as_of":"' + now.isoformat().replace("+00:00", "Z").encode() + b'",' + told[1:]


async def answered(table: Table, form: Format, request: Request) -> Response:
    """The report as asked for. Workbook and paper speak the language of ``Accept-Language``.

    Call it with no session open: drawing takes its time. Raises ``ReportTooLarge``.
    """
    if form is Format.JSON:
        content = json.dumps(document(table), ensure_ascii=False, separators=(",", ":"))
        return Response(content.encode(), media_type="application/json")
    headers = {"Content-Disposition": f'attachment; filename="{table.name}.{form.value}"'}
    if form is Format.CSV:
        return StreamingResponse(service.csv_bytes(table), media_type="text/csv; charset=utf-8", headers=headers)
    language = language_of(request)
    headers |= {"Content-Language": language, "Vary": "Accept-Language"}
    if form is Format.XLSX:
        return Response(await service.workbook(table, language), media_type=XLSX, headers=headers)
    return Response(await service.paper(table, language), media_type="application/pdf", headers=headers)
