"""What auditors look for, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.core.web import Now, TheEdge, problems
from app.identity import Officer
from app.reports import queries, service
from app.reports.routes.answering import FORMATS, FirstDay, FormatWanted, LastDay, answered, days
from app.reports.rules import Basis, Format, Group, ReportTooLarge, ask
from app.reports.rules.exceptions import Check
from app.reports.schemas import ExceptionsReport

router = APIRouter(prefix="/v1/office/reports", tags=["reports"])

MOST_CASES = 1_000
"""Of one check; more are no exceptions."""


@router.get(
    "/exceptions",
    summary="Report what auditors look for",
    operation_id="report_exceptions",
    response_model=ExceptionsReport,
    responses=problems(ReportTooLarge) | FORMATS,
)
async def report_exceptions(
    _: Officer,
    request: Request,
    edge: TheEdge,
    now: Now,
    first: FirstDay = None,
    last: LastDay = None,
    check: Annotated[Check | None, Query(description="One question alone; without it all are asked")] = None,
    form: FormatWanted = Format.JSON,
) -> Response:
    """Each case with its number, the sum in question and the reason.

    Asked are: double counting, refunds not deducted, self-purchase, the cut-off at the year's end, late certificates,
    prices above the usual, invoices that differ, subsidies counted, entries that are in no chain of hashes.

    These are cases to be looked at, not verdicts. A check that finds nothing is named with no cases.
    """
    first, last = days(first, last, now)
    ask(first, last, Group.MONTH.value, Basis.COUNTED)
    asked = list(Check) if check is None else [check]
    found = []
    async with edge.db.read() as session:
        undelivered = await queries.undelivered(session)
        for one in asked:
            cases = await queries.exceptions(session, one, first, last, now=now, limit=MOST_CASES + 1)
            if len(cases) > MOST_CASES:
                raise ReportTooLarge(most=MOST_CASES)
            found += cases
    table = service.exceptions_table(found, asked, first=first, last=last, as_of=now, undelivered=undelivered)
    return await answered(table, form, request)
