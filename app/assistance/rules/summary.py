"""By what the ledger is summed beforehand, and which of these sums answers a question; no database.

Amounts add up over anything; orders do not: an order with tea and oranges is one order of the county and one of each.
So there is a view for each set of goods columns that an order may be counted by. Over time and over what belongs to
the whole order (channel, place, partner) a count adds up again, if each row knows when the same order was last seen
before: within a period an order counts where it is not preceded by a day of that period.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

GOODS = ("category", "product_id", "sku", "supplier_id", "township_code")
"""What differs between the lines of an order."""
BUYER = ("channel", "division_code", "partner_id")
"""What belongs to the order as a whole."""
NAMED = {
    "product_id": "product_name",
    "supplier_id": "supplier_name",
    "township_code": "township",
    "partner_id": "partner_name",
}
"""Columns beside which the ledger keeps a name. Who changed it has two cells; a report shows the name of its days."""
FIGURES = ("entries", "quantity", "weight_g", "gross_fen", "refunded_fen", "orders")

_DECIDES = {"sku": GOODS, "product_id": ("category", "supplier_id", "township_code")}
"""Within one order an article has one product and a product one category, supplier and township, each under one name:
they were frozen on its lines at the same moment. Orders that break this are kept apart."""


@dataclass(frozen=True, slots=True)
class View:
    """One way in which the ledger is summed: by day or month, and by these columns."""

    code: int
    by: str
    """``day`` or ``month``: what its rows are of."""
    goods: tuple[str, ...]
    buyer: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that a row of it has."""
        return (*self.goods, *self.buyer)


def _closed(columns: Iterable[str]) -> tuple[str, ...]:
    """Goods columns with those that they decide."""
    found = set(columns)
    for column in tuple(found):
        found |= set(_DECIDES.get(column, ()))
    return tuple(column for column in GOODS if column in found)


_COARSE = ((), ("category",), ("supplier_id",), ("township_code",), ("product_id",), ("sku",))
_PAIRS = (("category", "supplier_id"), ("category", "township_code"), ("supplier_id", "township_code"))


def with_names(columns: Iterable[str]) -> tuple[str, ...]:
    """Columns, and then the names that the ledger keeps beside some of them."""
    kept = tuple(columns)
    return (*kept, *(NAMED[column] for column in kept if column in NAMED))


PROJECTIONS: tuple[tuple[str, ...], ...] = tuple(_closed(columns) for columns in (*_COARSE, *_PAIRS))
"""The sets of goods columns by which orders are counted."""

# A code is written on every row, so it stays what it is; new views get new codes. Places times articles are left to the
# ledger: there are nearly as many of such cells as entries, so to keep them would cost more than it saves.
VIEWS: tuple[View, ...] = (
    *(View(1 + place, "month", goods, ("channel",)) for place, goods in enumerate(PROJECTIONS)),
    *(View(10 + place, "day", goods, ("channel",)) for place, goods in enumerate(PROJECTIONS[: len(_COARSE)])),
    *(View(16 + place, "month", goods, BUYER) for place, goods in enumerate(PROJECTIONS[:2])),
    *(View(22 + place, "day", goods, BUYER) for place, goods in enumerate(PROJECTIONS[:2])),
)

_BY_SHAPE = {(view.by, view.goods, view.buyer): view for view in VIEWS}


def view_for(columns: Collection[str], by: str) -> View | None:
    """The smallest view that can be grouped by these columns; None where only the ledger itself can answer."""
    unknown = set(columns) - set(GOODS) - set(BUYER)
    if unknown:
        raise ValueError(f"not a column of the ledger's sums: {sorted(unknown)}")
    goods = _closed(set(columns) & set(GOODS))
    buyer = BUYER if set(columns) & set(BUYER[1:]) else BUYER[:1]
    return _BY_SHAPE.get((by, goods, buyer))
