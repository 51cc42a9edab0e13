"""What a partner owes beyond its day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask

_OVERDUE = text("""
SELECT coalesce(CAST(sum(payable_fen - paid_fen) AS bigint), 0) FROM wholesale_statement
WHERE partner_id = :partner_id AND status NOT IN ('draft', 'paid') AND due_on < :today AND paid_fen < payable_fen
""")


async def overdue_fen(session: AsyncSession, partner_id: UUID, *, today: date) -> int:
    """What is unpaid of the partner's statements whose day of payment is over, in fen."""
    ((total,),) = await ask(session, _OVERDUE, {"partner_id": partner_id, "today": today})
    return int(total)
