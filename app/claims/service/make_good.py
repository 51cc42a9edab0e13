"""What was agreed is done: goods go again, goods come back, money arrives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import fulfilment, inventory, orders
from app.claims import queries
from app.claims.lifecycle import ClaimStepNotAllowed, Status, Step, allowed
from app.claims.models import ClaimRow
from app.claims.rules import ARRIVES_WITHIN, REFUND_WITHIN, Claim, Party, Remedy, from_lots
from app.claims.service.steps import CLOCK, Doer, take
from app.core.errors import NotFound
from app.core.ids import new_id
from app.identity import Actor


async def ship_again(
    session: AsyncSession,
    claim_id: UUID,
    *,
    carrier: str,
    tracking_number: str,
    lots: Mapping[UUID, str],
    by: Actor,
    now: datetime,
) -> Claim:
    """The supplier hands the goods that make a claim good to a carrier, all in one parcel.

    ``lots`` names the lot to take by the order's line; for the others the earliest expiry goes first.
    Raises ``NotFound``, ``ClaimStepNotAllowed``, ``NotReserved`` (they are on their way), ``LotShort``, ``LotExpired``,
    ``UnknownCarrier``, ``InvalidTrackingNumber``.
    """
    claim, _ = await queries.lock(session, claim_id, supplier_id=by.supplier_id)
    if claim.status != Status.RESHIPPING:
        raise ClaimStepNotAllowed(claim.status, allowed(Status(claim.status), Remedy(claim.remedy)))
    lines = await queries.lines_of(session, claim_id)
    shipment_id = new_id(now)
    picks = await inventory.ship(
        session,
        claim_id,
        [(line.sku, line.quantity, lots.get(line.line_id)) for line in lines],
        shipment_id=shipment_id,
        now=now,
        by=by.account_id,
    )
    by_sku = {line.sku: line.id for line in lines}
    await fulfilment.dispatch(
        session,
        shipment_id=shipment_id,
        reference=claim_id,
        supplier_id=claim.supplier_id,
        carrier=carrier,
        tracking_number=tracking_number,
        lines=[
            fulfilment.ShipmentLine(
                line_reference=by_sku[pick.sku], sku=pick.sku, lot_code=pick.lot_code, quantity=pick.quantity
            )
            for pick in picks
        ],
        phone=(await orders.address_of(session, claim.order_id)).phone,
        now=now,
    )
    claim.due_at = now + ARRIVES_WITHIN
    await session.flush()
    return await queries.get(session, claim_id, now=now)


async def arrive(session: AsyncSession, delivered: fulfilment.ShipmentDelivered) -> None:
    """A parcel has arrived; if it makes a claim good, that is the end of it.

    Goods that came back are the supplier's to look at: the days until the refund is due are counted from now.
    """
    try:
        claim, _ = await queries.lock(session, delivered.reference)
    except NotFound:
        return
    if delivered.inbound and claim.status == Status.RETURNING:
        await take(session, claim, Step.ARRIVE, doer=CLOCK, now=delivered.at, due_at=delivered.at + REFUND_WITHIN)
    elif not delivered.inbound and claim.status == Status.RESHIPPING and claim.may(Step.ARRIVE):
        await take(session, claim, Step.ARRIVE, doer=CLOCK, now=delivered.at)


async def send_back(
    session: AsyncSession, claim_id: UUID, *, carrier: str, tracking_number: str, by: Actor, now: datetime
) -> Claim:
    """The buyer has sent the goods back, in a parcel that is followed like any other; it holds them lot by lot.

    Raises ``NotFound``, the table's refusal, those of a label, and ``ShipmentExists``.
    """
    claim, _ = await queries.lock(session, claim_id, buyer_id=by.account_id)
    fulfilment.check_label(carrier, tracking_number)
    await take(session, claim, Step.SEND_BACK, doer=Doer(Party.BUYER, by), now=now, due_at=now + ARRIVES_WITHIN)
    claim.return_carrier, claim.return_number = carrier, tracking_number
    await session.flush()
    await fulfilment.dispatch(
        session,
        reference=claim_id,
        supplier_id=claim.supplier_id,
        carrier=carrier,
        tracking_number=tracking_number,
        lines=await _packed(session, claim),
        phone=(await orders.address_of(session, claim.order_id)).phone,
        inbound=True,
        now=now,
    )
    return await queries.get(session, claim_id, now=now)


async def _packed(session: AsyncSession, claim: ClaimRow) -> list[fulfilment.ShipmentLine]:
    lines = await queries.lines_of(session, claim.id)
    sent = await queries.lots_sent(session, claim, lines)
    return [
        fulfilment.ShipmentLine(line_reference=line.id, sku=line.sku, lot_code=lot_code, quantity=quantity)
        for line in lines
        for lot_code, quantity in from_lots(line.quantity, sent[line.line_id])
    ]


async def receive_back(session: AsyncSession, claim_id: UUID, *, sellable: bool, by: Actor, now: datetime) -> Claim:
    """The goods are back. What the supplier can sell again goes back into the lots that it came from.

    The refund is due seven days after the carrier delivered them, or else from now on. Raises ``NotFound``,
    ``ClaimStepNotAllowed``, ``LotExpired``.
    """
    claim, _ = await queries.lock(session, claim_id, supplier_id=by.supplier_id)
    due_at = claim.due_at if claim.status == Status.INSPECTING else now + REFUND_WITHIN
    await take(session, claim, Step.RECEIVE, doer=Doer(Party.SUPPLIER, by), now=now, due_at=due_at)
    claim.sellable = sellable
    parcel = (await queries.get(session, claim_id, now=now)).return_shipment
    if parcel is not None:
        await fulfilment.deliver(session, parcel.id, supplier_id=claim.supplier_id, now=now)
    if sellable:
        packed = parcel.lines if parcel is not None else await _packed(session, claim)
        back = [(line.sku, line.quantity, line.lot_code) for line in packed]
        await inventory.take_back(session, claim_id, back, by=by.account_id, now=now)
    await session.flush()
    return await queries.get(session, claim_id, now=now)


async def settle(session: AsyncSession, refunded: orders.LinesRefunded) -> None:
    """The money has arrived; if a claim waited for it, that is the end of it."""
    claim_id = await queries.by_refund(session, refunded.refund_id)
    if claim_id is None:
        return
    claim, _ = await queries.lock(session, claim_id)
    if claim.status in (Status.AGREED, Status.RETURNED):
        await take(session, claim, Step.SETTLE, doer=CLOCK, now=refunded.at)
