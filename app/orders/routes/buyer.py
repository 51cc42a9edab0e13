"""Orders of buyers: quote, place, look, cancel, confirm, pay."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import (
    DivisionNotACounty,
    LastOwner,
    OrganisationNotVerified,
    UnknownAddress,
    UnknownDivision,
    UnknownOrganisation,
    address_to_ship,
    purchaser,
)
from app.core.errors import Fault, InvalidInput, NotFound
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
    last_seen,
    page_of,
    problems,
)
from app.fulfilment import TrackingOut
from app.identity import Buyer, Visitor
from app.inventory import OutOfStock
from app.orders import queries, service
from app.orders.lifecycle import StepNotAllowed
from app.orders.queries.sold import invoice_kept
from app.orders.rules import (
    AlreadyShipped,
    CartEmpty,
    ClaimIsOpen,
    FreshGoodsNotAcknowledged,
    ItemsOrCart,
    NotFromAnOrganisation,
    OrderNotPaid,
    OrderNotPayable,
    OrderStillOpen,
    UnknownSku,
    merged,
)
from app.orders.rules.bulk import PaidAsOne
from app.orders.rules.invoices import SpecialNeedsUscc
from app.orders.schemas import (
    AccountCloseIn,
    CancelIn,
    OrderIn,
    OrderOut,
    PaymentIn,
    PaymentOut,
    QuoteIn,
    QuoteOut,
)
from app.payments import ProviderNotAvailable, TooManyTransfers
from app.pricing import (
    CouponNotApplicable,
    CouponUsedUp,
    NotDeliverable,
    NotOnSale,
    PromotionUsedUp,
    UnknownCoupon,
)
from app.suppliers import InvalidUscc

router = APIRouter(tags=["orders"])

_GOODS_ERRORS = (
    UnknownSku,
    NotOnSale,
    NotDeliverable,
    UnknownDivision,
    DivisionNotACounty,
    UnknownCoupon,
    CouponUsedUp,
    CouponNotApplicable,
)


@router.post(
    "/v1/store/quotes",
    operation_id="quote_order",
    summary="What would it cost?",
    response_model=QuoteOut,
    responses=problems(*_GOODS_ERRORS, public=True),
)
async def quote_order(body: QuoteIn, by: Visitor, session: ReadSession, now: Now) -> QuoteOut:
    """Prices, discounts, parcels and freight for these goods at that place, as of now. Nothing is reserved.

    Promotions apply by themselves: fixed prices, then of each payer (suppliers, the platform, districts' voucher
    budgets) the one that takes off most; last the coupon, if one is named.
    """
    wanted = merged((item.sku, item.quantity) for item in body.items)
    place = body.address.division_code
    quoted = await service.quote(session, wanted, place, coupon=body.coupon, by=by, now=now)
    return QuoteOut.of(quoted.priced, quoted.ahead, quoted.promises)


@router.post(
    "/v1/store/orders",
    operation_id="place_order",
    summary="Place an order",
    status_code=201,
    response_model=OrderOut,
    responses=problems(
        OutOfStock,
        *_GOODS_ERRORS,
        PromotionUsedUp,
        FreshGoodsNotAcknowledged,
        ItemsOrCart,
        NotFound,
        CartEmpty,
        InvalidUscc,
        SpecialNeedsUscc,
        UnknownAddress,
        UnknownOrganisation,
        OrganisationNotVerified,
        NotFromAnOrganisation,
        *KEY_ERRORS,
    ),
)
async def place_order(body: OrderIn, by: Buyer, once: Once) -> Response:
    """Reserve the goods and freeze the prices; pay within 30 minutes or the stock goes back.

    With a `cart_id` everything in that cart is ordered at the prices of now, and the cart is empty afterwards; with an
    `address_id` it goes to an address of the caller's book, of which the order keeps a copy; with an `organisation_id`
    it is the organisation's order, through the channel `organisation`.
    """
    if (body.address is None) == (body.address_id is None):
        one_of_two = Fault("/address", "missing", "请填写 address 或 address_id 之一", "give address or address_id")
        raise InvalidInput(faults=[one_of_two])
    if (body.items is None) == (body.cart_id is None):
        raise ItemsOrCart
    if body.ext_832_order_no is not None and body.organisation_id is None:
        raise NotFromAnOrganisation
    given = body.address.checked() if body.address else None
    items = merged((item.sku, item.quantity) for item in body.items or ())
    invoice = body.invoice.asked() if body.invoice is not None else None
    minutes = once.settings.orders.pay_within_minutes

    async def work(session: AsyncSession) -> OrderOut:
        buyer = await purchaser(session, body.organisation_id, by=by) if body.organisation_id else None
        kept = invoice_kept(buyer) if buyer else None
        asked = service.Placement(
            wanted=items
            if body.cart_id is None
            else await service.empty_cart(session, body.cart_id, by=by, now=once.now),
            address=given or await address_to_ship(session, body.address_id, by=by),
            fresh_goods_acknowledged=body.fresh_goods_acknowledged,
            coupon=body.coupon,
            note=body.note,
            invoice=invoice.wish(kept, at="/invoice") if invoice else None,
            purchaser=buyer,
            ext_832_order_no=body.ext_832_order_no,
        )
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
    before = last_seen("orders", cursor)
    found = await queries.page(session, by=by, before=before, limit=limit + 1)
    return page_of("orders", found, limit, OrderOut.of)


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


@router.get(
    "/v1/store/orders/{order_id}/shipments/{shipment_id}/tracking",
    operation_id="track_shipment",
    summary="Where a parcel is",
    response_model=TrackingOut,
    responses=problems(NotFound),
)
async def track_shipment(order_id: UUID, shipment_id: UUID, by: Buyer, session: ReadSession) -> TrackingOut:
    """What the carrier said of it, newest first; names and telephone numbers are masked."""
    return TrackingOut.told(await queries.track(session, order_id, shipment_id, by=by))


@router.post(
    "/v1/store/orders/{order_id}/cancel",
    operation_id="cancel_order",
    summary="Cancel an order that has not shipped, or one supplier's part of it",
    response_model=OrderOut,
    responses=problems(NotFound, AlreadyShipped, StepNotAllowed, OrderNotPaid, *KEY_ERRORS),
)
async def cancel_order(order_id: UUID, by: Buyer, once: Once, now: Now, body: CancelIn | None = None) -> Response:
    """The stock goes back; if the order was paid, so does the money, and the order becomes `refunded` on arrival."""
    wish = body or CancelIn()

    async def work(session: AsyncSession) -> OrderOut:
        await service.cancel(
            session, order_id, by=by, reason=wish.reason, now=now, supplier_order_id=wish.supplier_order_id
        )
        return OrderOut.of(await queries.view(session, order_id, by=by))

    return await once.run(200, work)


@router.post(
    "/v1/store/orders/{order_id}/confirm-receipt",
    operation_id="confirm_receipt",
    summary="Confirm that the goods have arrived",
    response_model=OrderOut,
    responses=problems(NotFound, StepNotAllowed, ClaimIsOpen, *KEY_ERRORS),
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
    responses=problems(NotFound, OrderNotPayable, PaidAsOne, ProviderNotAvailable, TooManyTransfers, *KEY_ERRORS),
)
async def start_payment(order_id: UUID, body: PaymentIn, by: Buyer, once: Once, edge: TheEdge, now: Now) -> Response:
    """Open a payment with a provider; its result arrives by the provider's signed notification.

    By `bank_transfer` the answer says where to, which code to write, and until when the order waits: three days for an
    organisation's, a day for a person's, who may have one transfer open at a time.
    """

    async def work(session: AsyncSession) -> PaymentOut:
        payment = await service.start_payment(
            session, order_id, provider=body.provider, by=by, settings=edge.settings, now=now
        )
        return PaymentOut.of(payment, edge.settings.bank)

    return await once.run(201, work)


@router.delete(
    "/v1/auth/me",
    operation_id="close_account",
    summary="Close the caller's account for good",
    status_code=204,
    responses=problems(NotFound, OrderStillOpen, LastOwner),
)
async def close_account(_: AccountCloseIn, by: Buyer, session: WriteSession, now: Now) -> None:
    """Name, phone, password, address book and memberships are erased; the phone may register anew.

    Orders stay, without anything in the account that names the person, as long as the law wants them kept. Refused
    while an order or a refund is on its way, and for the last owner of an organisation that has other members or of a
    supplier. The body says that it is meant.
    """
    await service.close_account(session, by=by, now=now)
