"""Errands of the clock to a provider that splits payment by payment: no transaction is open while it is spoken to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from structlog import get_logger

from app.core.db import Database
from app.settlement import service
from app.settlement.gateways import Desk, NotAccepted, Refused
from app.settlement.lifecycle import SplitStatus
from app.settlement.rules.split import Answer, Split

log = get_logger("settlement")

Round = Callable[[Database, datetime], Awaitable[int]]
_AT_A_TIME = 8
_OURS_TO_MEND = frozenset((401, 403))
"""The provider does not know us, or does not let us: nothing is wrong with what was asked."""


def splitting(desk: Desk, *, provider: str, pause: timedelta) -> Round:
    """A round of what waits at the provider: merchants to prepare, payouts to lead on, requests to make or ask about.

    What is spoken of is marked first and for good, so that several workers do not speak of the same; what got no
    answer has its next turn after ``pause``, under the same number.
    """

    async def go(db: Database, now: datetime) -> int:
        async with db.write() as session:
            merchants = await service.take_unprepared(session, pause=pause, now=now, limit=_AT_A_TIME)
        for supplier_id, sub_mchid in merchants:
            ratio = await _prepared(desk, sub_mchid, now)
            if ratio is not None:
                async with db.write() as session:
                    await service.note_prepared(session, supplier_id, sub_mchid, max_ratio_bp=ratio, now=now)
        async with db.write() as session:
            moved = await service.lead_on(session, provider=provider, now=now)
        async with db.write() as session:
            due = await service.take_due(session, pause=pause, now=now, limit=_AT_A_TIME)
        answers = await asyncio.gather(*(_answer(desk, split, now) for split in due))
        for split, answer in zip(due, answers, strict=True):
            if answer is not None:
                async with db.write() as session:
                    await service.note_answer(session, split.id, answer, now=now)
        return len(merchants) + moved + len(due)

    return go


async def _prepared(desk: Desk, sub_mchid: str, now: datetime) -> int | None:
    try:
        return await desk.prepare(sub_mchid, now=now)
    except (NotAccepted, Refused) as error:
        log.warning("split_not_prepared", error=str(error))
        return None


async def _answer(desk: Desk, split: Split, now: datetime) -> Answer | None:
    """What the provider says; None while nobody knows. A refusal counts once it turns out to know of no such request.

    A request whose answer was lost may have been taken, and a second one may then be refused for that.
    """
    try:
        known = await desk.ask(split, now=now) if split.status is SplitStatus.PROCESSING else None
        return known or await desk.tell(split, now=now)
    except NotAccepted as error:
        log.warning("split_not_answered", number=split.number, error=str(error))
        return None
    except Refused as refused:
        log.warning("split_refused", number=split.number, error=str(refused))
        if refused.http_status in _OURS_TO_MEND:
            return None
        code = refused.code
    try:
        known = await desk.ask(split, now=now)
    except (NotAccepted, Refused) as error:
        log.warning("split_not_answered", number=split.number, error=str(error))
        return None
    return known or Answer("", done=False, failure=code)
