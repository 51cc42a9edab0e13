"""Quote an order and place it: the service's busiest path, four statements besides the key and the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity, inventory
from app.buyers import Address, Purchaser, located, resolve_division, seal_address
from app.catalogue import Offer, offers_and
from app.core.asides import Aside, together
from app.core.clock import local_day
from app.core.db import ask, dump
from app.core.errors import NotAuthenticated
from app.core.events import emit
from app.core.ids import new_id
from app.fulfilment import read_stops, stopped_days
from app.identity import Actor
from app.orders.events import OrderPlaced
from app.orders.lifecycle import Status
from app.orders.rules import (
    ORGANISATION,
    RETAIL,
    FreshGoodsNotAcknowledged,
    LineView,
    OrderView,
    SupplierOrderView,
    UnknownSku,
    expiry,
    faults_for,
    number_prefix,
)
from app.orders.rules.invoices import InvoiceWish
from app.orders.rules.own_purchase import Sign, is_own_purchase
from app.orders.rules.promise import Calendar, Promise
from app.pricing import NotOnSale, Quote, QuotedLine, Wanted, take
from app.pricing import quote as price
from app.suppliers import closed_days, read_closures

NUMBER = ":prefix || lpad((nextval('orders_number_seq') * 61803399 % 100000000)::text, 8, '0')"
"""The last eight digits are a sequence sent through a permutation of 0..99999999: unique for a hundred million orders
in a row, and they do not tell how many orders there are."""

PARTS_AND_LINES = """parts AS (
    INSERT INTO orders_supplier_order (id, order_id, supplier_id, status, goods_fen, discount_fen, freight_fen,
                                       amount_fen, due_at)
    SELECT id, order_id, supplier_id, 'pending_payment', goods, discount, freight, goods - discount + freight,
           :expires_at
    FROM json_to_recordset(CAST(:parts AS json))
         AS part (id uuid, order_id uuid, supplier_id uuid, goods bigint, discount bigint, freight bigint)
), lines AS (
    INSERT INTO orders_line (id, order_id, supplier_order_id, position, sku, product_id, name, product_name, quantity,
                             unit_price_fen, discount_fen, subsidy_fen, amount_fen, supplier_id, supplier_name,
                             category, township_code, township, village, net_weight_g, tax_rate_bp, assisted,
                             self_purchase, return_policy, return_days, claim_hours, bad_allow_bp, bad_full_bp,
                             ship_by)
    SELECT id, order_id, part_id, position, sku, product_id, name, product_name, quantity, price, discount, subsidy,
           price * quantity - discount, supplier_id, supplier_name, category, township_code, township, village,
           net_weight_g, tax_rate_bp, assisted, self_purchase, return_policy, return_days, claim_hours, bad_allow_bp,
           bad_full_bp, ship_by
    FROM json_to_recordset(CAST(:lines AS json))
         AS line (id uuid, order_id uuid, part_id uuid, position smallint, sku text, product_id uuid, name text,
                  product_name text, quantity integer, price bigint, discount bigint, subsidy bigint, supplier_id uuid,
                  supplier_name text, category text, township_code text, township text, village text,
                  net_weight_g integer, tax_rate_bp integer,
                  assisted boolean, self_purchase boolean, return_policy text, return_days smallint,
                  claim_hours smallint, bad_allow_bp smallint, bad_full_bp smallint, ship_by date)
)"""
"""The supplier orders and lines of one order or of many."""

_INSERT = text(f"""
WITH placed AS (
    INSERT INTO orders_order (id, number, buyer_id, channel, organisation_id, ext_832_order_no, division_code,
                              address_sealed, note, invoice_sealed, placed_at, expires_at, goods_fen, discount_fen,
                              freight_fen, total_fen)
    VALUES (:id, {NUMBER}, :buyer_id, :channel, :organisation_id, :ext_832_order_no, :division_code, :address, :note,
            :invoice, :now, :expires_at, :goods, :discount, :freight, :total)
    RETURNING number
), {PARTS_AND_LINES}
SELECT number FROM placed
""")
_INSERT_DISCOUNTS = text("""
INSERT INTO orders_line_discount (line_id, promotion_id, funder, amount_fen)
SELECT line_id, promotion_id, funder, amount
FROM json_to_recordset(CAST(:discounts AS json)) AS d (line_id uuid, promotion_id uuid, funder text, amount bigint)
""")


@dataclass(frozen=True, slots=True)
class Quoted:
    """What goods would cost, the day by which those would ship that only a harvest to come can give, and all others.

    ``promises`` are by supplier.
    """

    priced: Quote
    ahead: Mapping[str, date]
    promises: Mapping[UUID, Promise]


@dataclass(frozen=True, slots=True)
class Placement:
    """What a buyer asks for. ``wanted`` is quantity by SKU, in the buyer's order."""

    wanted: Mapping[str, int]
    address: Address
    fresh_goods_acknowledged: bool = False
    coupon: str | None = None
    note: str | None = None
    invoice: InvoiceWish | None = None
    purchaser: Purchaser | None = None
    """Set when somebody orders for an organisation."""
    ext_832_order_no: str | None = None

    @property
    def frozen(self) -> dict[str, object]:
        """Through which channel it is sold, to whom, and where that buyer counts as located."""
        county = resolve_division(self.address.division_code).county_code
        if self.purchaser is None:
            return {"channel": RETAIL, "organisation_id": None, "ext_832_order_no": None, "division_code": county}
        return {
            "channel": ORGANISATION,
            "organisation_id": self.purchaser.organisation_id,
            "ext_832_order_no": self.ext_832_order_no,
            "division_code": located(county, self.purchaser.division_code),
        }


