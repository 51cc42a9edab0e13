"""What is to be fetched from which lot, and for whom: decided the way ``inventory.ship`` will decide it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from app.buyers import Address
    from app.inventory import Batch

MOST_ORDERS = 200
"""A pile of paper that one round through the store can serve; the rest is on the next."""


@dataclass(frozen=True, slots=True)
class PackLine:
    """Of one SKU of an order: what can be sent now, what was sent before, and what waits for a harvest."""

    sku: str
    name: str
    category: str
    to_send: int
    shipped: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Pack:
    """One supplier order that has something to send. ``address`` is masked: paper goes through many hands."""

    supplier_order_id: UUID
    number: str
    channel: str
    supplier_name: str
    paid_at: datetime
    address: Address
    ship_by: date | None
    lines: tuple[PackLine, ...]

    @property
    def pieces(self) -> int:
        """What goes into the parcel now."""
        return sum(line.to_send for line in self.lines)


@dataclass(frozen=True, slots=True)
class Fetch:
    """Pieces of one SKU out of one lot; ``missing`` ones are owed but lie nowhere that may be sent."""

    sku: str
    name: str
    lot_code: str | None
    best_before: date | None
    quantity: int
    missing: bool = False


def fetches(packs: Sequence[Pack], stock: Mapping[str, Sequence[Batch]]) -> list[list[Fetch]]:
    """For each of ``packs``, in their order, what is fetched for it: who paid first gets what leaves first."""
    left = {sku: [batch.quantity for batch in batches] for sku, batches in stock.items()}
    found: list[list[Fetch]] = []
    for pack in packs:
        mine: list[Fetch] = []
        for line in pack.lines:
            wanted = line.to_send
            for place, batch in enumerate(stock.get(line.sku, ())):
                if taken := min(wanted, left[line.sku][place]):
                    left[line.sku][place] -= taken
                    wanted -= taken
                    mine.append(Fetch(line.sku, line.name, batch.lot_code, batch.best_before, taken))
            if wanted:
                mine.append(Fetch(line.sku, line.name, None, None, wanted, missing=True))
        found.append(mine)
    return found


def summed(fetched: Iterable[Sequence[Fetch]]) -> list[Fetch]:
    """What to take from each lot for all of them together: SKU by SKU, each lot once, in the order of leaving."""
    sums: dict[tuple[str, str | None, bool], Fetch] = {}
    for mine in fetched:
        for one in mine:
            key = one.sku, one.lot_code, one.missing
            before = sums[key].quantity if key in sums else 0
            sums[key] = Fetch(
                one.sku, one.name, one.lot_code, one.best_before, before + one.quantity, missing=one.missing
            )
    return sorted(sums.values(), key=lambda one: (one.sku, one.missing))  # stable: lots stay in the order of leaving
