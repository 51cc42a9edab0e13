"""Reports of goals, suppliers and supermarkets over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.core.clock import local_day
from app.core.web import Now, TheEdge, problems
from app.core.web.edge import Edge
from app.identity import Officer
from app.reports import service
from app.reports.routes.answering import FORMATS, FirstDay, FormatWanted, LastDay, answered, days
from app.reports.rules import Basis, Format, Group, Question, ReportTooLarge, ask
from app.reports.schemas import GoalsReport, PartnersReport, SuppliersReport

router = APIRouter(prefix="/v1/office/reports", tags=["reports"])


@router.get(
    "/goals",
    summary="Report the goals of a year",
    operation_id="report_goals",
    response_model=GoalsReport,
    responses=problems(ReportTooLarge) | FORMATS,
)
async def report_goals(
    _: Officer,
    request: Request,
    edge: TheEdge,
    now: Now,
    year: Annotated[
        int | None, Query(ge=2000, le=2199, description="Goals that touch it; this year, if left out", examples=[2026])
    ] = None,
    form: FormatWanted = Format.JSON,
) -> Response:
    """Every goal that touches the year, with target, actual, expectation by season, forecast and status.

    Goals overlap, so nothing is added up. Targets and figures are in the goal's unit (`fen`, `orders`, `g`, …).
    """
    async with edge.db.read() as session:
        table = await service.goals_report(session, year=year or local_day(now).year, now=now)
    return await answered(table, form, request)


@router.get(
    "/suppliers",
    summary="Report sales by supplier",
    operation_id="report_suppliers",
    response_model=SuppliersReport,
    responses=problems(ReportTooLarge) | FORMATS,
)
async def report_suppliers(
    _: Officer,
    request: Request,
    edge: TheEdge,
    now: Now,
    first: FirstDay = None,
    last: LastDay = None,
    form: FormatWanted = Format.JSON,
) -> Response:
    """What was counted of each supplier's sales, its share, and the same days a year before."""
    return await _of_parties(
        edge, ask(*days(first, last, now), Group.SUPPLIER.value, Basis.COUNTED), now, form, request
    )


@router.get(
    "/partners",
    summary="Report purchases by supermarket",
    operation_id="report_partners",
    response_model=PartnersReport,
    responses=problems(ReportTooLarge) | FORMATS,
)
async def report_partners(
    _: Officer,
    request: Request,
    edge: TheEdge,
    now: Now,
    first: FirstDay = None,
    last: LastDay = None,
    form: FormatWanted = Format.JSON,
) -> Response:
    """What was counted of each supermarket's purchases, its share, and the same days a year before."""
    question = ask(*days(first, last, now), Group.PARTNER.value, Basis.COUNTED)
    return await _of_parties(edge, question, now, form, request)


async def _of_parties(edge: Edge, question: Question, now: Now, form: Format, request: Request) -> Response:
    async with edge.db.read() as session:
        table = await service.parties_report(session, question, now=now)
    return await answered(table, form, request)