async def quote(
    session: AsyncSession,
    wanted: Mapping[str, int],
    division_code: str,
    *,
    coupon: str | None = None,
    by: Actor | None = None,
    now: datetime,
) -> Quoted:
    """What the goods would cost now, delivered there. Changes nothing and promises nothing. Two statements.

    Raises ``UnknownSku``, ``NotOnSale``, ``NotDeliverable``, ``UnknownDivision`` and what pricing says of a coupon.
    """
    division = resolve_division(division_code)
    today = local_day(now)
    aside = together(
        inventory.ships_ahead(wanted, now=now), closed_days("s.id", since=today), stopped_days(since=today)
    )
    found, said = await _on_sale(session, wanted, aside, now)
    priced = await _price(session, wanted, found, division.county_code, coupon=coupon, by=by, now=now)
    return Quoted(
        priced,
        {sku: date.fromisoformat(ship_by) for sku, (ship_by, _, _) in said.items() if ship_by is not None},
        {
            found[sku].supplier_id: Calendar(read_closures(closed), read_stops(stopped)).promise(today)
            for sku, (_, closed, stopped) in said.items()
        },
    )


async def place(
    session: AsyncSession, asked: Placement, *, by: Actor, now: datetime, pay_within_minutes: int
) -> OrderView:
    """Place an order: take the stock, freeze prices and attribution on the lines, wait for the money.

    Raises ``NotAuthenticated`` of a closed account, ``UnknownSku``, ``NotOnSale``, ``FreshGoodsNotAcknowledged``,
    ``NotDeliverable``, ``OutOfStock``, and what pricing says of a coupon or of a budget that somebody else has just
    used up.
    """
    division = resolve_division(asked.address.division_code)
    aside = together(identity.held_open(by), identity.staff_have(asked.address.phone))
    found, said = await _on_sale(session, asked.wanted, aside, now)
    if not all(held for held, _ in said.values()):
        raise NotAuthenticated
    if not asked.fresh_goods_acknowledged and any(offer.fresh for offer in found.values()):
        raise FreshGoodsNotAcknowledged
    priced = await _price(session, asked.wanted, found, division.county_code, coupon=asked.coupon, by=by, now=now)
    order_id = new_id(now)
    if priced.discounts:
        await take(session, order_id, priced.discounts, buyer_id=by.account_id, now=now)
    taken = await inventory.reserve(session, order_id, asked.wanted, by=by.account_id, now=now, ahead=True)

    parts = {parcel.supplier_id: new_id(now) for parcel in priced.parcels}
    subsidies = dict.fromkeys(asked.wanted, 0)
    for discount in priced.discounts:
        subsidies[discount.sku] += discount.subsidy_fen
    goods = dict.fromkeys(parts, 0)
    discounts = dict.fromkeys(parts, 0)
    lines = []
    for quoted in priced.lines:
        offer = found[quoted.sku]
        goods[offer.supplier_id] += quoted.unit_price_fen * quoted.quantity
        discounts[offer.supplier_id] += quoted.discount_fen
        lines.append((new_id(now), offer, quoted))
    expires_at = expiry(now, pay_within_minutes)
    ((number,),) = await ask(
        session,
        _INSERT,
        {
            "id": order_id,
            "prefix": number_prefix(now),
            "buyer_id": by.account_id,
            **asked.frozen,
            "address": seal_address(asked.address),
            "note": asked.note,
            "invoice": asked.invoice.sealed() if asked.invoice is not None else None,
            "now": now,
            "expires_at": expires_at,
            "goods": priced.goods_fen,
            "discount": priced.discount_fen,
            "freight": priced.freight_fen,
            "total": priced.total_fen,
            "parts": dump(
                [
                    {
                        "id": str(parts[parcel.supplier_id]),
                        "order_id": str(order_id),
                        "supplier_id": str(parcel.supplier_id),
                        "goods": goods[parcel.supplier_id],
                        "discount": discounts[parcel.supplier_id],
                        "freight": parcel.freight_fen,
                    }
                    for parcel in priced.parcels
                ]
            ),
            "lines": dump(
                [
                    line_row(
                        order_id,
                        parts[offer.supplier_id],
                        line_id,
                        position,
                        offer,
                        quoted,
                        ship_by=taken[offer.sku].ship_by,
                        subsidy_fen=subsidies[quoted.sku],
                        by=by,
                        buyer=asked.purchaser,
                        to_staff=said[offer.sku][1],
                    )
                    for position, (line_id, offer, quoted) in enumerate(lines)
                ]
            ),
        },
    )
    if priced.discounts:
        line_ids = {offer.sku: str(line_id) for line_id, offer, _ in lines}
        rows = [
            {
                "line_id": line_ids[discount.sku],
                "promotion_id": str(discount.promotion_id),
                "funder": discount.funder.value,
                "amount": discount.amount_fen,
            }
            for discount in priced.discounts
        ]
        await ask(session, _INSERT_DISCOUNTS, {"discounts": dump(rows)})
    emit(session, OrderPlaced(order_id=order_id, at=now))
    return OrderView(
        id=order_id,
        number=number,
        buyer_id=by.account_id,
        placed_at=now,
        expires_at=expires_at,
        paid_at=None,
        goods_fen=priced.goods_fen,
        discount_fen=priced.discount_fen,
        freight_fen=priced.freight_fen,
        total_fen=priced.total_fen,
        note=asked.note,
        address=asked.address,
        organisation_id=asked.purchaser.organisation_id if asked.purchaser else None,
        ext_832_order_no=asked.ext_832_order_no,
        supplier_orders=tuple(
            SupplierOrderView(
                id=parts[parcel.supplier_id],
                order_id=order_id,
                supplier_id=parcel.supplier_id,
                status=Status.PENDING_PAYMENT,
                goods_fen=goods[parcel.supplier_id],
                discount_fen=discounts[parcel.supplier_id],
                freight_fen=parcel.freight_fen,
                amount_fen=goods[parcel.supplier_id] - discounts[parcel.supplier_id] + parcel.freight_fen,
                refunded_fen=0,
                shipped_at=None,
                delivered_at=None,
                completed_at=None,
            )
            for parcel in priced.parcels
        ),
        lines=tuple(
            LineView(
                id=line_id,
                supplier_order_id=parts[offer.supplier_id],
                sku=offer.sku,
                name=line_name(offer),
                quantity=quoted.quantity,
                shipped_quantity=0,
                cancelled_quantity=0,
                unit_price_fen=quoted.unit_price_fen,
                discount_fen=quoted.discount_fen,
                subsidy_fen=subsidies[quoted.sku],
                amount_fen=quoted.amount_fen,
                refunded_fen=0,
                supplier_id=offer.supplier_id,
                presale=taken[offer.sku].promised > 0,
                ship_by=taken[offer.sku].ship_by,
                waiting_quantity=taken[offer.sku].promised,
                net_weight_g=offer.net_weight_g,
            )
            for line_id, offer, quoted in lines
        ),
    )


