from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from app.core.errors import NotFound
from app.fulfilment.models import ShipmentRow
from app.fulfilment.rules import Shipment


async def shipments_of(session: AsyncSession, references: Collection[UUID]) -> list[Shipment]:
    """The parcels sent for these references, first one first."""
    rows = await session.scalars(
        select(ShipmentRow)
        .where(ShipmentRow.reference.in_(references))
        .options(joinedload(ShipmentRow.lines))
        .order_by(ShipmentRow.dispatched_at, ShipmentRow.id)
        .execution_options(populate_existing=True)
    )
    return [row.value() for row in rows.unique()]


async def get(session: AsyncSession, shipment_id: UUID, *, supplier_id: UUID) -> Shipment:
    """The supplier's own shipment. Raises ``NotFound``, for another's too."""
    return (await _own(session, shipment_id, supplier_id, lock=False)).value()


async def lock(session: AsyncSession, shipment_id: UUID, *, supplier_id: UUID) -> ShipmentRow:
    """The supplier's own shipment, kept from others until the transaction ends. Raises ``NotFound``."""
    return await _own(session, shipment_id, supplier_id, lock=True)


async def _own(session: AsyncSession, shipment_id: UUID, supplier_id: UUID, *, lock: bool) -> ShipmentRow:
    wanted = (
        select(ShipmentRow)
        .where(ShipmentRow.id == shipment_id, ShipmentRow.supplier_id == supplier_id)
        .options(joinedload(ShipmentRow.lines))
        .execution_options(populate_existing=True)
    )
    found = await session.scalars(wanted.with_for_update(of=ShipmentRow) if lock else wanted)
    row = found.unique().one_or_none()
    if row is None:
        raise NotFound
    return row
