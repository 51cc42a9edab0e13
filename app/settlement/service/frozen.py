"""Looking every day for money that its provider will soon no longer keep to be split."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import local_day
from app.core.events import emit
from app.settlement.events import MoneyNearFreezeLimit
from app.settlement.models import FrozenRow
from app.settlement.queries import frozen
from app.settlement.rules.frozen import near_before

_FORGET = text("DELETE FROM settlement_frozen WHERE NOT supplier_order_id = ANY(CAST(:ids AS uuid[]))")
_NOTE = text("UPDATE settlement_frozen_look SET parts = :parts, held_fen = :held_fen, until = :until WHERE day = :day")


async def watch_freeze(session: AsyncSession, *, freeze_days: int, warning_days: int, now: datetime) -> int:
    """Once a day, see what is near the limit; what was not yesterday is announced. Returns how much is near it.

    What was split meanwhile is forgotten, and would be announced again. A day that was looked at gives 0.
    """
    day = local_day(now)
    if not await frozen.first_look(session, day):
        return 0
    before = near_before(now, freeze_days=freeze_days, warning_days=warning_days)
    near = await frozen.near_limit(session, before=before, freeze_days=freeze_days, limit=None)
    await session.execute(_FORGET, {"ids": [one.supplier_order_id for one in near]})
    known = set(await session.scalars(select(FrozenRow.supplier_order_id)))
    for one in near:
        if one.supplier_order_id in known:
            continue
        session.add(
            FrozenRow(
                supplier_order_id=one.supplier_order_id,
                payment_id=one.payment_id,
                supplier_id=one.supplier_id,
                held_fen=one.held_fen,
                frozen_until=one.frozen_until,
                noticed_at=now,
            )
        )
        emit(
            session,
            MoneyNearFreezeLimit(
                supplier_order_id=one.supplier_order_id,
                payment_id=one.payment_id,
                supplier_id=one.supplier_id,
                held_fen=one.held_fen,
                frozen_until=one.frozen_until,
                at=now,
            ),
        )
    held_fen, until = sum(one.held_fen for one in near), min((one.frozen_until for one in near), default=None)
    await session.execute(_NOTE, {"day": day, "parts": len(near), "held_fen": held_fen, "until": until})
    await session.flush()
    return len(near)
