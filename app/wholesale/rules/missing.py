"""Goods that were sent and never received: what an operator finds out about them, decided without the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.errors import DomainError, Fault
from app.wholesale.rules.receiving import UnknownLotOfLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Units that are back in the stock-room, of a lot; None where the line had one lot or none."""

    units: int
    lot_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Units of a line that were sent and not received. ``returned_units`` is None until an operator found out.

    ``lots`` are those that were sent for the line, with their units.
    """

    id: UUID
    po_id: UUID
    po_no: str
    partner_id: UUID
    partner_name: str
    line_no: int
    sku: str
    name: str
    supplier_id: UUID
    supplier_name: str
    units: int
    worth_fen: int
    lots: Mapping[str, int]
    noticed_at: datetime
    returned_units: int | None
    note: str | None
    decided_at: datetime | None

    @property
    def lost_units(self) -> int | None:
        """What is not coming back."""
        return None if self.returned_units is None else self.units - self.returned_units


def placed(found: Sequence[Found], *, missing_units: int, lots: Mapping[str, int]) -> list[tuple[int, str | None]]:
    """Units and lot of what came back: no more than is missing, nor of a lot than was sent of it.

    Raises ``MoreThanMissing`` and ``UnknownLotOfLine``.
    """
    if sum(one.units for one in found) > missing_units:
        raise MoreThanMissing(units=missing_units)
    by_lot: dict[str | None, int] = {}
    for place, one in enumerate(found):
        lot = one.lot_code or (next(iter(lots)) if len(lots) == 1 else None)
        by_lot[lot] = by_lot.get(lot, 0) + one.units
        if lots and (lot is None or by_lot[lot] > lots.get(lot, 0)):
            listed = "、".join(f"{code} {units}" for code, units in sorted(lots.items()))
            code = UnknownLotOfLine.code
            fault = Fault(f"/returned/{place}/lot_code", code, f"已发批次及数量：{listed}", f"sent: {listed}")
            raise UnknownLotOfLine(faults=[fault])
        if not lots and lot is not None:
            fault = Fault(f"/returned/{place}/lot_code", UnknownLotOfLine.code, "该行未按批次发货", "sent without lots")
            raise UnknownLotOfLine(faults=[fault])
    return [(units, lot) for lot, units in by_lot.items() if units]


class MoreThanMissing(DomainError):
    """No more comes back than is missing."""

    status = 422
    code = "more_than_missing"
    zh = "退回数量不能多于未收到的 {units} 件。"
    en = "{units} units are missing; no more can have come back."


class MissingDecided(DomainError):
    """It was found out before where the goods are."""

    code = "missing_decided"
    zh = "该批货物的去向已登记。"
    en = "Where these goods are was noted before."
