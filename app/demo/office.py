"""What the counties' officers do: close each month, and say how far what sales cannot measure has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import assistance, files, settlement
from app.core.clock import day_start, local_day
from app.core.settings import FileSettings
from app.demo.county import County
from app.demo.households import Households

Act = Callable[[AsyncSession, datetime], Any]
_CLOSED_AFTER = timedelta(days=5, hours=15)
"""On the 6th, when what came late by the 5th is in (domain handbook §2.8)."""
_ENTERED_AFTER = timedelta(days=2, hours=16)
_WAITING = 2
"""So many figures wait for the second officer: the desk has something to do."""


@dataclass(slots=True)
class Office:
    """Two officers, of whom one enters and the other approves; ``at`` lets something happen at a moment."""

    at: Callable[[datetime, Act], None]
    county: County
    households: Households
    first: date
    until: date

    def enter(self) -> None:
        """Let what households were paid be entered after every month, and the month be closed in its time."""
        month = self.first.replace(day=1)
        while month <= self.until:
            following = settlement.following(month)
            self.at(day_start(following) + _ENTERED_AFTER, self._pay(following))
            self.at(day_start(following) + _CLOSED_AFTER, self._close(month))
            month = following

    def _pay(self, upto: date) -> Act:
        async def act(session: AsyncSession, now: datetime) -> None:
            await self.households.pay(session, upto, now)

        return act

    def _close(self, month: date) -> Act:
        async def act(session: AsyncSession, now: datetime) -> None:
            await assistance.close_month(session, month, by=self.county.officer, now=now)

        return act


async def report_progress(
    session: AsyncSession, county: County, papers: list[files.Prepared], settings: FileSettings, *, now: datetime
) -> int:
    """Enter how far each measure has come that no goal computes, each with its paper. Returns how many."""
    today = local_day(now)
    standing = await assistance.stand_year(session, today.year, today=today)
    entered = []
    for plan in standing.plans:
        for one in plan.measures:
            if one.measure.goal_code is not None:
                continue
            kept = await files.keep(
                session,
                papers[one.measure.no % len(papers)],
                purpose=files.Purpose.EVIDENCE,
                by=county.officer,
                settings=settings,
                now=now,
            )
            progress = await assistance.enter_progress(
                session,
                plan.plan.id,
                one.measure.no,
                month=max(today.replace(day=1) - timedelta(days=1), date(today.year, 1, 1)).replace(day=1),
                value=_come_to(one.measure, today),
                note="按月报送（示例）",
                evidence=[kept.id],
                by=county.officer,
                now=now,
            )
            entered.append(progress.id)
    for progress_id in entered[:-_WAITING]:
        await assistance.decide_progress(
            session, progress_id, approve=True, note="凭证齐全（示例）", by=county.second_officer, now=now
        )
    return len(entered)


def _come_to(measure: assistance.Measure, today: date) -> int:
    """Some are ahead of the year, some behind it, and what is done is not overdone."""
    elapsed = today.timetuple().tm_yday * 100 // 365
    share = min(max(elapsed + (measure.no * 17) % 31 - 12, 0), 100)
    return measure.target * share // 100