def line_row(
    order_id: UUID,
    part_id: UUID,
    line_id: UUID,
    position: int,
    offer: Offer,
    quoted: QuotedLine,
    *,
    ship_by: date | None = None,
    subsidy_fen: int = 0,
    by: Actor,
    buyer: Purchaser | None,
    to_staff: bool = False,
) -> dict[str, object]:
    """A line as it is written, with everything about it frozen as it is now.

    Goods are a supplier's own purchase if enough speaks for it (``rules.own_purchase``).
    """
    signs = {
        Sign.ORDERED_BY_STAFF: offer.supplier_id == by.supplier_id,
        Sign.SAME_REGISTRATION: buyer is not None and offer.supplier_uscc == buyer.uscc,
        Sign.SENT_TO_STAFF: to_staff,
    }
    own = is_own_purchase(sign for sign, there in signs.items() if there)
    return {
        "id": str(line_id),
        "order_id": str(order_id),
        "part_id": str(part_id),
        "position": position,
        "sku": offer.sku,
        "product_id": str(offer.product_id),
        "name": line_name(offer),
        "product_name": offer.product_name,
        "quantity": quoted.quantity,
        "price": quoted.unit_price_fen,
        "discount": quoted.discount_fen,
        "subsidy": subsidy_fen,
        "supplier_id": str(offer.supplier_id),
        "supplier_name": offer.supplier_name,
        "category": offer.category,
        "township_code": offer.township_code,
        "township": offer.township,
        "village": offer.village,
        "net_weight_g": offer.net_weight_g,
        "tax_rate_bp": offer.tax_rate_bp,
        "assisted": offer.assisted,
        "ship_by": ship_by.isoformat() if ship_by else None,
        "self_purchase": own,
        "return_policy": offer.returns.code,
        "return_days": offer.returns.return_days,
        "claim_hours": offer.returns.claim_hours,
        "bad_allow_bp": offer.returns.bad_allow_bp,
        "bad_full_bp": offer.returns.bad_full_bp,
    }


