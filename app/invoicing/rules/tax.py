"""Which tax, on what, sold by whom, when: the dated table of ``tax.json`` (domain handbook §3.4).

The rate is the supplier's decision and is frozen on the line; the table says whether it is the expected one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.invoicing.rules import FREIGHT, Item, without_tax

_TABLE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "tax.json").read_text(encoding="utf-8"))
_PRODUCERS = frozenset({"coop", "family_farm"})


class UnknownTax(Exception):
    """The table has no rate for this: it must be completed before such goods are invoiced."""


@dataclass(frozen=True, slots=True)
class Seller:
    """A supplier as tax law sees it: ``kind`` and ``taxpayer`` in the words of the suppliers module."""

    name: str
    uscc: str
    kind: str
    taxpayer: str


@dataclass(frozen=True, slots=True)
class Sold:
    """Goods of one line as they remain after refunds. Amounts are fen with tax; ``gross_fen`` is before discount."""

    key: str
    category: str
    name: str
    spec: str
    quantity: int | None
    gross_fen: int
    net_fen: int
    rate_bp: int | None = None
    """As frozen on the line, 0 for exempt; None where nothing was frozen."""


def rate_of(goods: str, seller: Seller, day: date) -> int | None:
    """The rate in basis points on that day; None for exempt.

    A grower's own primary products are exempt, everything else of a grower is taxed like anybody's. Raises
    ``UnknownTax``.
    """
    kinds = ["producer"] if seller.kind in _PRODUCERS else []
    for kind in (*kinds, seller.taxpayer):
        for rate in _TABLE["rates"]:
            if kind == rate["seller"] and goods in rate["goods"]:
                until = rate.get("until")
                if date.fromisoformat(rate["from"]) <= day and (until is None or day < date.fromisoformat(until)):
                    found: int | None = rate["rate_bp"]
                    return found
    raise UnknownTax(f"{goods} sold by {seller.taxpayer} on {day}")


def items_of(sold: Sequence[Sold], freight_fen: int, seller: Seller, day: date) -> list[Item]:
    """The items of a blue invoice: what remains of each line, then the freight, which is a service of its own."""
    items = [_item(one, seller, day) for one in sold if one.net_fen > 0]
    if freight_fen > 0:
        items.append(_item(Sold(FREIGHT, FREIGHT, "运费", "", None, freight_fen, freight_fen), seller, day))
    return items


def _item(sold: Sold, seller: Seller, day: date) -> Item:
    goods = FREIGHT if sold.category == FREIGHT else _TABLE["goods"][sold.category]
    kind = _TABLE["classes"][goods]
    frozen = sold.rate_bp is not None
    rate = (sold.rate_bp or None) if frozen else rate_of(goods, seller, day)
    amount = without_tax(sold.net_fen, rate)
    return Item(
        key=sold.key,
        short_name=kind["short_name"],
        name=sold.name,
        spec=sold.spec,
        unit="件" if sold.quantity else "",
        quantity=sold.quantity,
        rate_bp=rate,
        gross_fen=sold.gross_fen,
        amount_fen=amount,
        tax_fen=sold.net_fen - amount,
        code=kind["code"],
        confirm=kind["code"] is None or (frozen and not _expected(goods, seller, day, rate)),
    )


def _expected(goods: str, seller: Seller, day: date, rate_bp: int | None) -> bool:
    try:
        return rate_of(goods, seller, day) == rate_bp
    except UnknownTax:
        return False
