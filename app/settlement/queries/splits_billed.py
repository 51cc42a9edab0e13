"""Splits beside the account of the provider that did them, as its bills tell."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_end, day_start
from app.payments import DifferenceKind, Found, Leg, RowKind

# What the platform got comes in there, what it gave back goes out, under our numbers. Around midnight a split may stand
# on the bill of the day beside; what only we have waits until the next day's bill is known.
_DIFFERENCES = text("""
WITH bills AS (
    SELECT id, day FROM payments_bill
    WHERE provider = :provider AND kind = 'fund_flow' AND replaced_at IS NULL AND day BETWEEN :day - 1 AND :day + 1
), billed AS (
    SELECT b.day, r.key, max(r.transaction) AS transaction, sum(r.amount_fen) AS fen
    FROM bills b JOIN payments_bill_row r ON r.bill_id = b.id AND r.kind = 'split' GROUP BY b.day, r.key
), own AS (
    SELECT x.number, x.ended_at, x.status, x.transaction,
           CASE x.kind WHEN 'give_back' THEN -x.amount_fen ELSE x.amount_fen END AS fen
    FROM settlement_split x JOIN settlement_payout y ON y.id = x.payout_id AND y.provider = :provider
    WHERE x.kind <> 'unfreeze' AND (x.number IN (SELECT key FROM billed)
          OR (x.status = 'finished' AND x.ended_at >= :since AND x.ended_at < :until))
)
SELECT b.key, b.transaction, o.fen, b.fen, o.status FROM billed b LEFT JOIN own o ON o.number = b.key
WHERE b.day = :day AND (o.fen IS DISTINCT FROM b.fen OR o.status <> 'finished')
UNION ALL
SELECT o.number, o.transaction, o.fen, NULL, o.status FROM own o
WHERE o.status = 'finished' AND o.ended_at >= :since AND o.ended_at < :until
  AND NOT EXISTS (SELECT FROM billed b WHERE b.key = o.number)
""")
_NEXT = text("""
SELECT EXISTS (SELECT FROM payments_bill WHERE provider = :provider AND kind = 'fund_flow' AND replaced_at IS NULL
               AND day = :day + 1)
""")


async def differences(session: AsyncSession, provider: str, day: date) -> list[Found]:
    """What differs between our splits and a provider's account on a day."""
    asked = {"provider": provider, "day": day, "since": day_start(day), "until": day_end(day)}
    next_known = bool((await session.execute(_NEXT, {"provider": provider, "day": day})).scalar_one())
    return [_found(*row, next_known=next_known) for row in (await session.execute(_DIFFERENCES, asked)).all()]


def _found(
    number: str, transaction: str | None, ours: int | None, theirs: int | None, status: str | None, *, next_known: bool
) -> Found:
    if theirs is None:
        kind = DifferenceKind.SHORT
    elif ours is None:
        kind = DifferenceKind.LONG
    else:
        kind = DifferenceKind.AMOUNT if int(ours) != int(theirs) else DifferenceKind.STATUS
    return Found(
        kind=kind,
        leg=Leg.SPLITS,
        about=RowKind.SPLIT,
        key=number,
        transaction=transaction,
        ours_fen=None if ours is None else int(ours),
        theirs_fen=None if theirs is None else int(theirs),
        ours=status,
        theirs=None,
        waits=kind is DifferenceKind.SHORT and not next_known,
    )


_WITH_BILL = text("""
SELECT d.day FROM payments_reconciled_day d JOIN payments_bill b ON b.provider = d.provider AND b.day = d.day
     AND b.kind = 'fund_flow' AND b.replaced_at IS NULL
WHERE d.provider = :provider AND d.status = 'open' AND d.day BETWEEN :day - 1 AND :day + 1 ORDER BY d.day
""")


async def open_days_around(session: AsyncSession, provider: str, day: date) -> list[date]:
    """The day, and those beside it, as far as their accounts are known and they are not closed."""
    return list((await session.scalars(_WITH_BILL, {"provider": provider, "day": day})).all())
