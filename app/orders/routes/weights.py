"""Net weights that are not as promised: suppliers state them, buyers are paid the difference, operators see it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    KEY_ERRORS,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Once,
    Page,
    ReadSession,
    decode_cursor,
    page_of,
    problems,
)
from app.identity import Operator, SupplierStaff
from app.orders import queries, service
from app.orders.queries.weights import corrections_of_order, short_lots
from app.orders.rules import UnknownLine
from app.orders.rules.weights import (
    NotSoldByWeight,
    TooFarFromPromise,
    Weighed,
    WeighedTooLate,
    WeighsTooMany,
)
from app.orders.schemas import WeightCorrectionOut
from app.orders.schemas.weights import LotWeightOut, WeighedIn, WeighedOut, WeightCorrectionsOut

router = APIRouter(tags=["orders"])


@router.post(
    "/v1/supplier/orders/{supplier_order_id}/weight-corrections",
    operation_id="correct_weights",
    summary="State what pieces on their way really weigh",
    status_code=201,
    response_model=WeighedOut,
    responses=problems(
        NotFound, WeighedTooLate, UnknownLine, NotSoldByWeight, WeighsTooMany, TooFarFromPromise, *KEY_ERRORS
    ),
)
async def correct_weights(
    supplier_order_id: UUID, body: WeighedIn, by: SupplierStaff, once: Once, now: Now
) -> Response:
    """After shipping and before delivery, of goods that are sold by net weight; of every piece once.

    What lacks no more than the law lets it is kept and owes nothing. For what lacks more the buyer gets the difference
    back by itself, in proportion; the pieces stay theirs and the stock as it is. What lacks more than a tenth, unless
    set otherwise, is refused: cancel the pieces, or send others. `lots` tells whose mean is short.
    """
    weighed = [Weighed(item.line_id, item.quantity, item.net_weight_g, item.lot_code) for item in body.lines]
    limit_bp = once.settings.orders.weight_correction_max_bp

    async def work(session: AsyncSession) -> WeighedOut:
        made, refund, lots = await service.weigh(
            session, supplier_order_id, weighed, supplier_id=_own(by.supplier_id), by=by, limit_bp=limit_bp, now=now
        )
        return WeighedOut.of(made, refund, lots)

    return await once.run(201, work)


@router.get(
    "/v1/supplier/short-lots",
    operation_id="list_short_lots",
    summary="Lots whose pieces weigh less than promised on average",
    response_model=Page[LotWeightOut],
    responses=problems(InvalidCursor),
)
async def list_short_lots(
    by: SupplierStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[LotWeightOut]:
    """By the weights that were stated, also of pieces that lack nothing. A lot's mean may not be short."""
    place = decode_cursor("short-lots", cursor) if cursor else None
    after = (str(place[0]), str(place[1])) if place else None
    found = await short_lots(session, _own(by.supplier_id), after=after, limit=limit + 1)
    return page_of("short-lots", found, limit, LotWeightOut.of, key=lambda lot: (lot.sku, lot.lot_code))


@router.get(
    "/v1/operator/orders/{order_id}/weight-corrections",
    operation_id="list_weight_corrections",
    summary="What was corrected of an order's net weights",
    response_model=WeightCorrectionsOut,
    responses=problems(NotFound),
)
async def list_weight_corrections(order_id: UUID, _: Operator, session: ReadSession) -> WeightCorrectionsOut:
    """With what went back for each; the oldest first."""
    found = await corrections_of_order(session, order_id)
    if not found:
        await queries.view(session, order_id, by=None)
    return WeightCorrectionsOut(items=[WeightCorrectionOut.model_validate(one) for one in found])


def _own(supplier_id: UUID | None) -> UUID:
    if supplier_id is None:
        raise NotFound
    return supplier_id
