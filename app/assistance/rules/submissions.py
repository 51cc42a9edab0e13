"""Reports as they were handed in, and what the ledger says differently since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.assistance.rules import Entry, Evidence, Kind

STATEMENT = "ledger-statement"
STATEMENT_DEFINITION = "1"
"""The report that assistance itself can hand in, and the version of what its columns mean."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A report that was handed in. ``sha256`` is that of its bytes, in hex; ``cut_off`` the last entry it knew.

    ``reproduced`` tells whether the ledger gives the same bytes again, None where only the bytes were kept.
    """

    id: UUID
    report: str
    definition: str
    parameters: Mapping[str, Any]
    cut_off: int
    rows: int
    media_type: str
    sha256: str
    submitted_at: datetime
    submitted_by: UUID
    reproduced: bool | None = None


@dataclass(frozen=True, slots=True)
class MonthChange:
    """What entries after a cut-off add to a month, by what they are and what stands behind them."""

    month: date
    kind: Kind
    evidence: Evidence
    entries: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that came after a cut-off, with its place.

    ``counted_here`` tells whether it counts within the days asked about; an entry that does not is shown because it
    happened in them, or corrects a sale that counts in them: its month was closed.
    """

    seq: int
    entry: Entry
    counted_here: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What the ledger says between two cut-offs: entries with places after ``after`` up to ``upto``.

    ``months`` sums all of them, ``items`` holds one page.
    """

    after: int
    upto: int
    net_fen: int
    months: tuple[MonthChange, ...]
    items: tuple[Change, ...]
