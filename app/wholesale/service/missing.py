"""What became of goods that were sent and never received: back in the stock-room, or lost (domain handbook §4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory
from app.identity import Actor
from app.wholesale import queries
from app.wholesale.queries import deliveries as reads
from app.wholesale.rules.missing import Found, Missing, MissingDecided, placed


async def decide_missing(
    session: AsyncSession, missing_id: UUID, found: Sequence[Found], *, note: str, by: Actor, now: datetime
) -> Missing:
    """Note what came back to the supplier and can be sold again; the rest is lost. Decided once.

    Credit was given back when the order was closed. Raises ``NotFound``, ``MissingDecided``, ``MoreThanMissing``,
    ``UnknownLotOfLine``, and ``LotExpired`` or ``LotCalledBack`` for what may not be sold again.
    """
    before = await reads.missing(session, missing_id)
    await queries.lock(session, before.po_id)
    row = await reads.lock_missing(session, missing_id)
    if row.decided_at is not None:
        raise MissingDecided
    back = placed(found, missing_units=row.units, lots=before.lots)
    row.returned_units = sum(units for units, _ in back)
    row.note, row.decided_by, row.decided_at = note, by.account_id, now
    await session.flush()
    if back:
        lines = [(before.sku, units, lot) for units, lot in back]
        await inventory.take_back(session, row.id, lines, by=by.account_id, now=now)
    return await reads.missing(session, missing_id)
