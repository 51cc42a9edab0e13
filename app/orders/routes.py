"""Orders over HTTP: for buyers, for suppliers, for the marketplace's own staff."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import DivisionNotACounty, UnknownDivision, mask_detail, mask_name, mask_phone
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
    TheEdge,
    WriteSession,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.fulfilment import InvalidTrackingNumber, ShipmentExists, UnknownCarrier
from app.identity import Buyer, Operator, Public, SupplierStaff
from app.inventory import LotExpired, LotShort, NotReserved, OutOfStock
from app.orders import queries, service
from app.orders.lifecycle import Status, StepNotAllowed
from app.orders.rules import (
    AlreadyShipped,
    FreshGoodsNotAcknowledged,
    NotRefundable,
    OrderNotPayable,
    RefundExceedsLine,
    RefundLine,
    ShipLine,
    ShipsTooMuch,
    ToShip,
    UnknownCoupon,
    UnknownLine,
    UnknownSku,
    merged,
)
from app.orders.schemas import (
    CancelIn,
    OrderIn,
    OrderOut,
    PaymentIn,
    PaymentOut,
    QuoteIn,
    QuoteOut,
    RefundIn,
    RefundOut,
    RefundsOut,
    ShipmentIn,
    ShipmentOut,
    ToShipOut,
)
from app.payments import ProviderNotAvailable
from app.pricing import NotDeliverable, NotOnSale

router = APIRouter(tags=["orders"])

_GOODS_ERRORS = (UnknownSku, NotOnSale, NotDeliverable, UnknownDivision, DivisionNotACounty, UnknownCoupon)


@router.post(
    "/v1/store/quotes",
    operation_id="quote_order",
    summary="What would it cost?",
    response_model=QuoteOut,
    responses=problems(*_GOODS_ERRORS, public=True),
)
async def quote_order(body: QuoteIn, _: Public, session: ReadSession, now: Now) -> QuoteOut:
    """Prices, parcels and freight for these goods at that place, as of now. Nothing is reserved."""
    if body.coupon is not None:
        raise UnknownCoupon
    wanted = merged((item.sku, item.quantity) for item in body.items)
    return QuoteOut.of(await service.quote(session, wanted, body.address.division_code, now=now))


@router.post(
    "/v1/store/orders",
    operation_id="place_order",
    summary="Place an order",
    status_code=201,
    response_model=OrderOut,
    responses=problems(OutOfStock, *_GOODS_ERRORS, FreshGoodsNotAcknowledged, *KEY_ERRORS),
)
async def place_order(body: OrderIn, by: Buyer, once: Once) -> Response:
    """Reserve the goods and freeze the prices; pay within 30 minutes or the stock goes back."""
    asked = service.Placement(
        wanted=merged((item.sku, item.quantity) for item in body.items),
        address=body.address.checked(),
        fresh_goods_acknowledged=body.fresh_goods_acknowledged,
        coupon=body.coupon,
        note=body.note,
    )
    minutes = once.settings.orders.pay_within_minutes

    async def work(session: AsyncSession) -> OrderOut:
        return OrderOut.of(await service.place(session, asked, by=by, now=once.now, pay_within_minutes=minutes))

    return await once.run(201, work)


@router.get(
    "/v1/store/orders",
    operation_id="list_orders",
    summary="The caller's orders, newest first",
    response_model=Page[OrderOut],
    responses=problems(InvalidCursor),
)
async def list_orders(
    by: Buyer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[OrderOut]:
    """A buyer sees their own orders only."""
    before = UUID(str(decode_cursor("orders", cursor)[0])) if cursor else None
    found = await queries.page(session, by=by, before=before, limit=limit + 1)
    more = encode_cursor("orders", str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[OrderOut.of(order) for order in found[:limit]], next_cursor=more)


@router.get(
    "/v1/store/orders/{order_id}",
    operation_id="get_order",
    summary="One order",
    response_model=OrderOut,
    responses=problems(NotFound),
)
async def get_order(order_id: UUID, by: Buyer, session: ReadSession) -> OrderOut:
    """Somebody else's order does not exist."""
    return OrderOut.of(await queries.view(session, order_id, by=by))


