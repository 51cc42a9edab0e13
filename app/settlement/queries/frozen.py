"""What providers still keep of payments that should have been split by now."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.rules.frozen import FrozenMoney, frozen_until

# Split is what stands on a statement that was paid, or on a carried one before such; a bank keeps nothing to be split.
_NEAR = text("""
SELECT s.id AS supplier_order_id, y.id AS payment_id, y.provider, y.provider_transaction AS transaction,
       o.number AS order_number, s.supplier_id, c.name AS supplier_name, s.status AS order_status,
       t.number AS statement_number, t.status AS statement_status, s.amount_fen - s.refunded_fen AS held_fen,
       y.captured_at
FROM payments_payment y JOIN orders_order o ON o.payment_id = y.id JOIN orders_supplier_order s ON s.order_id = o.id
JOIN suppliers_supplier c ON c.id = s.supplier_id
LEFT JOIN LATERAL (
    SELECT n.* FROM settlement_posting p JOIN settlement_statement_row r ON r.posting_id = p.id
    JOIN settlement_statement n ON n.id = r.statement_id WHERE p.kind = 'sale' AND p.source_id = s.id LIMIT 1) t ON true
WHERE y.status = 'captured' AND y.provider <> 'bank_transfer' AND y.captured_at <= :before
  AND s.amount_fen > s.refunded_fen AND coalesce(t.status <> 'paid', true)
  AND NOT (t.status = 'carried' AND EXISTS (
      SELECT FROM settlement_statement n
      WHERE n.supplier_id = t.supplier_id AND n.month > t.month AND n.status = 'paid'))
  AND (CAST(:after AS timestamptz) IS NULL
       OR (y.captured_at, s.id) > (CAST(:after AS timestamptz), CAST(:last AS uuid)))
ORDER BY y.captured_at, s.id LIMIT :limit
""")


async def near_limit(
    session: AsyncSession,
    *,
    before: datetime,
    freeze_days: int,
    after: tuple[datetime, UUID] | None = None,
    limit: int | None,
) -> list[FrozenMoney]:
    """What was paid until ``before`` and is still to be split, the oldest payment first."""
    at, last = after or (None, None)
    rows = await session.execute(_NEAR, {"before": before, "after": at, "last": last, "limit": limit})
    return [FrozenMoney(**row, frozen_until=frozen_until(row["captured_at"], freeze_days)) for row in rows.mappings()]


_LOOKED = text("""
INSERT INTO settlement_frozen_look (day, parts, held_fen, until) VALUES (:day, 0, 0, NULL)
ON CONFLICT DO NOTHING RETURNING day
""")


async def first_look(session: AsyncSession, day: date) -> bool:
    """Whether nobody has looked on this day; whoever asks has, then."""
    return (await session.execute(_LOOKED, {"day": day})).first() is not None
