"""What a review looks at and what it leaves behind, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.catalogue.rules.content import Difference, Document
from app.core.errors import Fault


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a version; ``reason`` is given with a rejection alone."""

    version: int
    decision: str
    reason: str | None
    differences: Sequence[dict[str, object]]
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A product as it is, as it would be (``proposed``, None without a change), and what was decided about it.

    ``change`` is where the proposed change stands; ``missing`` keeps what is proposed from being on sale.
    """

    id: UUID
    supplier_id: UUID
    document: Document
    status: str
    version: int
    published_at: datetime | None
    change: str | None
    proposed: Document | None
    differences: Sequence[Difference]
    missing: Sequence[Fault]
    reviews: Sequence[Decision]
