"""By when goods leave the house, counted over the days on which something can leave it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.fulfilment import Blackout
    from app.suppliers import Closure

OPEN_DAYS = 2
"""The 48 hours in which a paid order is shipped (domain handbook §3.5), as days after the day of payment."""

TOLD_AHEAD = timedelta(days=7)
"""So long before it begins a buyer is told of a pause."""

CARRIERS_STOP = "carriers_stop"
"""The reason of a pause in which the supplier would ship, but nobody collects."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing leaves the house from ``from_on`` to ``until_on``, both included; it does again on ``ships_from``.

    ``reason`` is one of ``suppliers.ClosureReason``, or ``carriers_stop``; ``note`` are the supplier's own words.
    """

    from_on: date
    until_on: date
    ships_from: date
    reason: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """By when one supplier's goods would leave the house if they were paid now, and what delays them or soon will."""

    ship_by: date
    pause: Pause | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days on which nothing leaves a supplier's house: its own closures, and days on which no carrier collects."""

    closures: tuple[Closure, ...] = ()
    stops: tuple[Blackout, ...] = ()

    def ships_from(self, day: date) -> date:
        """The first day from ``day`` on, itself included, on which something can leave."""
        while (until := max(self._covering(day), default=None)) is not None:
            day = until + _DAY
        return day

    def ship_by(self, paid_on: date) -> date:
        """The last day on which what was paid on ``paid_on`` leaves: the second open day after it.

        Hours of closed days do not count among the 48; who pays on one of them waits as if they had paid at its end.
        """
        day = paid_on
        for _ in range(OPEN_DAYS):
            day = self.ships_from(day + _DAY)
        return day

    def pause(self, today: date) -> Pause | None:
        """What delays goods today, or will within a week; None if nothing does."""
        spans = [(span.from_on, 0, span.to_on, str(span.reason), span.note) for span in self.closures]
        spans += [(stop.from_on, 1, stop.to_on, CARRIERS_STOP, None) for stop in self.stops]
        near = [span for span in spans if span[2] >= today and span[0] <= today + TOLD_AHEAD]
        if not near:
            return None
        from_on, _, _, reason, note = min(near, key=lambda span: span[:2])
        ships_from = self.ships_from(max(from_on, today))
        return Pause(from_on, ships_from - _DAY, ships_from, reason, note)

    def promise(self, today: date) -> Promise:
        """What is told to somebody who would pay now."""
        return Promise(self.ship_by(today), self.pause(today))

    def _covering(self, day: date) -> Iterable[date]:
        both: tuple[Closure | Blackout, ...] = (*self.closures, *self.stops)
        return (span.to_on for span in both if span.from_on <= day <= span.to_on)