async def _on_sale(
    session: AsyncSession, wanted: Mapping[str, int], aside: Aside, now: datetime
) -> tuple[dict[str, Offer], dict[str, Any]]:
    """What is sold under these SKUs, and what ``aside`` says of each. Raises ``UnknownSku``, ``NotOnSale``."""
    answers = await offers_and(session, list(wanted), aside, now=now)
    found = {offer.sku: offer for offer, _ in answers}
    if missing := [sku for sku in wanted if sku not in found]:
        faults = faults_for(missing, wanted, UnknownSku.code, "不存在", "does not exist")
        raise UnknownSku(skus=", ".join(missing), faults=faults)
    if closed := [sku for sku in wanted if not found[sku].on_sale]:
        faults = faults_for(closed, wanted, NotOnSale.code, "暂不出售", "is not on sale")
        raise NotOnSale(skus=", ".join(closed), faults=faults)
    return found, {offer.sku: said for offer, said in answers}


async def _price(
    session: AsyncSession,
    wanted: Mapping[str, int],
    found: Mapping[str, Offer],
    division_code: str,
    *,
    coupon: str | None,
    by: Actor | None,
    now: datetime,
) -> Quote:
    buyer_id = by.account_id if by is not None else None
    return await price(session, basket(wanted, found), division_code, coupon=coupon, buyer_id=buyer_id, now=now)


def basket(wanted: Mapping[str, int], found: Mapping[str, Offer]) -> list[Wanted]:
    """What pricing needs to know about the goods."""
    return [
        Wanted(
            sku=sku,
            supplier_id=found[sku].supplier_id,
            gross_weight_g=found[sku].gross_weight_g,
            quantity=quantity,
            category=found[sku].category,
            volume_mm3=found[sku].volume_mm3,
        )
        for sku, quantity in wanted.items()
    ]


def line_name(offer: Offer) -> str:
    """What the goods are called on an order."""
    return f"{offer.product_name} {offer.sku_name}"