@router.post(
    "/v1/store/orders/{order_id}/cancel",
    operation_id="cancel_order",
    summary="Cancel an order that has not shipped",
    response_model=OrderOut,
    responses=problems(NotFound, AlreadyShipped, StepNotAllowed, *KEY_ERRORS),
)
async def cancel_order(order_id: UUID, by: Buyer, once: Once, now: Now, body: CancelIn | None = None) -> Response:
    """The stock goes back; if the order was paid, so does the money, and the order becomes `refunded` on arrival."""
    reason = (body or CancelIn()).reason

    async def work(session: AsyncSession) -> OrderOut:
        await service.cancel(session, order_id, by=by, reason=reason, now=now)
        return OrderOut.of(await queries.view(session, order_id, by=by))

    return await once.run(200, work)


@router.post(
    "/v1/store/orders/{order_id}/confirm-receipt",
    operation_id="confirm_receipt",
    summary="Confirm that the goods have arrived",
    response_model=OrderOut,
    responses=problems(NotFound, StepNotAllowed, *KEY_ERRORS),
)
async def confirm_receipt(order_id: UUID, by: Buyer, once: Once, now: Now) -> Response:
    """The order is completed, and its lines count towards the assistance goals."""

    async def work(session: AsyncSession) -> OrderOut:
        await service.confirm(session, order_id, by=by, now=now)
        return OrderOut.of(await queries.view(session, order_id, by=by))

    return await once.run(200, work)


@router.post(
    "/v1/store/orders/{order_id}/payments",
    operation_id="start_payment",
    summary="Pay an order",
    status_code=201,
    response_model=PaymentOut,
    responses=problems(NotFound, OrderNotPayable, ProviderNotAvailable, *KEY_ERRORS),
)
async def start_payment(order_id: UUID, body: PaymentIn, by: Buyer, once: Once, edge: TheEdge, now: Now) -> Response:
    """Open a payment with a provider; its result arrives by the provider's signed notification."""

    async def work(session: AsyncSession) -> PaymentOut:
        payment = await service.start_payment(
            session, order_id, provider=body.provider, by=by, settings=edge.settings, now=now
        )
        return PaymentOut.of(payment)

    return await once.run(201, work)


class SupplierFilter(StrEnum):
    """What a supplier looks for."""

    TO_SHIP = "to_ship"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"

    @property
    def statuses(self) -> list[Status]:
        """The statuses meant."""
        return [Status.PAID] if self is SupplierFilter.TO_SHIP else [Status(self.value)]


