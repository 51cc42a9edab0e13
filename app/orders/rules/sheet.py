"""What a sheet of parcels says: rows become parcels, and each row gets an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.core.errors import DomainError
from app.core.sheets import RowFault

MOST_ROWS = 500
"""A sheet is answered at once: so many parcels take a few seconds."""


class Outcome(StrEnum):
    """What became of a row."""

    SHIPPED = "shipped"
    REPEATED = "repeated"
    REJECTED = "rejected"


class NothingLeft(DomainError):
    """All of the order has been sent or cancelled."""

    code = "nothing_left"
    zh = "该订单没有待发的商品。"
    en = "Nothing is left to send of this order."


class SkuNotOrdered(DomainError):
    """The order has no line of this SKU."""

    status = 422
    code = "sku_not_ordered"
    zh = "该订单中没有货号 {sku}。"
    en = "The order has no line of {sku}."


class OrderUnknown(DomainError):
    """No paid order of this supplier has the number."""

    status = 422
    code = "order_unknown"
    zh = "没有这个订单号，或订单尚未付款。"
    en = "There is no paid order of yours with this number."


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as read; with ``faults`` it is not used."""

    number: int
    order_number: str
    carrier: str
    tracking_number: str
    sku: str | None
    quantity: int | None
    net_weight_g: int | None = None
    faults: tuple[RowFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Parcel:
    """All rows of a sheet with one order number and one label.

    ``wanted`` is empty for all that is left of the order; a quantity of None is all that is left of that SKU.
    """

    order_number: str
    carrier: str
    tracking_number: str
    wanted: Mapping[str, int | None]
    rows: tuple[int, ...]
    weights: Mapping[str, int] = field(default_factory=dict)
    """What each piece of a SKU in it really weighs, in grams, where the sheet says so."""


@dataclass(frozen=True, slots=True)
class SentRow:
    """The answer to one row: what became of it, and why it was refused."""

    row: int
    order_number: str
    outcome: Outcome
    code: str | None = None
    zh: str | None = None
    en: str | None = None


def parcels(rows: Sequence[SheetRow]) -> tuple[list[Parcel], list[SentRow]]:
    """The parcels in the order in which the sheet first names them, and the rows that take no part.

    If one row of a parcel is faulty, none of it is sent: the box holds all of them or was packed otherwise.
    """
    groups: dict[tuple[str, str, str], list[SheetRow]] = {}
    refused: list[SentRow] = []
    for row in rows:
        if row.order_number and row.carrier and row.tracking_number:
            groups.setdefault((row.order_number, row.carrier, row.tracking_number), []).append(row)
        else:
            refused.append(_faulty(row, row.faults))
    found: list[Parcel] = []
    for label, mine in groups.items():
        faults = {row.number: row.faults or _clash(row, mine) for row in mine}
        if any(faults.values()):
            refused += [_faulty(row, faults[row.number] or (_BESIDE,)) for row in mine]
            continue
        wanted = {row.sku: row.quantity for row in mine if row.sku is not None}
        weights = {row.sku: row.net_weight_g for row in mine if row.sku is not None and row.net_weight_g is not None}
        found.append(Parcel(*label, wanted, tuple(row.number for row in mine), weights))
    return found, refused


_BESIDE = RowFault(
    "order_number",
    "parcel_has_faults",
    "同一包裹的其他行有误，整个包裹未发货",
    "another row of this parcel is at fault, so none of it was sent",
)


def _clash(row: SheetRow, mine: Sequence[SheetRow]) -> tuple[RowFault, ...]:
    before = [other for other in mine if other.number < row.number]
    if not any(other.sku == row.sku or other.sku is None or row.sku is None for other in before):
        return ()
    zh, en = f"与第 {before[0].number} 行重复或矛盾", f"repeats or contradicts row {before[0].number}"
    return (RowFault("order_number", "duplicate_row", zh, en),)


def _faulty(row: SheetRow, faults: Sequence[RowFault]) -> SentRow:
    zh, en = "；".join(fault.zh for fault in faults), "; ".join(fault.en for fault in faults)
    return SentRow(row.number, row.order_number, Outcome.REJECTED, faults[0].code, zh, en)
