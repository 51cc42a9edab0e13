"""An organisation's roster: checked row by row, placed as many orders in a few statements, paid in one sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity, inventory, payments
from app.buyers import Purchaser, located, mask_name, purchaser, resolve_division, seal_address
from app.catalogue import Offer, offers
from app.core.clock import local_day
from app.core.db import ask, dump
from app.core.errors import Fault, NotFound
from app.core.events import emit
from app.core.ids import new_id
from app.core.sealing import keys
from app.core.settings import Settings
from app.core.sheets import RowFault
from app.identity import Actor
from app.orders import queries
from app.orders.events import OrderPaid, OrderPlaced, SoldLine
from app.orders.lifecycle import Status, Step
from app.orders.models import Roster
from app.orders.models.locked import LockedOrder
from app.orders.queries.locked import lock_bulk
from app.orders.queries.sold import invoice_kept
from app.orders.rules import ORGANISATION, FreshGoodsNotAcknowledged, OrderNotPayable, expiry, number_prefix
from app.orders.rules.bulk import (
    BulkView,
    RosterCheck,
    RosterEmpty,
    RosterHasFaults,
    RowOutcome,
    UnknownRoster,
)
from app.orders.rules.invoices import AskedInvoice
from app.orders.service.place import NUMBER, PARTS_AND_LINES, basket, line_row
from app.orders.service.roster import RosterRow, packed, unpacked
from app.orders.service.save import save
from app.pricing import Quote, quote_many

_MOST_FAULTS = 50
_KEPT = timedelta(days=1)

_INSERT = text(f"""
WITH bulk AS (
    INSERT INTO orders_bulk (id, buyer_id, organisation_id, recipients, total_fen, placed_at, expires_at)
    VALUES (:id, :buyer_id, :organisation_id, :recipients, :total, :now, :expires_at)
), placed AS (
    INSERT INTO orders_order (id, number, buyer_id, channel, organisation_id, ext_832_order_no, bulk_id, division_code,
                              address_sealed, invoice_sealed, placed_at, expires_at, goods_fen, discount_fen,
                              freight_fen, total_fen)
    SELECT id, {NUMBER}, :buyer_id, :channel, :organisation_id, :ext_832_order_no, :id, division_code,
           decode(address, 'hex'), CAST(:invoice AS bytea), :now, :expires_at, goods, discount, freight,
           goods - discount + freight
    FROM json_to_recordset(CAST(:orders AS json))
         AS o (id uuid, division_code text, address text, goods bigint, discount bigint, freight bigint)
), {PARTS_AND_LINES}
SELECT 1
""")


@dataclass(frozen=True, slots=True)
class BulkPlacement:
    """What an organisation asks for, besides the roster."""

    roster_id: UUID
    fresh_goods_acknowledged: bool = False
    ext_832_order_no: str | None = None
    invoice: AskedInvoice | None = None
    """To whom each of the orders is to be invoiced."""


async def keep_roster(
    session: AsyncSession, rows: Sequence[RosterRow], buyer: Purchaser, *, by: Actor, now: datetime
) -> RosterCheck:
    """Keep a roster for a day, sealed, and say what would become of it now. Raises ``RosterEmpty``."""
    if not rows:
        raise RosterEmpty
    roster_id = new_id(now)
    session.add(
        Roster(
            id=roster_id,
            buyer_id=by.account_id,
            organisation_id=buyer.organisation_id,
            rows_sealed=keys().seal(packed(rows), "roster"),
            uploaded_at=now,
        )
    )
    await session.flush()
    return await _check(session, roster_id, rows, now)


async def check_roster(session: AsyncSession, roster_id: UUID, *, by: Actor, now: datetime) -> RosterCheck:
    """What would become of a roster that was kept. Changes nothing and promises nothing. Raises ``NotFound``."""
    _, rows = await _open(session, roster_id, by=by, now=now)
    return await _check(session, roster_id, rows, now)


async def forget_rosters(session: AsyncSession, now: datetime) -> int:
    """Chore: remove rosters that nobody ordered within a day; returns how many."""
    gone = await session.execute(delete(Roster).where(Roster.uploaded_at <= now - _KEPT).returning(Roster.id))
    return len(gone.all())


async def _open(
    session: AsyncSession, roster_id: UUID, *, by: Actor, now: datetime, lock: bool = False
) -> tuple[Roster, list[RosterRow]]:
    wanted = select(Roster).where(
        Roster.id == roster_id, Roster.buyer_id == by.account_id, Roster.uploaded_at > now - _KEPT
    )
    roster = (await session.execute(wanted.with_for_update() if lock else wanted)).scalar_one_or_none()
    if roster is None:
        raise NotFound
    return roster, unpacked(keys().unseal(roster.rows_sealed, "roster"))


async def _check(session: AsyncSession, roster_id: UUID, rows: Sequence[RosterRow], now: datetime) -> RosterCheck:
    found = await _offers(session, rows, now)
    quotes = await _price(session, rows, found)
    needed = _total(rows)
    held = await inventory.availability(session, list(needed))
    harvests = await inventory.open_presales(session, list(needed), now=now)
    there = {sku: held[sku].available if sku in held else 0 for sku in needed}
    ahead = {
        sku: (quantity - there[sku], harvests[sku].plan.ship_by)
        for sku, quantity in needed.items()
        if sku in harvests and 0 < quantity - there[sku] <= harvests[sku].left
    }
    return RosterCheck(
        id=roster_id,
        rows=tuple(
            RowOutcome(
                row=row.number,
                recipient=mask_name(row.recipient) if row.recipient else "",
                goods_fen=quotes[row.number].goods_fen if row.number in quotes else 0,
                freight_fen=quotes[row.number].freight_fen if row.number in quotes else 0,
                faults=tuple(row.faults),
            )
            for row in rows
        ),
        short={
            sku: (quantity, there[sku] + (harvests[sku].left if sku in harvests else 0))
            for sku, quantity in needed.items()
            if there[sku] < quantity and sku not in ahead
        },
        ahead=ahead,
    )


async def place_bulk(
    session: AsyncSession,
    asked: BulkPlacement,
    *,
    by: Actor,
    now: datetime,
    pay_within_minutes: int,
) -> BulkView:
    """Place one order for each recipient of a roster, which is then gone: all of them or none.

    A dozen statements, whether for ten recipients or for a thousand. Raises ``UnknownRoster``,
    ``UnknownOrganisation``, ``OrganisationNotVerified``, ``RosterHasFaults``, ``FreshGoodsNotAcknowledged``,
    ``OutOfStock``, ``InvalidInput`` and ``SpecialNeedsUscc`` for the invoice.
    """
    await identity.hold_open(session, by)
    try:
        roster, rows = await _open(session, asked.roster_id, by=by, now=now, lock=True)
    except NotFound:
        raise UnknownRoster from None
    buyer = await purchaser(session, roster.organisation_id, by=by)
    invoice = asked.invoice.wish(invoice_kept(buyer), at="/invoice").sealed() if asked.invoice else None
    found = await _offers(session, rows, now)
    quotes = await _price(session, rows, found)
    _refuse_faults(rows)
    if not asked.fresh_goods_acknowledged and any(offer.fresh for offer in found.values()):
        raise FreshGoodsNotAcknowledged
    bulk_id, expires_at = new_id(now), expiry(now, pay_within_minutes)
    order_ids = {row.number: new_id(now) for row in rows}
    taken = await inventory.reserve_many(
        session, {order_ids[row.number]: row.wanted for row in rows}, by=by.account_id, now=now
    )
    orders: list[dict[str, object]] = []
    parts: list[dict[str, object]] = []
    lines: list[dict[str, object]] = []
    for row in rows:
        quote, order_id = quotes[row.number], order_ids[row.number]
        orders.append(_order_row(order_id, row, quote, buyer))
        part_ids = {parcel.supplier_id: new_id(now) for parcel in quote.parcels}
        for parcel in quote.parcels:
            own = [line for line in quote.lines if found[line.sku].supplier_id == parcel.supplier_id]
            parts.append(
                {
                    "id": str(part_ids[parcel.supplier_id]),
                    "order_id": str(order_id),
                    "supplier_id": str(parcel.supplier_id),
                    "goods": sum(line.unit_price_fen * line.quantity for line in own),
                    "discount": sum(line.discount_fen for line in own),
                    "freight": parcel.freight_fen,
                }
            )
        for position, line in enumerate(quote.lines):
            offer = found[line.sku]
            part_id = part_ids[offer.supplier_id]
            ship_by = taken[order_id, line.sku].ship_by
            lines.append(
                line_row(order_id, part_id, new_id(now), position, offer, line, ship_by=ship_by, by=by, buyer=buyer)
            )
        emit(session, OrderPlaced(order_id=order_id, at=now))
    await ask(
        session,
        _INSERT,
        {
            "id": bulk_id,
            "prefix": number_prefix(now),
            "buyer_id": by.account_id,
            "channel": ORGANISATION,
            "organisation_id": buyer.organisation_id,
            "ext_832_order_no": asked.ext_832_order_no,
            "invoice": invoice,
            "recipients": len(rows),
            "total": sum(quote.total_fen for quote in quotes.values()),
            "now": now,
            "expires_at": expires_at,
            "orders": dump(orders),
            "parts": dump(parts),
            "lines": dump(lines),
        },
    )
    await session.delete(roster)
    await session.flush()
    return await queries.bulk(session, bulk_id, by=by)


async def start_bulk_payment(
    session: AsyncSession, bulk_id: UUID, *, provider: payments.Provider, by: Actor, settings: Settings, now: datetime
) -> payments.Payment:
    """Ask for the sum of the orders that still wait for money.

    Raises ``NotFound``, ``OrderNotPayable``, ``ProviderNotAvailable``, ``TooManyTransfers``.
    """
    bulk, orders = await lock_bulk(session, bulk_id, by=by)
    waiting = [order for order in orders if waits(order)]
    if not waiting or bulk.expires_at <= now:
        shown = Status.PAID if bulk.payment_id is not None else Status.EXPIRED
        raise OrderNotPayable(status=shown.value)
    payment = await payments.request(
        session,
        provider=provider,
        reference=bulk.id,
        payer_id=by.account_id,
        amount_fen=sum(order.total_fen for order in waiting),
        description=f"保靖好物 {len(waiting)} 单",
        terms=settings.bank.terms(organisation=True),
        settings=settings,
        now=now,
    )
    if payment.pay_by is not None:
        bulk.expires_at = max(bulk.expires_at, payment.pay_by)
        for order in waiting:
            wait_until(payment.pay_by, order)
        await save(session, *waiting)
        await session.flush()
    return payment


async def receive_bulk_payment(session: AsyncSession, captured: payments.PaymentCaptured, *, now: datetime) -> None:
    """The money for a bulk order arrived: every order that still waits is paid, and what is too much goes back.

    Orders may have been cancelled since the sum was asked for, or all of them have expired; then less, or nothing, is
    kept. A second payment goes back as a whole. Raises ``NotFound`` for a reference of neither an order nor a bulk.
    """
    bulk, orders = await lock_bulk(session, captured.reference, unpaid_since=captured.at)
    if bulk.payment_id == captured.payment_id:
        return
    waiting = [order for order in orders if waits(order)] if bulk.payment_id is None else []
    if waiting:
        bulk.payment_id, bulk.paid_at = captured.payment_id, captured.at
    for order in waiting:
        pay(session, order, captured)
    await save(session, *waiting)
    too_much = captured.amount_fen - sum(order.total_fen for order in waiting)
    if too_much:
        await payments.request_refund(
            session,
            payment_id=captured.payment_id,
            amount_fen=too_much,
            reference=uuid5(NAMESPACE_URL, f"late-payment/{captured.payment_id}"),
            reason="payment for orders that were closed or paid before",
            now=now,
        )
    await session.flush()


def pay(session: AsyncSession, order: LockedOrder, captured: payments.PaymentCaptured) -> None:
    """A locked order that waited for this money is paid; the caller saves it."""
    for part in order.parts:
        part.take(Step.PAY, now=captured.at)
        part.promise(local_day(captured.at))
    order.payment_id, order.paid_at = captured.payment_id, captured.at
    sold = [SoldLine(sku=line.sku, product_id=line.product_id, quantity=line.quantity) for line in order.lines]
    emit(session, OrderPaid(order_id=order.id, lines=sold, at=captured.at))


def wait_until(at: datetime, order: LockedOrder) -> None:
    """Keep the goods of a locked order that waits for money until ``at``, if that is later; the caller saves it."""
    order.expires_at = max(order.expires_at, at)
    for part in order.parts:
        part.due_at = order.expires_at


def waits(order: LockedOrder) -> bool:
    """Whether nothing but the money is missing."""
    return all(part.status == Status.PENDING_PAYMENT for part in order.parts)


async def _offers(session: AsyncSession, rows: Sequence[RosterRow], now: datetime) -> dict[str, Offer]:
    """What is sold under the SKUs of a roster; a row that names something else gets a fault."""
    found = await offers(session, list({sku for row in rows for sku in row.wanted}), now=now)
    for row in rows:
        for sku in row.wanted:
            if sku not in found:
                row.faults.append(RowFault("sku", "unknown_sku", f"没有货号 {sku}", f"there is no SKU {sku}"))
            elif not found[sku].on_sale:
                row.faults.append(RowFault("sku", "not_on_sale", f"{sku} 目前不在售", f"{sku} is not on sale"))
    return found


async def _price(session: AsyncSession, rows: Sequence[RosterRow], found: Mapping[str, Offer]) -> dict[int, Quote]:
    """What each row without faults costs, by its number; a row that cannot be delivered to gets a fault."""
    good = [row for row in rows if not row.faults and row.address is not None]
    baskets = [(basket(row.wanted, found), _county(row)) for row in good]
    quotes: dict[int, Quote] = {}
    for row, quoted in zip(good, await quote_many(session, baskets), strict=True):
        if isinstance(quoted, Quote):
            quotes[row.number] = quoted
        else:
            row.faults += [RowFault("address", fault.code, fault.zh, fault.en) for fault in quoted.faults]
    return quotes


def _refuse_faults(rows: Sequence[RosterRow]) -> None:
    wrong = [row for row in rows if row.faults]
    if wrong:
        faults = [
            Fault(f"/rows/{row.number}/{fault.column}", fault.code, fault.zh, fault.en)
            for row in wrong
            for fault in row.faults
        ]
        raise RosterHasFaults(faults=faults[:_MOST_FAULTS], rows=len(wrong))


def _total(rows: Sequence[RosterRow]) -> Counter[str]:
    total: Counter[str] = Counter()
    for row in rows:
        if not row.faults:
            total.update(row.wanted)
    return total


def _county(row: RosterRow) -> str:
    assert row.address is not None  # noqa: S101 - a row without faults has one
    return resolve_division(row.address.division_code).county_code


def _order_row(order_id: UUID, row: RosterRow, quote: Quote, buyer: Purchaser) -> dict[str, object]:
    assert row.address is not None  # noqa: S101 - a row without faults has one
    return {
        "id": str(order_id),
        "division_code": located(_county(row), buyer.division_code),
        "address": seal_address(row.address).hex(),
        "goods": quote.goods_fen,
        "discount": quote.discount_fen,
        "freight": quote.freight_fen,
    }