@router.get(
    "/v1/supplier/orders",
    operation_id="list_supplier_orders",
    summary="The supplier's paid orders, oldest first",
    response_model=Page[ToShipOut],
    responses=problems(InvalidCursor),
)
async def list_supplier_orders(
    by: SupplierStaff,
    session: ReadSession,
    status: Annotated[SupplierFilter | None, Query(description="`to_ship`: paid, and something left to send")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ToShipOut]:
    """Addresses are shown in full only while there is something to send."""
    after = UUID(str(decode_cursor("supplier-orders", cursor)[0])) if cursor else None
    statuses = status.statuses if status else []
    found = await queries.supplier_page(session, _own(by.supplier_id), statuses=statuses, after=after, limit=limit + 1)
    more = encode_cursor("supplier-orders", str(found[limit - 1].part.id)) if len(found) > limit else None
    return Page(items=[ToShipOut.of(_discreet(part)) for part in found[:limit]], next_cursor=more)


@router.get(
    "/v1/supplier/orders/{supplier_order_id}",
    operation_id="get_supplier_order",
    summary="One supplier order",
    response_model=ToShipOut,
    responses=problems(NotFound),
)
async def get_supplier_order(supplier_order_id: UUID, by: SupplierStaff, session: ReadSession) -> ToShipOut:
    """Another supplier's order does not exist."""
    found = await queries.supplier_page(
        session, _own(by.supplier_id), statuses=[], after=None, limit=1, only=supplier_order_id
    )
    if not found:
        raise NotFound
    return ToShipOut.of(_discreet(found[0]))


@router.post(
    "/v1/supplier/orders/{supplier_order_id}/shipments",
    operation_id="ship_order",
    summary="Hand a parcel to a carrier",
    status_code=201,
    response_model=ShipmentOut,
    responses=problems(
        NotFound,
        StepNotAllowed,
        ShipsTooMuch,
        UnknownLine,
        NotReserved,
        LotShort,
        LotExpired,
        UnknownCarrier,
        InvalidTrackingNumber,
        ShipmentExists,
        *KEY_ERRORS,
    ),
)
async def ship_order(supplier_order_id: UUID, body: ShipmentIn, by: SupplierStaff, once: Once, now: Now) -> Response:
    """The order counts as shipped once nothing is left to send. Without a lot code the earliest expiry goes first."""
    contents = [ShipLine(item.line_id, item.quantity, item.lot_code) for item in body.lines]

    async def work(session: AsyncSession) -> ShipmentOut:
        parcel = await service.ship(
            session,
            supplier_order_id,
            carrier=body.carrier,
            tracking_number=body.tracking_number,
            contents=contents,
            supplier_id=_own(by.supplier_id),
            now=now,
        )
        return ShipmentOut.of(parcel)

    return await once.run(201, work)


@router.post(
    "/v1/supplier/shipments/{shipment_id}/delivered",
    operation_id="report_delivery",
    summary="Report that a parcel was delivered",
    response_model=ShipmentOut,
    responses=problems(NotFound),
)
async def report_delivery(
    shipment_id: UUID, by: SupplierStaff, session: WriteSession, edge: TheEdge, now: Now
) -> ShipmentOut:
    """Reporting twice changes nothing. Without the buyer's word the order completes by itself seven days later."""
    days = edge.settings.orders.confirm_after_days
    parcel = await service.deliver(
        session, shipment_id, supplier_id=_own(by.supplier_id), now=now, confirm_after_days=days
    )
    return ShipmentOut.of(parcel)


@router.post(
    "/v1/operator/orders/{order_id}/refunds",
    operation_id="refund_order_lines",
    summary="Give money back for shipped lines",
    status_code=201,
    response_model=RefundsOut,
    responses=problems(NotFound, NotRefundable, RefundExceedsLine, UnknownLine, *KEY_ERRORS),
)
async def refund_order_lines(order_id: UUID, body: RefundIn, by: Operator, once: Once, now: Now) -> Response:
    """One refund for each supplier order concerned; counted sales are reversed when the money has arrived."""
    wanted = [RefundLine(item.line_id, item.amount_fen, item.quantity) for item in body.lines]

    async def work(session: AsyncSession) -> RefundsOut:
        refunds = await service.refund_lines(session, order_id, wanted, by=by, reason=body.reason, now=now)
        return RefundsOut(items=[RefundOut.of(refund) for refund in refunds])

    return await once.run(201, work)


@router.post(
    "/v1/operator/orders/{order_id}/cancel",
    operation_id="cancel_order_for_buyer",
    summary="Cancel an order that has not shipped, for its buyer",
    response_model=RefundsOut,
    responses=problems(NotFound, AlreadyShipped, StepNotAllowed, *KEY_ERRORS),
)
async def cancel_order_for_buyer(
    order_id: UUID, by: Operator, once: Once, now: Now, body: CancelIn | None = None
) -> Response:
    """When the goods cannot be sent, or the buyer asks by phone. Answers with the refunds that are on their way."""
    reason = (body or CancelIn(reason="cancelled by the marketplace")).reason

    async def work(session: AsyncSession) -> RefundsOut:
        await service.cancel(session, order_id, by=by, reason=reason, now=now)
        return RefundsOut(items=[RefundOut.of(refund) for refund in await queries.refunds_of(session, order_id)])

    return await once.run(200, work)


@router.get(
    "/v1/operator/orders/{order_id}/refunds",
    operation_id="list_order_refunds",
    summary="The refunds of an order",
    response_model=RefundsOut,
    responses=problems(),
)
async def list_order_refunds(order_id: UUID, _: Operator, session: ReadSession) -> RefundsOut:
    """What was given back, or is on its way."""
    return RefundsOut(items=[RefundOut.of(refund) for refund in await queries.refunds_of(session, order_id)])


def _own(supplier_id: UUID | None) -> UUID:
    if supplier_id is None:
        raise NotFound
    return supplier_id


def _discreet(found: ToShip) -> ToShip:
    """A supplier needs the full address while there is something to send, and no longer (domain handbook §3.2)."""
    if found.part.status in (Status.PAID, Status.SHIPPED):
        return found
    address = found.address
    masked = replace(
        address,
        recipient=mask_name(address.recipient),
        phone=mask_phone(address.phone),
        detail=mask_detail(address.detail),
    )
    return replace(found, address=masked)
