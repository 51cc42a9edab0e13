"""Reads of delivery notes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import files, inventory
from app.buyers import mask_phone
from app.core.sealing import keys
from app.inventory import Lot
from app.wholesale.models import DeliveryLineRow, DeliveryRow, LineRow, PurchaseOrderRow
from app.wholesale.rules.deliveries import Delivery, DeliveryLine

DRIVER = "driver_phone"
"""The purpose under which a driver's phone is sealed."""


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
        vehicle_plate=row.vehicle_plate,
        driver_phone=mask_phone(keys().unseal(bytes(sealed), DRIVER)) if sealed else None,
        pallets=row.pallets,
        coldest_c10=row.coldest_c10,
        warmest_c10=row.warmest_c10,
        dispatched_at=row.dispatched_at,
        lines=tuple(lines),
    )
