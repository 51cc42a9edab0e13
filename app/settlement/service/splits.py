"""Payouts that are split payment by payment: planned, asked for, answered, and ended when every request has ended.

A payout goes in two rounds. First the platform's share of every payment (or what it owes, out of earlier shares);
only when all of that worked is the rest set free for the supplier. So a share that the provider closes fails the payout
while nothing has left, and the next payout of the statement counts what was shared and makes up the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import payments, suppliers
from app.core.clock import local_day
from app.core.errors import NotFound
from app.core.ids import digits, new_id
from app.identity import Actor
from app.settlement.lifecycle import SplitStatus, SplitStep
from app.settlement.models import MerchantRow, PayoutRow, SplitRow
from app.settlement.queries import splits, splits_billed
from app.settlement.rules import Outcome
from app.settlement.rules.split import (
    NOT_BEFORE,
    RETURNABLE_FOR,
    Answer,
    CannotSplit,
    Merchant,
    Split,
    SplitKind,
    Wanted,
    plan,
    unfreezing,
)
from app.settlement.service.payouts import settle

_PREFIX = {SplitKind.SHARE: "FS", SplitKind.GIVE_BACK: "FT", SplitKind.UNFREEZE: "FJ"}


async def enter_merchant(
    session: AsyncSession, supplier_id: UUID, sub_mchid: str, *, by: Actor, now: datetime
) -> Merchant:
    """Say under which number the provider knows a supplier; another number than before is prepared anew.

    Raises ``NotFound``, ``MerchantTaken``.
    """
    await suppliers.get(session, supplier_id)
    row = await session.get(MerchantRow, supplier_id, with_for_update=True, populate_existing=True)
    if row is None:
        row = MerchantRow(supplier_id=supplier_id, sub_mchid=sub_mchid, entered_at=now, entered_by=by.account_id)
        session.add(row)
    elif row.sub_mchid != sub_mchid:
        row.sub_mchid, row.entered_at, row.entered_by = sub_mchid, now, by.account_id
        row.max_ratio_bp, row.prepared_at, row.asked_at = None, None, None
    await session.flush()
    return splits.merchant_view(row)


async def note_prepared(
    session: AsyncSession, supplier_id: UUID, sub_mchid: str, *, max_ratio_bp: int, now: datetime
) -> None:
    """The provider has made the platform a receiver of this merchant's money; nothing, if it is another by now."""
    row = await session.get(MerchantRow, supplier_id, with_for_update=True, populate_existing=True)
    if row is not None and row.sub_mchid == sub_mchid:
        row.max_ratio_bp, row.prepared_at = max_ratio_bp, now
        await session.flush()


async def lead_on(session: AsyncSession, *, provider: str, now: datetime, limit: int = 200) -> int:
    """Take every payout with no request open a step further; returns how many moved."""
    moved = 0
    for payout in await splits.lock_instructed(session, provider, limit):
        moved += await _lead_one_on(session, payout, now)
    await session.flush()
    return moved


async def _lead_one_on(session: AsyncSession, payout: PayoutRow, now: datetime) -> bool:
    made = await splits.of_payout(session, payout.id)
    if failed := next((one for one in made if one.status is SplitStatus.CLOSED), None):
        return await _end(session, payout, now, failure=failed.failure)
    try:
        merchant = await splits.merchant(session, payout.supplier_id)
    except NotFound:
        return await _end(session, payout, now, failure="NO_MERCHANT")
    held = await splits.held(session, payout.statement_id)
    if merchant.max_ratio_bp is None or any(one.captured_at > now - NOT_BEFORE for one in held):
        return False
    wanted: list[Wanted] = []
    moved = await splits.moved(session, payout.statement_id)
    if not made:
        since = now - RETURNABLE_FOR
        earlier = await splits.earlier_shares(session, merchant.sub_mchid, beside=payout.statement_id, since=since)
        left = payout.platform_fen - moved
        try:
            wanted = plan(left, held, earlier, provider=payout.provider, max_ratio_bp=merchant.max_ratio_bp)
        except CannotSplit as why:
            return await _end(session, payout, now, failure=why.code)
    if wanted := wanted or unfreezing(held):
        _ask(session, payout, merchant, wanted, now)
        return True
    if moved != payout.platform_fen:
        return False  # the platform transfers the rest by other means, and an operator notes it
    return await _end(session, payout, now, reference=payout.number)


def _ask(session: AsyncSession, payout: PayoutRow, merchant: Merchant, wanted: Sequence[Wanted], now: datetime) -> None:
    session.add_all(
        SplitRow(
            id=new_id(now),
            payout_id=payout.id,
            statement_id=payout.statement_id,
            number=f"{_PREFIX[one.kind]}{local_day(now):%Y%m%d}{digits(14)}",
            kind=one.kind.value,
            transaction=one.transaction,
            sub_mchid=merchant.sub_mchid,
            amount_fen=one.fen,
            back_of=one.back_of,
            status=SplitStatus.PLANNED.value,
            planned_at=now,
        )
        for one in wanted
    )


async def _end(
    session: AsyncSession, payout: PayoutRow, now: datetime, *, reference: str | None = None, failure: str | None = None
) -> bool:
    outcome = Outcome(payout.provider, payout.number, payout.amount_fen, reference, failure)
    return await settle(session, [outcome], now=now) == 1


async def take_unprepared(
    session: AsyncSession, *, pause: timedelta, now: datetime, limit: int
) -> list[tuple[UUID, str]]:
    """Merchants to be prepared at the provider: suppliers and their numbers there."""
    return await splits.take_unprepared(session, before=now - pause, now=now, limit=limit)


async def take_due(session: AsyncSession, *, pause: timedelta, now: datetime, limit: int) -> list[Split]:
    """Requests to be made or asked about now; each is left alone for a while then."""
    return await splits.take_due(session, before=now - pause, now=now, limit=limit)


async def note_answer(session: AsyncSession, split_id: UUID, answer: Answer, *, now: datetime) -> None:
    """Write down what the provider says of a request; its last word stays, whatever it may say later."""
    row = await splits.lock(session, split_id)
    if answer.ended:
        if row.take(SplitStep.CLOSE if answer.failure else SplitStep.FINISH):
            row.provider_reference, row.failure, row.ended_at = answer.reference or None, answer.failure, now
    elif row.take(SplitStep.ACCEPT):
        row.provider_reference = answer.reference
    await session.flush()


async def compare_splits(session: AsyncSession, provider: str, day: date, *, now: datetime) -> None:
    """A bill of the provider's account came in: whatever differs from our splits stands in the queue of its day.

    The days beside are looked at too, because of midnight. Closed days stay as they are.
    """
    for one in await splits_billed.open_days_around(session, provider, day):
        found = await splits_billed.differences(session, provider, one)
        await payments.note_split_differences(session, provider, one, found, now=now)
