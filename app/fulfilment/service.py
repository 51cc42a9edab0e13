from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import emit
from app.core.ids import new_id
from app.fulfilment import queries
from app.fulfilment.events import ShipmentDelivered, ShipmentDispatched
from app.fulfilment.lifecycle import Step
from app.fulfilment.rules import Shipment, ShipmentExists, ShipmentLine, ShipmentStatus, check_label

_ENTER = text("""
WITH entered AS (
    INSERT INTO fulfilment_shipment (id, reference, supplier_id, carrier, tracking_number, status, dispatched_at)
    VALUES (:id, :reference, :supplier_id, :carrier, :tracking_number, :status, :now)
    ON CONFLICT (carrier, tracking_number, reference) DO NOTHING RETURNING id
)
INSERT INTO fulfilment_shipment_line (shipment_id, position, line_reference, sku, lot_code, quantity)
SELECT entered.id, line.position, line.reference, line.sku, line.lot_code, line.quantity
FROM entered, unnest(CAST(:line_references AS uuid[]), CAST(:skus AS text[]), CAST(:lot_codes AS text[]),
                     CAST(:quantities AS bigint[])) WITH ORDINALITY
     AS line (reference, sku, lot_code, quantity, position)
RETURNING 1
""")


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
    entered = await session.execute(
        _ENTER,
        {
            "id": shipment.id,
            "reference": reference,
            "supplier_id": supplier_id,
            "carrier": carrier,
            "tracking_number": tracking_number,
            "status": shipment.status.value,
            "now": now,
            "line_references": [line.line_reference for line in lines],
            "skus": [line.sku for line in lines],
            "lot_codes": [line.lot_code for line in lines],
            "quantities": [line.quantity for line in lines],
        },
    )
    if entered.first() is None:
        raise ShipmentExists
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
