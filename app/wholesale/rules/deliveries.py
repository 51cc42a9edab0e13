"""Loads that suppliers send for purchase orders, and their delivery notes (domain handbook §4.2, ASN)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.core.clock import local_day
from app.core.errors import DomainError

LEAST_C10, MOST_C10 = -400, 600
"""Temperatures on the road, in tenths of a degree Celsius: colder and warmer ones are typing errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadLine:
    """So many whole cases of a line, of a lot that was chosen or (None) of those that expire first."""

    line_no: int
    cases: int
    lot_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is on the truck, and what is known of the truck. The phone is personal data: it is sealed."""

    lines: tuple[LoadLine, ...]
    pallets: int = 0
    carrier: str | None = None
    vehicle_plate: str | None = None
    driver_phone: str | None = None
    coldest_c10: int | None = None
    warmest_c10: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """So many units of a line, of one lot. ``certificates`` are the lot's files, with links for whoever asks."""

    line_id: UUID
    line_no: int
    sku: str
    name: str
    case_pack: int
    units: int
    lot_code: str | None
    made_on: date | None
    best_before: date | None
    trace_code: str | None
    certificates: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery note. ``driver_phone`` is masked."""

    id: UUID
    number: str
    po_id: UUID
    po_no: str
    supplier_id: UUID
    supplier_name: str
    carrier: str | None
    vehicle_plate: str | None
    driver_phone: str | None
    pallets: int
    coldest_c10: int | None
    warmest_c10: int | None
    dispatched_at: datetime
    lines: tuple[DeliveryLine, ...]

    @property
    def cases(self) -> int:
        """Whole cases on the truck."""
        units: dict[UUID, int] = {}
        packs = {line.line_id: line.case_pack for line in self.lines}
        for line in self.lines:
            units[line.line_id] = units.get(line.line_id, 0) + line.units
        return sum(units[line_id] // packs[line_id] for line_id in units)


def number_prefix(now: datetime) -> str:
    """``SH`` (送货) and the Shanghai day; six digits follow."""
    return f"SH{local_day(now):%y%m%d}"


class LoadsTooMuch(DomainError):
    """More than is still to be sent of a line."""

    status = 422
    code = "ships_too_much"
    zh = "发货数量超过该行尚未发出的数量，请按 errors 调整。"
    en = "More is loaded than is still to be sent; adjust what `errors` points at."


class SeveralSuppliers(DomainError):
    """A delivery note is one supplier's."""

    status = 422
    code = "several_suppliers"
    zh = "一张送货单只能含同一供应商的商品，请分开登记。"
    en = "A delivery note holds goods of one supplier; make one for each."
