"""What a claim needs of an order: what arrived and what it cost, and that the order waits for the claim's end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import split
from app.fulfilment import Shipment, shipments_of
from app.identity import Actor
from app.orders.models import SupplierOrder
from app.orders.models.locked import LockedLine, LockedPart
from app.orders.queries.locked import lock
from app.orders.rules import ArrivedLine, ClaimBasis
from app.orders.service.refund import hold_discounts


async def claim_basis(session: AsyncSession, order_id: UUID, *, by: Actor | None = None) -> ClaimBasis:
    """What has been paid for, sent and received of an order, which stays locked until the transaction ends.

    ``by`` must be its buyer, or None (us). Raises ``NotFound``.
    """
    order = await lock(session, order_id, by=by)
    await hold_discounts(session, order)  # the claim may lock stock, and pay after all
    parcels = await shipments_of(session, [part.id for part in order.parts])
    found: list[ArrivedLine] = []
    freight: dict[UUID, int] = {}
    for part in order.parts:
        own = part.lines
        of_lines = sum(line.refunded_fen for line in own)
        freight[part.id] = part.freight_fen - (part.refunded_fen - of_lines)
        shares = split(part.freight_fen, [line.amount_fen for line in own])
        found += [_arrived(part, line, share, parcels) for line, share in zip(own, shares, strict=True)]
    return ClaimBasis(order.id, order.number, order.buyer_id, tuple(found), freight)


async def hold_confirmation(session: AsyncSession, supplier_order_id: UUID) -> None:
    """A claim is open: the part is not confirmed by the clock, nor by the buyer, before it is released."""
    await _open_claims(session, supplier_order_id, 1)


async def release_confirmation(session: AsyncSession, supplier_order_id: UUID) -> None:
    """A claim has ended; once the last one has, the part goes on as if there had been none."""
    await _open_claims(session, supplier_order_id, -1)


async def _open_claims(session: AsyncSession, supplier_order_id: UUID, change: int) -> None:
    part = await session.get_one(SupplierOrder, supplier_order_id, populate_existing=True, with_for_update=True)
    part.open_claims += change
    await session.flush()


def _arrived(part: LockedPart, line: LockedLine, freight_fen: int, parcels: list[Shipment]) -> ArrivedLine:
    carrying = [parcel for parcel in parcels if any(item.line_reference == line.id for item in parcel.lines)]
    sent = line.shipped_quantity and not line.to_send
    shipped_at = max(parcel.dispatched_at for parcel in carrying) if sent and carrying else None
    return ArrivedLine(
        id=line.id,
        supplier_order_id=part.id,
        supplier_id=line.supplier_id,
        status=part.status,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        amount_fen=line.amount_fen,
        refunded_fen=line.refunded_fen,
        refunded_quantity=line.refunded_quantity,
        freight_fen=freight_fen,
        shipped_at=shipped_at,
        delivered_at=None if shipped_at is None else _received_at(part, carrying),
        return_days=line.return_days,
        claim_hours=line.claim_hours,
        bad_allow_bp=line.bad_allow_bp,
        bad_full_bp=line.bad_full_bp,
    )


def _received_at(part: LockedPart, carrying: list[Shipment]) -> datetime | None:
    """When the last parcel with the line arrived; a buyer who confirmed has what no carrier reported."""
    arrived = [parcel.delivered_at for parcel in carrying if parcel.delivered_at is not None]
    if len(arrived) == len(carrying):
        return max(arrived)
    return part.delivered_at if part.completed_at is not None else None
