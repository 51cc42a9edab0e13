"""How much of its life a lot must have left for whom, and which of the lots that have goes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

CONTRACT_SHARE_PCT = 67
"""Supermarkets take goods in only with two thirds of their life left (domain handbook §4.1, receiving)."""


class Unfit(StrEnum):
    """Why a lot is passed over."""

    RECALLED = "recalled"
    EXPIRED = "expired"
    TOO_LITTLE_LIFE = "too_little_life"


class Why(StrEnum):
    """Why pieces come from where they do."""

    NAMED = "named"
    EARLIEST_EXPIRY = "earliest_expiry"
    OLDEST_VINTAGE = "oldest_vintage"
    NO_LOT = "no_lot"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a buyer may expect of a lot: days, and a share of its whole life in per cent, that are left of it.

    With ``by_vintage`` the oldest make goes first instead of the earliest expiry: dark tea does not spoil with the
    years and is bought by them (domain handbook §1.3). A ``strict`` buyer was promised that life in writing: it holds
    for lots that somebody names as well, and pieces of no lot, of which nobody knows it, are not sent.
    """

    min_days: int = 0
    min_share_pct: int = 0
    by_vintage: bool = False
    strict: bool = False

    def unfit(self, *, best_before: date, made_on: date | None, recalled: bool, today: date) -> Unfit | None:
        """Why such a lot is not sent, or None. A lot is good on its last day."""
        if recalled:
            return Unfit.RECALLED
        left = (best_before - today).days
        if left < 0:
            return Unfit.EXPIRED
        life = (best_before - made_on).days if made_on is not None else 0
        if left < self.min_days or (life and left * 100 < life * self.min_share_pct):
            return Unfit.TOO_LITTLE_LIFE
        return None

    def place(self, *, best_before: date, made_on: date | None, code: str) -> tuple[date, date, str]:
        """Where a lot stands in the queue; the same lots always stand in the same order."""
        return (made_on or date.max) if self.by_vintage else best_before, best_before, code


ANY = Shelf()
"""Whatever is not past its date."""

_BY_CATEGORY: Mapping[str, Shelf] = {
    "golden-tea": Shelf(min_days=90),
    "dark-tea": Shelf(by_vintage=True),
    "camellia-oil": Shelf(min_days=90),
    "navel-orange": Shelf(min_days=7),
    "gift-set": Shelf(min_days=60),
}
"""What a consumer may expect, by root category: three months of tea and oil that keep for eighteen, a week of oranges
that keep for fifteen to twenty days, of which two or three are spent on the road (domain handbook §1.2, §1.4, §1.5)."""


def shelf_for(category: str, channel: str) -> Shelf:
    """What is expected of goods of a root category that are sold through a channel."""
    shelf = _BY_CATEGORY.get(category, ANY)
    if channel != "supermarket" or shelf.by_vintage:
        return shelf
    return Shelf(min_days=shelf.min_days, min_share_pct=CONTRACT_SHARE_PCT)
