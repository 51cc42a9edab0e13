"""Which entries of the ledger somebody wants to see."""

from __future__ import annotations

from dataclasses import dataclass, fields
from uuid import UUID

from app.assistance.rules import Channel, Kind


@dataclass(frozen=True, slots=True)
class Wanted:
    """The values that an entry may have; ``None`` lets everything pass. ``division_code`` holds prefixes of codes.

    ``village`` is where the entry's lot came from, which its supplier wrote down when it was taken in.
    """

    kind: tuple[Kind, ...] | None = None
    category: tuple[str, ...] | None = None
    product_id: tuple[UUID, ...] | None = None
    sku: tuple[str, ...] | None = None
    supplier_id: tuple[UUID, ...] | None = None
    township_code: tuple[str, ...] | None = None
    village: tuple[str, ...] | None = None
    channel: tuple[Channel, ...] | None = None
    division_code: tuple[str, ...] | None = None
    partner_id: tuple[UUID, ...] | None = None

    @property
    def values(self) -> dict[str, tuple[object, ...]]:
        """What is asked for, by column."""
        return {one.name: found for one in fields(self) if (found := getattr(self, one.name)) is not None}


EVERYTHING = Wanted()
