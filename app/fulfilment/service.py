from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import emit
from app.core.ids import new_id
from app.fulfilment import queries
from app.fulfilment.events import ShipmentDelivered, ShipmentDispatched
from app.fulfilment.lifecycle import Step
from app.fulfilment.models import ShipmentLineRow, ShipmentRow
from app.fulfilment.rules import Shipment, ShipmentExists, ShipmentLine, ShipmentStatus, check_label


async def dispatch(
    session: AsyncSession,
    *,
    reference: UUID,
    supplier_id: UUID,
    carrier: str,
    tracking_number: str,
    lines: Sequence[ShipmentLine],
    now: datetime,
    shipment_id: UUID | None = None,
) -> Shipment:
    """Enter a parcel that was handed to a carrier. At least one line, quantities of at least 1.

    ``shipment_id`` may be given by a caller who has to name the parcel elsewhere first.
    Raises ``UnknownCarrier``, ``InvalidTrackingNumber``, ``ShipmentExists``.
    """
    check_label(carrier, tracking_number)
    if not lines:
        raise ValueError("a parcel with nothing in it")
    shipment = Shipment(
        id=shipment_id or new_id(now),
        reference=reference,
        supplier_id=supplier_id,
        carrier=carrier,
        tracking_number=tracking_number,
        status=ShipmentStatus.DISPATCHED,
        dispatched_at=now,
        delivered_at=None,
        lines=tuple(lines),
    )
    entered = insert(ShipmentRow).values(
        id=shipment.id,
        reference=reference,
        supplier_id=supplier_id,
        carrier=carrier,
        tracking_number=tracking_number,
        status=shipment.status,
        dispatched_at=now,
    )
    key = [ShipmentRow.carrier, ShipmentRow.tracking_number, ShipmentRow.reference]
    entered = entered.on_conflict_do_nothing(index_elements=key)
    if (await session.execute(entered.returning(ShipmentRow.id))).first() is None:
        raise ShipmentExists
    await session.execute(
        insert(ShipmentLineRow).values(
            [
                {
                    "shipment_id": shipment.id,
                    "position": position,
                    "line_reference": line.line_reference,
                    "sku": line.sku,
                    "lot_code": line.lot_code,
                    "quantity": line.quantity,
                }
                for position, line in enumerate(lines, start=1)
            ]
        )
    )
    emit(
        session,
        ShipmentDispatched(
            shipment_id=shipment.id,
            reference=reference,
            supplier_id=supplier_id,
            carrier=carrier,
            tracking_number=tracking_number,
            at=now,
        ),
    )
    return shipment


async def deliver(session: AsyncSession, shipment_id: UUID, *, supplier_id: UUID, now: datetime) -> Shipment:
    """Note that the supplier's own parcel was signed for; a second time changes nothing. Raises ``NotFound``."""
    row = await queries.lock(session, shipment_id, supplier_id=supplier_id)
    if row.take(Step.DELIVER):
        row.delivered_at = now
        emit(
            session,
            ShipmentDelivered(shipment_id=row.id, reference=row.reference, supplier_id=row.supplier_id, at=now),
        )
        await session.flush()
    return row.value()
