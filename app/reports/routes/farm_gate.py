"""What farmers and suppliers got of each price, over HTTP."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.core.errors import InvalidInput
from app.core.web import Now, TheEdge, problems
from app.identity import Officer
from app.reports import service
from app.reports.routes.answering import FORMATS, FirstDay, FormatWanted, LastDay, answered, days
from app.reports.rules import Format, ReportTooLarge
from app.settlement import (
    FARM_GATE_MEASURES,
    MOST_FARM_GATE_GROUPS,
    FarmGateGroup,
    FarmGateReport,
    FarmGateShares,
    FarmGateTooLarge,
    ask_farm_gate,
    farm_gate,
)

router = APIRouter(prefix="/v1/office/reports", tags=["reports"])

_GROUPS = "|".join(FarmGateGroup)


@router.get(
    "/farm-gate",
    operation_id="report_farm_gate",
    summary="Report what farmers and suppliers got of each price",
    response_model=FarmGateReport,
    responses=problems(InvalidInput, FarmGateTooLarge, ReportTooLarge) | FORMATS,
)
async def report_farm_gate(
    _: Officer,
    request: Request,
    edge: TheEdge,
    now: Now,
    first: FirstDay = None,
    last: LastDay = None,
    group_by: Annotated[
        str,
        Query(
            max_length=64,
            pattern=f"^({_GROUPS})(,({_GROUPS})){{0,{MOST_FARM_GATE_GROUPS - 1}}}$",
            description=f"Up to {MOST_FARM_GATE_GROUPS} different ones of {', '.join(FarmGateGroup)}, comma-separated",
            examples=["supplier,sku"],
        ),
    ] = FarmGateGroup.SUPPLIER.value,
    form: FormatWanted = Format.JSON,
) -> Response:
    """Goods, discounts by who funded them, tax, commission and freight, by up to three groups; `line` is every line.

    Sales stand on the day on which their buyers accepted them, refunds on the day on which they were paid back. All
    figures come from the settlement journal, and the totals equal it to the fen.
    """
    question = ask_farm_gate(*days(first, last, now), group_by)
    async with edge.db.read() as session:  # closed before anything is drawn
        shares = await farm_gate(session, question, now=now)
    if form is Format.JSON:
        return Response(_json(shares), media_type="application/json")
    return await answered(service.farm_gate_table(shares), form, request)


def _json(shares: FarmGateShares) -> bytes:
    question, header = shares.question, shares.question.header
    document = {
        "as_of": shares.as_of.isoformat().replace("+00:00", "Z"),
        "from": question.first.isoformat(),
        "to": question.last.isoformat(),
        "group_by": [group.value for group in question.groups],
        "rows": [dict(zip(header, row, strict=True)) for row in shares.rows],
        "totals": dict(zip(FARM_GATE_MEASURES, shares.totals, strict=True)),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
