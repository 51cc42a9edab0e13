"""Names and plates that the version before wrote down in clear are sealed, as today's are when they come."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.sealing import keys
from app.wholesale.models import DeliveryRow, ReceiptRow
from app.wholesale.queries.deliveries import PLATE
from app.wholesale.queries.receipts import INSPECTOR


async def seal_names(session: AsyncSession, *, limit: int) -> int:
    """Seal up to ``limit`` of each that stand in clear, also such as a process of that version writes meanwhile.

    Returns the greater number of the two.
    """
    receipts = select(ReceiptRow).where(ReceiptRow.inspector.is_not(None)).order_by(ReceiptRow.id).limit(limit)
    named = list(await session.scalars(receipts.with_for_update(skip_locked=True)))
    for row in named:
        row.inspector_sealed, row.inspector = keys().seal(row.inspector or "", INSPECTOR), None
    notes = select(DeliveryRow).where(DeliveryRow.vehicle_plate.is_not(None)).order_by(DeliveryRow.id).limit(limit)
    plated = list(await session.scalars(notes.with_for_update(skip_locked=True)))
    for note in plated:
        note.vehicle_plate_sealed, note.vehicle_plate = keys().seal(note.vehicle_plate or "", PLATE), None
    await session.flush()
    return max(len(named), len(plated))
