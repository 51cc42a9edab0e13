"""What a partner owes beyond its day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.wholesale.queries.statements import FREE
from app.wholesale.rules.money import Ageing

_OVERDUE = text("""
SELECT coalesce(CAST(sum(payable_fen - paid_fen) AS bigint), 0) FROM wholesale_statement
WHERE partner_id = :partner_id AND status IN ('confirmed', 'invoiced', 'partially_paid') AND due_on < :today
  AND paid_fen < payable_fen
""")


async def overdue_fen(session: AsyncSession, partner_id: UUID, *, today: date) -> int:
    """What is unpaid of the partner's statements whose day of payment is over, in fen."""
    ((total,),) = await ask(session, _OVERDUE, {"partner_id": partner_id, "today": today})
    return int(total)


_AGEING = text(f"""
SELECT p.id, p.name,
       coalesce(CAST(sum(s.fen) FILTER (WHERE s.days <= 0) AS bigint), 0),
       coalesce(CAST(sum(s.fen) FILTER (WHERE s.days BETWEEN 1 AND 15) AS bigint), 0),
       coalesce(CAST(sum(s.fen) FILTER (WHERE s.days BETWEEN 16 AND 30) AS bigint), 0),
       coalesce(CAST(sum(s.fen) FILTER (WHERE s.days BETWEEN 31 AND 60) AS bigint), 0),
       coalesce(CAST(sum(s.fen) FILTER (WHERE s.days > 60) AS bigint), 0),
       coalesce(CAST(sum(s.fen) AS bigint), 0),
       (SELECT coalesce(CAST(sum(amount_fen - applied_fen - refunded_fen) AS bigint), 0) FROM wholesale_remittance
        WHERE partner_id = p.id),
       (SELECT coalesce(CAST(sum(-s.payable_fen) AS bigint), 0) FROM wholesale_statement s
        WHERE s.partner_id = p.id AND {FREE})
FROM partners_partner p
LEFT JOIN (SELECT partner_id, payable_fen - paid_fen AS fen, CAST(:today AS date) - due_on AS days
           FROM wholesale_statement
           WHERE status IN ('confirmed', 'invoiced', 'partially_paid') AND paid_fen < payable_fen) s
  ON s.partner_id = p.id
WHERE CAST(:partner_id AS uuid) IS NULL OR p.id = CAST(:partner_id AS uuid)
GROUP BY p.id ORDER BY p.code
""")


async def ageing(session: AsyncSession, *, today: date, partner_id: UUID | None = None) -> list[Ageing]:
    """What partners have to pay of confirmed statements, by how long it is overdue; by partner."""
    return [
        Ageing(
            partner_id=of,
            partner_name=name,
            not_due_fen=not_due,
            days_1_15_fen=first,
            days_16_30_fen=second,
            days_31_60_fen=third,
            over_60_fen=more,
            total_fen=total,
            unapplied_fen=unapplied,
            credit_fen=credit,
        )
        for of, name, not_due, first, second, third, more, total, unapplied, credit in await ask(
            session, _AGEING, {"today": today, "partner_id": partner_id, "statement_id": None}
        )
    ]
