"""Sales reports over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.assistance import LedgerState, ledger_state
from app.core.web import edge_of, problems
from app.identity import Officer
from app.reports import queries, service
from app.reports.routes.answering import (
    DRAWN,
    FORMATS,
    FirstDay,
    FormatWanted,
    LastDay,
    answered,
    as_of,
    as_of_any_moment,
    days,
)
from app.reports.rules import MOST_GROUPS, Basis, Format, Group, ReportTooLarge, ask
from app.reports.schemas import SalesReport

router = APIRouter(prefix="/v1/office/reports", tags=["reports"])

_GROUPS = "|".join(Group)


@router.get(
    "/sales",
    summary="Report sales",
    operation_id="report_sales",
    response_model=SalesReport,
    responses=problems(ReportTooLarge) | FORMATS,
)
async def report_sales(
    _: Officer,
    request: Request,
    first: FirstDay = None,
    last: LastDay = None,
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
    form: FormatWanted = Format.JSON,
) -> Response:
    """Sales by up to three groups, with totals of the same snapshot.

    `basis=counted` reads the ledger of counted sales by the day on which they count, so its totals equal the ledger to
    the fen; `basis=paid` reads every paid order by the day it was paid, and refunds by the day they arrived. Of
    supermarkets it reads the goods of every statement by the day on which the last of it was paid.
    `xlsx` (up to 20,000 rows) and `pdf` (up to 2,000) speak the language of `Accept-Language`, count in yuan, and show
    the SHA-256 of the same report as `csv`.
    """
    edge = edge_of(request)
    now = edge.clock()
    question = ask(*days(first, last, now), group_by, basis)
    if form is Format.JSON and basis is Basis.COUNTED:
        before = edge.answers.last(question)
        if before is not None and before.state == await ledger_state(edge.db):
            return Response(as_of(now, before.body), media_type="application/json")
        async with edge.db.read() as session:
            report = await queries.sales(session, question, now=now)
        body = as_of_any_moment(service.sales_table(report, drawn=False))
        edge.answers.keep(question, LedgerState(report.entries, report.undelivered_facts), body)
        return Response(as_of(now, body), media_type="application/json")
    async with edge.db.read() as session:  # closed before anything is drawn
        report = await queries.sales(session, question, now=now)
    return await answered(service.sales_table(report, drawn=form in DRAWN), form, request)
