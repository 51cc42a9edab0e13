"""Post counted sales and their reversals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.rules import Kind
from app.assistance.rules.counting import Candidate, EntryContradicted, decide, programme_on, reversal
from app.core.clock import local_day
from app.core.db import ask, dump
from app.core.ids import new_id
from app.orders import CountableLine, LinesRefunded, SupplierOrderCompleted

_POST_SALES = text("""
INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id, order_id, order_number,
    sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township, channel,
    division_code, lot_code, quantity, weight_g, amount_fen)
SELECT r.id, :posted_at, r.occurred_at, r.counted_on, 'sale', r.source, r.line_id, r.order_id, r.order_number,
    r.sku, r.product_id, r.product_name, r.category, r.supplier_id, r.supplier_name, r.township_code, r.township,
    r.channel, r.division_code, r.lot_code, r.quantity, r.weight_g, r.net_fen
FROM json_to_recordset(CAST(:lines AS json)) AS r(id uuid, occurred_at timestamptz, counted_on date, source uuid,
    order_id uuid, order_number text, line_id uuid, sku text, product_id uuid,
    product_name text, category text, supplier_id uuid, supplier_name text, township_code text, township text,
    channel text, division_code text, lot_code text, quantity integer, weight_g bigint, net_fen bigint)
ON CONFLICT DO NOTHING RETURNING line_id
""")

_POST_REVERSALS = text("""
INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id, order_id, order_number,
    po_no, sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township, channel,
    division_code, partner_id, partner_name, lot_code, quantity, weight_g, amount_fen, reverses)
SELECT r.id, :posted_at, :occurred_at, :counted_on, 'refund', :source, e.line_id, e.order_id, e.order_number,
    e.po_no, e.sku, e.product_id, e.product_name, e.category, e.supplier_id, e.supplier_name, e.township_code,
    e.township, e.channel, e.division_code, e.partner_id, e.partner_name, e.lot_code,
    -r.quantity, -r.weight_g, -r.amount_fen, e.id
FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS r(id uuid, sale uuid, quantity integer, weight_g bigint,
    amount_fen bigint)
JOIN assistance_entry e ON e.id = r.sale
ON CONFLICT (kind, source_id, line_id) DO NOTHING
""")


def _counts(line: CountableLine, day: date) -> bool:
    candidate = Candidate(
        line.assisted, line.township_code, line.division_code, line.self_purchase, line.on_832, line.net_fen
    )
    return decide(candidate, programme_on(day)).counted


async def count_sales(session: AsyncSession, completions: Sequence[SupplierOrderCompleted], *, now: datetime) -> int:
    """Post one sale entry for each line of completed supplier orders that counts; return how many were new.

    One statement for all of them. Hearing the same completion again posts nothing. Raises ``EntryContradicted`` if it
    says something else than before.
    """
    counted: dict[UUID, list[CountableLine]] = {}
    rows: list[dict[str, Any]] = []
    for completed in completions:
        day = local_day(completed.at)
        counted[completed.supplier_order_id] = [line for line in completed.lines if _counts(line, day)]
        sale = {
            "source": str(completed.supplier_order_id),
            "order_id": str(completed.order_id),
            "order_number": completed.number,
            "occurred_at": completed.at.isoformat(),
            "counted_on": day.isoformat(),
        }
        rows += [
            {"id": str(new_id(now)), **sale, **line.model_dump(mode="json")}
            for line in counted[completed.supplier_order_id]
        ]
    if not rows:
        return 0
    fresh = {line_id for (line_id,) in await ask(session, _POST_SALES, {"posted_at": now, "lines": dump(rows)})}
    for source, lines in counted.items():
        if all(line.line_id in fresh for line in lines):
            continue
        before = await queries.posted(session, Kind.SALE, source)
        if any(before.get(line.line_id) != (line.quantity, line.net_fen) for line in lines):
            raise EntryContradicted(source=source)
    return len(fresh)


async def reverse_sale(session: AsyncSession, refunded: LinesRefunded, *, now: datetime) -> int:
    """Post one reversing entry for each refunded line that was counted; return how many were new.

    The reversal carries the attribution of the sale and falls on the day of the refund (domain handbook §2.8). Never
    more is reversed than was counted. Facts about a supplier order are heard in the order in which they happened, so a
    refund that finds no sale came before completion, which left it out of the sale, or was of a line that does not
    count.
    """
    asked = {line.line_id: line for line in refunded.lines}
    sales = await queries.lock_sales(session, asked, source=refunded.refund_id)
    rows: list[dict[str, Any]] = []
    for sale in sales:
        line = asked[sale.line_id]
        if sale.from_source_fen is not None:
            if sale.from_source_fen > line.amount_fen:
                raise EntryContradicted(source=refunded.refund_id)
            continue
        back = reversal(sale.left, line.quantity, line.amount_fen)
        if back is not None:
            parts = {"quantity": back.quantity, "weight_g": back.weight_g, "amount_fen": back.amount_fen}
            rows.append({"id": str(new_id(now)), "sale": str(sale.id), **parts})
    if rows:
        posting = {
            "posted_at": now,
            "occurred_at": refunded.at,
            "counted_on": local_day(refunded.at),
            "source": refunded.refund_id,
            "lines": dump(rows),
        }
        await session.execute(_POST_REVERSALS, posting)
    return len(rows)
