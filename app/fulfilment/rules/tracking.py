"""What carriers say of parcels, in our own states, and who should look after one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.fulfilment.rules.parcels import TROUBLES, Shipment, TrackingState, Trouble

SILENCE = timedelta(days=5)
"""A parcel that nobody has heard of for so long is in trouble: two to four days are usual (domain handbook §5.1)."""

FOLLOWED = timedelta(days=45)
"""A parcel that has not arrived by then is asked about no longer."""


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """One thing that a carrier said of a parcel. ``text`` is the carrier's own, with names and numbers masked."""

    at: datetime
    state: TrackingState
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that a carrier has to say of one number; what was said before may be said again."""

    carrier: str
    tracking_number: str
    events: tuple[TrackingEvent, ...]


@dataclass(frozen=True, slots=True)
class Tracking:
    """A parcel and what was said of it, newest first."""

    shipment: Shipment
    events: tuple[TrackingEvent, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a parcel stands by all that was said of it; ``signed_at`` is when the buyer got it into their hands."""

    state: TrackingState
    at: datetime
    text: str
    signed_at: datetime | None

    @property
    def trouble(self) -> Trouble | None:
        """Whether somebody should look after it."""
        return TROUBLES.get(self.state.value)


_ORDER = {state: place for place, state in enumerate(TrackingState)}
_GOING_BACK = (TrackingState.REFUSED, TrackingState.RETURNING, TrackingState.RETURNED)
_EARLIEST = timedelta(days=7)
_AHEAD = timedelta(hours=12)
_LONGEST_TEXT = 300


def standing(events: Iterable[TrackingEvent]) -> Standing | None:
    """Where a parcel stands, in whatever order the events were heard; None when nothing was said.

    A signature after the parcel turned back is the sender's. A locker's is nobody's (domain handbook §5.2).
    """
    found = sorted(events, key=lambda event: (event.at, _ORDER[event.state]))
    if not found:
        return None
    signed_at = None
    for event in found:
        if event.state in _GOING_BACK:
            break
        if event.state is TrackingState.SIGNED:
            signed_at = event.at
            break
    return Standing(found[-1].state, found[-1].at, found[-1].text, signed_at)


def credible(events: Iterable[TrackingEvent], *, dispatched_at: datetime, now: datetime) -> list[TrackingEvent]:
    """Without what cannot be about this parcel: carriers use a number again, and clocks are wrong."""
    return [event for event in events if dispatched_at - _EARLIEST <= event.at <= now + _AHEAD]


_TELEPHONE = re.compile(r"(?<![0-9])(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})(?![0-9])", re.ASCII)
_PERSON = re.compile(
    r"(?P<role>(?:签收人|收件人|收货人|快递员|派件员|业务员|揽投员|配送员|投递员)(?:是|为)?[\s:：【\[(（,，]+)"
    r"(?P<name>[\u4e00-\u9fff·]{2,10}|[A-Za-z]{2,20})"
)
_NOBODY = re.compile(r"本人|他人|家人|家属|同事|朋友|邻居|邮件收发|单位|前台|物业|门卫|保安|代|柜|站|超市|店|正在|已")


def discreet(text: str) -> str:
    """A carrier's sentence with the names and numbers of people masked (domain handbook §3.2)."""

    def masked(found: re.Match[str]) -> str:
        return found[0] if _NOBODY.search(found["name"]) else f"{found['role']}{found['name'][0]}**"

    text = _TELEPHONE.sub(lambda found: f"{found[0][:3]}******{found[0][-2:]}", text)
    return _PERSON.sub(masked, text)[:_LONGEST_TEXT]
