"""Shipping by sheet: a supplier writes the numbers of a day's parcels into a file, and each is sent once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import fulfilment
from app.core.errors import DomainError
from app.core.sheets import Column, Heading, Limits, Page, Row, code, opened, text, whole, workbook
from app.identity import Actor
from app.orders.queries.locked import lock_for_supplier
from app.orders.rules import ShipLine, merged
from app.orders.rules.sheet import (
    MOST_ROWS,
    NothingLeft,
    Outcome,
    Parcel,
    SentRow,
    SheetRow,
    SkuNotOrdered,
    parcels,
)
from app.orders.rules.weights import Weighed
from app.orders.service.fulfil import ship
from app.orders.service.weigh import weigh

COLUMNS = (
    Column("order_number", ("订单号", "订单编号", "order", "order no")),
    Column("carrier", ("快递公司", "承运商", "物流公司", "快递")),
    Column("tracking_number", ("运单号", "快递单号", "物流单号", "单号", "tracking no")),
    Column("sku", ("货号", "商品编码"), required=False),
    Column("quantity", ("数量", "件数", "发货数量"), required=False),
    Column("net_weight", ("每件净重", "净重", "实重", "每件净重(克)", "净重(克)", "实重(克)"), required=False),
)
_MOST_PIECES = _HEAVIEST_G = 1_000_000


async def read_parcels(raw: bytes) -> tuple[list[Parcel], list[SentRow]]:
    """The parcels that a sheet speaks of, and the rows that cannot be read. Raises the sheet errors."""
    async with opened(raw, COLUMNS, Limits(rows=MOST_ROWS)) as sheet:
        rows = [_read(row) async for row in sheet]
    return parcels(rows)


async def send(
    session: AsyncSession,
    parcel: Parcel,
    *,
    supplier_id: UUID,
    part_id: UUID,
    by: Actor,
    limit_bp: int,
    now: datetime,
) -> Outcome:
    """Ship one parcel of a sheet, unless it was entered before: then nothing changes, whoever entered it.

    A row without a SKU means all that is left of the order, one without a quantity all that is left of the SKU.
    Where the sheet says what pieces really weigh, that is corrected at once, or nothing of the parcel is sent.
    Raises what ``ship`` and ``weigh`` raise, ``NothingLeft``, ``SkuNotOrdered``, and ``ShipmentExists`` if the parcel
    was entered with other goods than these.
    """
    _, part = await lock_for_supplier(session, part_id, supplier_id)
    for known in await fulfilment.shipments_of(session, [part_id]):
        if (known.carrier, known.tracking_number) == (parcel.carrier, parcel.tracking_number):
            held = merged((line.sku, line.quantity) for line in known.lines)
            if any(sku not in held or quantity not in (None, held[sku]) for sku, quantity in parcel.wanted.items()):
                raise fulfilment.ShipmentExists
            return Outcome.REPEATED
    lines = {line.sku: line for line in part.lines}
    contents = []
    for sku, quantity in (parcel.wanted or dict.fromkeys(lines)).items():
        if sku not in lines:
            raise SkuNotOrdered(sku=sku)
        if pieces := lines[sku].to_send if quantity is None else quantity:
            contents.append(ShipLine(lines[sku].id, pieces))
    if not contents:
        raise NothingLeft
    await ship(
        session,
        part_id,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        contents=contents,
        supplier_id=supplier_id,
        now=now,
    )
    sent = {item.line_id: item.quantity for item in contents}
    weights = {lines[sku].id: grams for sku, grams in parcel.weights.items()}
    weighed = [Weighed(line_id, sent[line_id], grams) for line_id, grams in weights.items() if line_id in sent]
    if weighed:
        await weigh(session, part_id, weighed, supplier_id=supplier_id, by=by, limit_bp=limit_bp, now=now)
    return Outcome.SHIPPED


async def shipping_sheet(numbers: Sequence[str]) -> bytes:
    """A sheet with these orders, to write carriers and numbers into."""
    headings = [
        Heading("订单号", width=22),
        Heading("快递公司", width=14),
        Heading("运单号", width=24),
        Heading("货号", width=12),
        Heading("数量", "whole", width=8),
        Heading("每件净重(克)", "whole", width=14),
    ]
    rows = [(number, *(None,) * (len(headings) - 1)) for number in numbers]
    return await asyncio.to_thread(workbook, Page("批量发货", headings, rows))


def _read(row: Row) -> SheetRow:
    number = row.take("order_number", code)
    carrier = row.take("carrier", partial(text, longest=32))
    tracking = row.take("tracking_number", code)
    sku = row.take("sku", code, optional=True)
    quantity = row.take("quantity", partial(whole, least=1, most=_MOST_PIECES), optional=True)
    if quantity is not None and sku is None:
        row.fault("quantity", "sku_missing", "填写数量时须同时填写货号", "write the SKU of which so many are sent")
    net_weight = row.take("net_weight", partial(whole, least=1, most=_HEAVIEST_G), optional=True)
    if net_weight is not None and sku is None:
        row.fault("net_weight", "sku_missing", "填写净重时须同时填写货号", "write the SKU that weighs so much")
    label = None
    if carrier is not None and tracking is not None:
        try:
            label = fulfilment.carrier_named(carrier)
            fulfilment.check_label(label, tracking)
        except DomainError as refusal:
            wrong = "carrier" if label is None else "tracking_number"
            row.fault(wrong, refusal.code, refusal.sentence("zh"), refusal.sentence("en"))
    return SheetRow(
        row.number, (number or "").upper(), label or "", tracking or "", sku, quantity, net_weight, tuple(row.faults)
    )
