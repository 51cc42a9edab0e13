"""What an overview of counted sales says, and what part of them it is asked about; no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Slice:
    """Whole months of one year, and the sales of them that are wanted; None lets everything pass.

    ``division`` is the beginning of a division code: ``37``, ``3701`` or ``370112``.
    """

    first: date
    last: date
    channel: str | None = None
    category: str | None = None
    supplier_id: UUID | None = None
    township_code: str | None = None
    village: str | None = None
    division: str | None = None

    @property
    def ends_on(self) -> date:
        """The last day of the last month."""
        return (self.last.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)

    @property
    def filters(self) -> dict[str, object]:
        """What is asked for, by column of the ledger."""
        wanted = {
            "channel": self.channel,
            "category": self.category,
            "supplier_id": self.supplier_id,
            "township_code": self.township_code,
            "village": self.village,
            "division_code": self.division,
        }
        return {column: value for column, value in wanted.items() if value is not None}

    @property
    def place_digits(self) -> int:
        """By how much of a division code places are told apart: counties within a city, else cities."""
        return 6 if self.division is not None and len(self.division) > 2 else 4  # noqa: PLR2004 - a province has two


class Sums(NamedTuple):
    """Figures of a piece; money in fen, ``net_fen`` is gross less refunded."""

    quantity: int = 0
    gross_fen: int = 0
    refunded_fen: int = 0

    @property
    def net_fen(self) -> int:
        """What counts."""
        return self.gross_fen - self.refunded_fen

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(*(one + two for one, two in zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class Piece:
    """One supplier or township, under the name of its days; or a village, empty where no lot says one."""

    key: str
    name: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Overview:
    """Counted sales of a slice, all of it from one snapshot.

    ``months`` are by the first of the month and include the same months of the year before; ``declared`` is the part
    of them that only vouchers from outside the platform stand behind, and ``declared_of`` that of each ``channel``,
    ``category``, ``supplier``, ``township`` or ``place``. ``places`` are by the beginning of a division
    code and category. ``undelivered_facts`` have happened and are in none of the figures.
    """

    wanted: Slice
    as_of: datetime
    undelivered_facts: int
    months: Mapping[tuple[date, str], Sums]
    declared: Mapping[date, Sums]
    declared_of: Mapping[tuple[str, str], Sums]
    places: Mapping[tuple[str, str], Sums]
    suppliers: Sequence[Piece]
    townships: Sequence[Piece]
    villages: Sequence[Piece]
    """By the villages of their lots, as net amounts alone."""
    known_suppliers: Sequence[tuple[str, str]]
    """Id and name of all there are, sold or not: what a page offers to choose from."""

    def _within(self, month: date) -> bool:
        return self.wanted.first <= month <= self.wanted.last

    def month(self, month: date) -> Sums:
        """A month over all channels."""
        return total(sums for (when, _), sums in self.months.items() if when == month)

    @property
    def total(self) -> Sums:
        """The whole slice."""
        return total(sums for (when, _), sums in self.months.items() if self._within(when))

    @property
    def declared_total(self) -> Sums:
        """Of the whole slice what was declared from outside."""
        return total(sums for when, sums in self.declared.items() if self._within(when))

    def declared_by(self, kind: str) -> dict[str, int]:
        """Net of what was declared from outside, by the keys of one kind of piece."""
        return {key: sums.net_fen for (of, key), sums in self.declared_of.items() if of == kind}

    @property
    def channels(self) -> dict[str, Sums]:
        """By channel."""
        found: dict[str, Sums] = {}
        for (when, channel), sums in self.months.items():
            if self._within(when):
                found[channel] = found.get(channel, Sums()).plus(sums)
        return found

    @property
    def categories(self) -> dict[str, Sums]:
        """By line of goods."""
        found: dict[str, Sums] = {}
        for (_, category), sums in self.places.items():
            found[category] = found.get(category, Sums()).plus(sums)
        return found


def total(pieces: Iterable[Sums]) -> Sums:
    """All pieces together."""
    whole = Sums()
    for piece in pieces:
        whole = whole.plus(piece)
    return whole


def a_year_before(month: date) -> date:
    """The same month of the year before."""
    return month.replace(year=month.year - 1)
