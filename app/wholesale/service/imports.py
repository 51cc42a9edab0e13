"""Orders that come by sheet: each is placed in a transaction of its own, and what became of each row is kept."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import partners, pricing
from app.core.clock import local_day
from app.core.db import Database, ask, dump
from app.core.errors import DomainError, Fault
from app.core.ids import new_id
from app.core.sheets import Heading, Limits, Page, plain_rows, workbook
from app.identity import Actor
from app.wholesale import queries
from app.wholesale.queries.imports import Import, imported
from app.wholesale.rules import Source
from app.wholesale.rules.asking import order_day
from app.wholesale.rules.orders import FromSheet, Mismatch, Partial
from app.wholesale.rules.sheets import MOST_ORDERS, Counted, SheetOrder, TooManyOrders, read_orders
from app.wholesale.service.place import Placed, place

LIMITS = Limits(bytes=2 << 20, rows=10_000)
_LONGEST_CHOICE = 255
"""A list of choices holds so many characters (ECMA-376 part 1, 18.3.1.32)."""

# The same file again keeps its id: what was refused the first time may be taken now.
_KEEP = text("""
INSERT INTO wholesale_po_import (id, partner_id, digest, file_name, content, results, at, by_account)
VALUES (:id, :partner_id, :digest, :file_name, :content, CAST(:results AS jsonb), :now, :by)
ON CONFLICT (partner_id, digest) DO UPDATE SET results = EXCLUDED.results
RETURNING id
""")


class _OnlyLooking(Exception):
    """Ends a transaction in which an order was placed to see what would become of it."""


async def import_orders(
    db: Database,
    raw: bytes,
    file_name: str,
    *,
    partner_id: UUID,
    by: Actor,
    now: datetime,
    dry_run: bool,
    on_mismatch: Mismatch = Mismatch.REFUSE,
    partial: Partial = Partial.REFUSE,
    counted: Counted | None = None,
) -> Import:
    """Take the orders of a sheet, or with ``dry_run`` say what would become of each if it came alone.

    An order is taken whole or not at all, each in its own transaction: one that is refused leaves the others alone.
    What a sheet with these bytes has brought before is not taken again. Raises the ``SHEET_ERRORS`` and
    ``TooManyOrders``.
    """
    orders = read_orders(await plain_rows(raw, LIMITS), counted)
    if len(orders) > MOST_ORDERS:
        raise TooManyOrders
    digest = hashlib.sha256(raw).digest()
    async with db.read() as session:
        known = await queries.taken_from(session, partner_id, digest)
    results = []
    for order in orders:
        if order.po_no in known:
            results.append(_result(order, "duplicate", po_id=known[order.po_no]))
            continue
        results.append(
            await _one(
                db,
                order,
                digest,
                dry_run=dry_run,
                handling={
                    "partner_id": partner_id,
                    "by": by,
                    "now": now,
                    "on_mismatch": on_mismatch,
                    "partial": partial,
                },
            )
        )
    if dry_run:
        return Import(None, file_name, digest, now, results)
    async with db.write() as session:
        import_id = await _keep(session, raw, file_name, digest, results, partner_id=partner_id, by=by, now=now)
        return await imported(session, import_id, partner_id=partner_id)


async def order_form(session: AsyncSession, partner_id: UUID, *, now: datetime) -> bytes:
    """A workbook to order by: the price list of the day that an order counts for now, with a column to fill in.

    Raises ``NoContract``.
    """
    contract = await partners.contract_on(session, partner_id, local_day(now))
    day = order_day(contract, now)
    items = await pricing.contract_items(session, contract, day)
    places = [place.code for place in await partners.locations(session, partner_id)]
    offered = places if 0 < len(",".join(places)) <= _LONGEST_CHOICE else None
    form = Page(
        "订货单",
        [
            Heading("订单号", width=18),
            Heading("收货地", width=12, choices=offered),
            Heading("到货日期", "day", width=12),
            Heading("平台货号", width=12),
            Heading("商品编码", width=14),
            Heading("条码", width=16),
            Heading("商品名称", width=32),
            Heading("箱规", "whole", width=8),
            Heading("含税进价", "yuan", width=10),
            Heading("订货数量（箱）", "whole", width=14),
        ],
        [
            (
                *(None, None, None, item.sku, item.partner_item_code, item.gtin13),
                *(f"{item.product_name} {item.name}", item.case_pack, item.price_fen, None),
            )
            for item in items
        ],
        title=(f"供货价为 {day} 订货的含税到库价；订单号、收货地、到货日期填写在第一行即可",),
    )
    return await asyncio.to_thread(workbook, form)


async def _one(
    db: Database, order: SheetOrder, digest: bytes, *, dry_run: bool, handling: dict[str, Any]
) -> dict[str, Any]:
    if order.asked is None:
        return _result(order, "unreadable")
    placed: Placed | None = None
    try:
        async with db.write() as session:
            sheet = FromSheet(digest, order.row)
            placed = await place(session, order.asked, source=Source.SHEET, sheet=sheet, **handling)
            if dry_run:
                raise _OnlyLooking
    except _OnlyLooking:
        pass
    except DomainError as refusal:
        if refusal.status >= 500:  # noqa: PLR2004 - not the order's fault: the whole call is to be sent again
            raise
        return _result(order, "refused", refusal=refusal)
    if placed is None:
        return _result(order, "refused")
    status = "duplicate" if placed.duplicate else "amended" if placed.order.version > 1 else "placed"
    return _result(order, status, po_id=None if dry_run and status == "placed" else placed.order.id, placed=placed)


def _result(
    order: SheetOrder,
    status: str,
    *,
    po_id: UUID | None = None,
    placed: Placed | None = None,
    refusal: DomainError | None = None,
) -> dict[str, Any]:
    """What became of an order and of each of its rows, in both languages, as it is kept."""
    by_line, general = _faults_of(refusal.faults if refusal else ())
    answers = {line.line_no: line for line in placed.order.lines} if placed else {}
    rows = []
    for at, line in enumerate(order.lines):
        faults = [{"code": one.code, "zh": one.zh, "en": one.en} for one in line.faults] + by_line.get(at, [])
        answer = answers.get(line.asked.line_no) if line.asked else None
        rows.append(
            {
                "row": line.row,
                "line_no": line.asked.line_no if line.asked else None,
                "sku": answer.sku if answer else None,
                "ack": answer.ack.value if answer else None,
                "promised_units": answer.promised_units if answer else None,
                "faults": faults,
            }
        )
    faults = [{"code": one.code, "zh": one.zh, "en": one.en} for one in order.faults] + general
    if refusal is not None and not faults:
        faults = [{"code": refusal.code, "zh": refusal.sentence("zh"), "en": refusal.sentence("en")}]
    return {
        "po_no": order.po_no,
        "row": order.row,
        "status": status,
        "po_id": str(po_id) if po_id else None,
        "version": placed.order.version if placed else None,
        "po_status": placed.order.status.value if placed else None,
        "total_fen": placed.order.total_fen if placed else None,
        "faults": faults,
        "rows": rows,
    }


def _faults_of(faults: Sequence[Fault]) -> tuple[dict[int, list[dict[str, str]]], list[dict[str, str]]]:
    """Faults by the place of their line, and those of the order as a whole."""
    by_line: dict[int, list[dict[str, str]]] = {}
    general = []
    for fault in faults:
        said = {"code": fault.code, "zh": fault.zh, "en": fault.en}
        parts = fault.pointer.split("/")
        if len(parts) > 2 and parts[1] == "lines" and parts[2].isdigit():  # noqa: PLR2004 - "", "lines", place
            by_line.setdefault(int(parts[2]), []).append(said)
        else:
            general.append(said)
    return by_line, general


async def _keep(
    session: AsyncSession,
    raw: bytes,
    file_name: str,
    digest: bytes,
    results: list[dict[str, Any]],
    *,
    partner_id: UUID,
    by: Actor,
    now: datetime,
) -> UUID:
    ((import_id,),) = await ask(
        session,
        _KEEP,
        {
            "id": new_id(now),
            "partner_id": partner_id,
            "digest": digest,
            "file_name": file_name,
            "content": raw,
            "results": dump(results),
            "now": now,
            "by": by.account_id,
        },
    )
    return UUID(str(import_id))
