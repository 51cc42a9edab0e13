"""What was agreed is done: goods go again, goods come back, money arrives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import fulfilment, inventory, orders
from app.claims import queries
from app.claims.lifecycle import ClaimStepNotAllowed, Status, Step
from app.claims.rules import ARRIVES_WITHIN, REFUND_WITHIN, Claim, Party
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
        raise ClaimStepNotAllowed(status=claim.status, allowed="—")
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
    """A parcel has arrived; if it makes a claim good, that is the end of it."""
    try:
        claim, _ = await queries.lock(session, delivered.reference)
    except NotFound:
        return
    if claim.may(Step.ARRIVE):
        await take(session, claim, Step.ARRIVE, doer=CLOCK, now=delivered.at)


async def send_back(
    session: AsyncSession, claim_id: UUID, *, carrier: str, tracking_number: str, by: Actor, now: datetime
) -> Claim:
    """The buyer has sent the goods back. Raises ``NotFound``, the table's refusal and those of a label."""
    claim, _ = await queries.lock(session, claim_id, buyer_id=by.account_id)
    fulfilment.check_label(carrier, tracking_number)
    await take(session, claim, Step.SEND_BACK, doer=Doer(Party.BUYER, by), now=now, due_at=now + ARRIVES_WITHIN)
    claim.return_carrier, claim.return_number = carrier, tracking_number
    await session.flush()
    return await queries.get(session, claim_id, now=now)


async def receive_back(session: AsyncSession, claim_id: UUID, *, sellable: bool, by: Actor, now: datetime) -> Claim:
    """The goods are back. What the supplier can sell again goes back into its stock; the refund is due in seven days.

    Raises ``NotFound``, ``ClaimStepNotAllowed``.
    """
    claim, basis = await queries.lock(session, claim_id, supplier_id=by.supplier_id)
    await take(session, claim, Step.RECEIVE, doer=Doer(Party.SUPPLIER, by), now=now, due_at=now + REFUND_WITHIN)
    claim.sellable = sellable
    if sellable:
        back = [
            (line.sku, line.quantity, basis.line(line.line_id).lot_code)
            for line in await queries.lines_of(session, claim_id)
        ]
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
