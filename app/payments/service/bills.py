"""The daily reconciliation: our books, the provider's trades and its account, until nothing is unexplained."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_end
from app.core.events import emit
from app.core.ids import new_id
from app.payments.events import BillImported
from app.payments.lifecycle import DayStep
from app.payments.models import BillFileRow, BillLineRow, DifferenceRow, ReconciledDayRow
from app.payments.queries import bills
from app.payments.rules import Provider
from app.payments.rules.bills import (
    Bill,
    BillHashDiffers,
    BillKind,
    BillOfAnotherDay,
    BillsMissing,
    Day,
    DayIsClosed,
    DayNotReady,
    DayStatus,
    Difference,
    Found,
    Leg,
    compare,
)

_CHUNK = 2_000
_FIGURES = ("ours_fen", "theirs_fen", "ours", "theirs")


async def import_bill(
    session: AsyncSession, provider: str, day: date, bill: Bill, *, sha1: str | None, by: UUID, now: datetime
) -> Day:
    """Take in a provider's bill of a day, and compare the day if both of its bills are there.

    The same bill again changes nothing but compares anew; another one takes the place of the one before, unless the
    day is closed. Raises ``BillHashDiffers``, ``BillOfAnotherDay``, ``DayIsClosed``.
    """
    if sha1 is not None and sha1.lower() != bill.sha1:
        raise BillHashDiffers
    if any(bills.day_of(row.at) != day for row in bill.rows):
        raise BillOfAnotherDay(day=day)
    row = await bills.lock_day(session, provider, day)
    before = await bills.bill(session, provider, day, bill.kind)
    if before is None or before.sha256 != bill.sha256:
        _refuse_closed(row)
        if before is not None:
            before.replaced_at = now
            await session.flush()
        bill_id = await _keep(session, provider, day, bill, by=by, now=now)
        emit(session, BillImported(bill_id=bill_id, provider=Provider(provider), kind=bill.kind, day=day, at=now))
    if row.status == DayStatus.OPEN and await _missing(session, provider, day) == []:
        await _compare(session, row, now)
    return await bills.day(session, provider, day)


async def _keep(session: AsyncSession, provider: str, day: date, bill: Bill, *, by: UUID, now: datetime) -> UUID:
    kept = BillFileRow(
        id=new_id(now),
        provider=provider,
        kind=bill.kind.value,
        day=day,
        sha1=bill.sha1,
        sha256=bill.sha256,
        row_count=len(bill.rows),
        imported_at=now,
        imported_by=by,
    )
    session.add(kept)
    await session.flush()
    for start in range(0, len(bill.rows), _CHUNK):
        rows = [
            {
                "bill_id": kept.id,
                "position": start + at,
                "kind": row.kind.value,
                "at": row.at,
                "transaction": row.transaction,
                "key": row.key,
                "amount_fen": row.amount_fen,
                "fee_fen": row.fee_fen,
                "state": row.state,
                "rate_bp": row.rate_bp,
            }
            for at, row in enumerate(bill.rows[start : start + _CHUNK], start=1)
        ]
        await session.execute(insert(BillLineRow), rows)
    return kept.id


async def _missing(session: AsyncSession, provider: str, day: date) -> list[BillKind]:
    return [kind for kind in BillKind if await bills.bill(session, provider, day, kind) is None]


async def compare_day(session: AsyncSession, provider: str, day: date, *, now: datetime) -> Day:
    """Compare a day again: what was put right is gone, what is new is found.

    Raises ``DayNotFound``, ``DayIsClosed``, ``BillsMissing``.
    """
    row = await bills.lock_known_day(session, provider, day)
    _refuse_closed(row)
    if missing := await _missing(session, provider, day):
        raise BillsMissing(kinds=", ".join(missing))
    await _compare(session, row, now)
    return await bills.day(session, provider, day)


async def _compare(session: AsyncSession, row: ReconciledDayRow, now: datetime) -> None:
    provider, day = row.provider, row.day
    rows = {}
    for kind in BillKind:
        kept = await bills.bill(session, provider, day, kind)
        rows[kind] = [] if kept is None else await bills.lines(session, kept.id)
    trades = rows[BillKind.TRADE]
    beside, next_known = await bills.keys_beside(session, provider, day)
    found = compare(
        await bills.own_of_day(session, provider, day),
        await bills.own_named(session, provider, trades),
        trades,
        beside,
        rows[BillKind.FUND_FLOW],
        next_known=next_known,
    )
    await _settle_differences(session, row, found, {Leg.TRADE, Leg.FUNDS}, now)
    row.compared_at = now
    await session.flush()


async def _settle_differences(
    session: AsyncSession, row: ReconciledDayRow, found: Sequence[Found], legs: Collection[Leg], now: datetime
) -> None:
    """Keep what was found of these legs; what was known of them and not found again is gone."""
    known = {
        (one.leg, one.about, one.key, one.kind): one
        for one in await bills.differences_of(session, row.provider, row.day)
        if one.leg in legs
    }
    for one in found:
        _note(session, row, known.pop((one.leg.value, one.about.value, one.key, one.kind.value), None), one, now)
    for gone in known.values():
        gone.gone_at = gone.gone_at or now


async def note_split_differences(
    session: AsyncSession, provider: str, day: date, found: Sequence[Found], *, now: datetime
) -> None:
    """What differs between the splits of a day and its account, all of it; a day that is closed keeps what it has.

    ``found`` is of the leg of splits. Raises ``DayNotFound``.
    """
    row = await bills.lock_known_day(session, provider, day)
    if row.status == DayStatus.OPEN:
        await _settle_differences(session, row, found, {Leg.SPLITS}, now)
        await session.flush()


def _note(
    session: AsyncSession, day: ReconciledDayRow, known: DifferenceRow | None, found: Found, now: datetime
) -> None:
    if known is None:
        known = DifferenceRow(
            id=new_id(now),
            provider=day.provider,
            day=day.day,
            kind=found.kind.value,
            leg=found.leg.value,
            about=found.about.value,
            key=found.key,
            transaction=found.transaction,
            found_at=now,
        )
        session.add(known)
    elif any(getattr(known, name) != getattr(found, name) for name in _FIGURES):
        # What was explained was something else.
        known.explanation, known.explained_by, known.explained_at = None, None, None
    for name in _FIGURES:
        setattr(known, name, getattr(found, name))
    known.waits, known.gone_at = found.waits, None


async def explain(
    session: AsyncSession, difference_id: UUID, *, explanation: str, by: UUID, now: datetime
) -> Difference:
    """Say why something differs; said again, the last word counts. Raises ``NotFound``, ``DayIsClosed``."""
    row = await bills.lock_difference(session, difference_id)
    _refuse_closed(await bills.lock_known_day(session, row.provider, row.day))
    row.explanation, row.explained_by, row.explained_at = explanation, by, now
    await session.flush()
    return bills.view(row)


async def close_day(session: AsyncSession, provider: str, day: date, *, by: UUID, now: datetime) -> Day:
    """Close a day for good: it is over, both bills are there, and what differs is gone or explained.

    It is compared once more before. Raises ``DayNotFound``, ``DayIsClosed``, ``DayNotReady``, ``BillsMissing``.
    """
    row = await bills.lock_known_day(session, provider, day)
    _refuse_closed(row)
    if now < day_end(day):
        raise DayNotReady(day=day, why_zh="这一天尚未结束", why="it is not over")
    if missing := await _missing(session, provider, day):
        raise BillsMissing(kinds=", ".join(missing))
    await _compare(session, row, now)
    seen = await bills.day(session, provider, day)
    if left := seen.open + seen.waiting:
        raise DayNotReady(day=day, why_zh=f"还有 {left} 项差异未说明", why=f"{left} differences are not explained")
    if not row.take(DayStep.CLOSE):
        raise DayIsClosed(day=day)
    row.closed_at, row.closed_by = now, by
    await session.flush()
    return await bills.day(session, provider, day)


def _refuse_closed(row: ReconciledDayRow) -> None:
    if row.status == DayStatus.CLOSED:
        raise DayIsClosed(day=row.day)
