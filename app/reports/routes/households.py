"""The report of households over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.assistance import HouseholdGroup
from app.core.web import Now, TheEdge, problems
from app.identity import Officer
from app.reports import service
from app.reports.routes.answering import FORMATS, FirstDay, FormatWanted, LastDay, answered, days
from app.reports.rules import Basis, Format, Group, ReportTooLarge, ask
from app.reports.schemas import HouseholdsReport

router = APIRouter(prefix="/v1/office/reports", tags=["reports"])


@router.get(
    "/households",
    summary="Report what sales did for households",
    operation_id="report_households",
    response_model=HouseholdsReport,
    responses=problems(ReportTooLarge) | FORMATS,
)
async def report_households(
    _: Officer,
    request: Request,
    edge: TheEdge,
    now: Now,
    first: FirstDay = None,
    last: LastDay = None,
    group_by: HouseholdGroup = HouseholdGroup.TOWNSHIP,
    form: FormatWanted = Format.JSON,
) -> Response:
    """Counts and sums, no names: households paid, benefiting, linked only, and income allocated to counted sales.

    Allocated, not causal. Groups of fewer than five households are hidden, with what would give them away.
    """
    first, last = days(first, last, now)
    ask(first, last, Group.TOWNSHIP.value, Basis.COUNTED)  # the same limits as of any report
    async with edge.db.read() as session:
        table = await service.households_report(session, first, last, group_by, now=now)
    return await answered(table, form, request)
