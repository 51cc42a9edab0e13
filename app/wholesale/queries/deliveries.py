"""Reads of delivery notes, and of goods that were sent and never received."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app import files, inventory
from app.buyers import mask_phone
from app.core.db import ask
from app.core.errors import NotFound
from app.core.sealing import keys
from app.inventory import Lot
from app.wholesale.models import DeliveryLineRow, DeliveryRow, LineRow, MissingRow, PurchaseOrderRow
from app.wholesale.rules.deliveries import Delivery, DeliveryLine
from app.wholesale.rules.missing import Missing

DRIVER = "driver_phone"
"""The purpose under which a driver's phone is sealed."""
PLATE = "vehicle_plate"
"""The same for the plate of the vehicle: it leads to whoever drives it."""


async def deliveries(
    session: AsyncSession,
    po_id: UUID,
    *,
    supplier_id: UUID | None = None,
    delivery_id: UUID | None = None,
    now: datetime | None,
) -> list[Delivery]:
    """The loads that were sent for an order, oldest first, with lots and their certificates. Four statements.

    Links to certificates work for an hour or two after ``now``.
    """
    wanted = select(DeliveryRow, PurchaseOrderRow.po_no).join(PurchaseOrderRow).where(DeliveryRow.po_id == po_id)
    if supplier_id is not None:
        wanted = wanted.where(DeliveryRow.supplier_id == supplier_id)
    if delivery_id is not None:
        wanted = wanted.where(DeliveryRow.id == delivery_id)
    rows = (await session.execute(wanted.order_by(DeliveryRow.id))).all()
    if not rows:
        return []
    sent = (
        await session.execute(
            select(DeliveryLineRow, LineRow)
            .join(LineRow, LineRow.id == DeliveryLineRow.line_id)
            .where(DeliveryLineRow.delivery_id.in_([row.id for row, _ in rows]))
            .order_by(DeliveryLineRow.delivery_id, DeliveryLineRow.position)
        )
    ).all()
    lots = await inventory.lots_of(session, sorted({line.sku for _, line in sent}))
    by_id = {lot.id: lot for found in lots.values() for lot in found}
    used = {row.lot_id for row, _ in sent if row.lot_id is not None}
    papers = await files.links(session, to=used, now=now)
    by_delivery: dict[UUID, list[DeliveryLine]] = {}
    senders: dict[UUID, str] = {}
    for row, line in sent:
        senders[row.delivery_id] = line.supplier_name
        lot = by_id.get(row.lot_id) if row.lot_id else None
        certificates = papers.get(row.lot_id, []) if row.lot_id else []
        by_delivery.setdefault(row.delivery_id, []).append(_line(row, line, lot, certificates))
    return [_value(row, po_no, by_delivery[row.id], senders[row.id]) for row, po_no in rows]


def _line(row: DeliveryLineRow, line: LineRow, lot: Lot | None, certificates: list[files.File]) -> DeliveryLine:
    return DeliveryLine(
        line_id=line.id,
        line_no=line.line_no,
        sku=line.sku,
        name=line.name,
        case_pack=line.case_pack,
        units=row.units,
        lot_code=row.lot_code,
        made_on=(lot.produced_on or lot.harvested_on) if lot else None,
        best_before=row.best_before,
        trace_code=lot.trace_code if lot else None,
        certificates=tuple(certificates),
    )


def _value(row: DeliveryRow, po_no: str, lines: list[DeliveryLine], supplier_name: str) -> Delivery:
    sealed = row.driver_phone_sealed
    return Delivery(
        id=row.id,
        number=row.number,
        po_id=row.po_id,
        po_no=po_no,
        supplier_id=row.supplier_id,
        supplier_name=supplier_name,
        carrier=row.carrier,
        vehicle_plate=keys().unseal(row.vehicle_plate_sealed, PLATE) if row.vehicle_plate_sealed else row.vehicle_plate,
        driver_phone=mask_phone(keys().unseal(bytes(sealed), DRIVER)) if sealed else None,
        pallets=row.pallets,
        coldest_c10=row.coldest_c10,
        warmest_c10=row.warmest_c10,
        dispatched_at=row.dispatched_at,
        lines=tuple(lines),
    )


_MISSING = """
SELECT m.id, m.po_id, p.po_no, p.partner_id, p.partner_name, l.line_no, l.sku, l.name, l.supplier_id, l.supplier_name,
       m.units, m.units * l.unit_price_fen, coalesce(d.lots, '{}'), m.noticed_at, m.returned_units, m.note, m.decided_at
FROM wholesale_missing m JOIN wholesale_po p ON p.id = m.po_id JOIN wholesale_po_line l ON l.id = m.line_id
LEFT JOIN LATERAL (
    SELECT json_object_agg(lot_code, units) AS lots
    FROM (SELECT lot_code, sum(units) AS units FROM wholesale_delivery_line
          WHERE line_id = m.line_id AND lot_code IS NOT NULL GROUP BY lot_code) sent) d ON true
"""
_ONE_MISSING = text(f"{_MISSING} WHERE m.id = :id")
_MISSING_PAGE = text(f"""{_MISSING}
WHERE (CAST(:open AS boolean) IS NULL OR (m.decided_at IS NULL) = :open)
  AND (CAST(:before AS uuid) IS NULL OR m.id < CAST(:before AS uuid)) ORDER BY m.id DESC LIMIT :limit
""")


async def missing(session: AsyncSession, missing_id: UUID) -> Missing:
    """Goods that were sent and never received. Raises ``NotFound``."""
    found = await ask(session, _ONE_MISSING, {"id": missing_id})
    if not found:
        raise NotFound
    return _missing(*found[0])


async def missing_goods(
    session: AsyncSession, *, waiting: bool | None = None, before: UUID | None = None, limit: int = 100
) -> list[Missing]:
    """All such goods, what was noticed last first; ``waiting``: those of which nobody (or somebody) has found out."""
    values = {"open": waiting, "before": before, "limit": limit}
    return [_missing(*row) for row in await ask(session, _MISSING_PAGE, values)]


async def lock_missing(session: AsyncSession, missing_id: UUID) -> MissingRow:
    """The same as a row, locked; its order is locked first. Raises ``NotFound``."""
    row = await session.get(MissingRow, missing_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def _missing(*row: Any) -> Missing:
    names = (
        *("id", "po_id", "po_no", "partner_id", "partner_name", "line_no", "sku", "name", "supplier_id"),
        *("supplier_name", "units", "worth_fen", "lots", "noticed_at", "returned_units", "note", "decided_at"),
    )
    return Missing(**dict(zip(names, row, strict=True)))
