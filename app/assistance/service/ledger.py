"""Post counted sales and their reversals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.rules import Kind
from app.assistance.rules.counting import EntryContradicted, Sale, SaleReversed, decide, programme_on, reversal
from app.assistance.rules.periods import counted_on
from app.core.clock import local_day
from app.core.db import ask, dump
from app.core.ids import new_id

_IDS = ("source_id", "line_id", "order_id", "product_id", "supplier_id", "partner_id")
_TOLD = tuple(field.name for field in fields(Sale) if field.name != "at")

_POST_SALES = text("""
INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id, order_id, order_number,
    po_no, sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township, channel,
    division_code, partner_id, partner_name, lot_code, quantity, weight_g, amount_fen)
SELECT r.id, :posted_at, r.at, r.counted_on, 'sale', r.source_id, r.line_id, r.order_id, r.order_number, r.po_no,
    r.sku, r.product_id, r.product_name, r.category, r.supplier_id, r.supplier_name, r.township_code, r.township,
    r.channel, r.division_code, r.partner_id, r.partner_name, r.lot_code, r.quantity, r.weight_g, r.net_fen
FROM json_to_recordset(CAST(:lines AS json)) AS r(id uuid, at timestamptz, counted_on date, source_id uuid,
    line_id uuid, order_id uuid, order_number text, po_no text, sku text, product_id uuid, product_name text,
    category text, supplier_id uuid, supplier_name text, township_code text, township text, channel text,
    division_code text, partner_id uuid, partner_name text, lot_code text, quantity integer, weight_g bigint,
    net_fen bigint)
ON CONFLICT DO NOTHING RETURNING line_id
""")

_EXCLUDE = text("""
INSERT INTO assistance_exclusion (id, source_id, line_id, order_id, order_number, po_no, sku, product_name, supplier_id,
    supplier_name, quantity, net_fen, occurred_at, excluded_at, reason, facts)
SELECT r.id, r.source_id, r.line_id, r.order_id, r.order_number, r.po_no, r.sku, r.product_name, r.supplier_id,
    r.supplier_name, r.quantity, r.net_fen, r.at, :now, r.reason, r.facts
FROM json_to_recordset(CAST(:lines AS json)) AS r(id uuid, at timestamptz, source_id uuid, line_id uuid, order_id uuid,
    order_number text, po_no text, sku text, product_name text, supplier_id uuid, supplier_name text, quantity integer,
    net_fen bigint, reason text, facts jsonb)
ON CONFLICT DO NOTHING
""")

_POST_REVERSALS = text("""
INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id, order_id, order_number,
    po_no, sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township, channel,
    division_code, partner_id, partner_name, lot_code, quantity, weight_g, amount_fen, reverses, evidence)
SELECT r.id, :posted_at, :occurred_at, :counted_on, 'refund', :source, e.line_id, e.order_id, e.order_number,
    e.po_no, e.sku, e.product_id, e.product_name, e.category, e.supplier_id, e.supplier_name, e.township_code,
    e.township, e.channel, e.division_code, e.partner_id, e.partner_name, e.lot_code,
    -r.quantity, -r.weight_g, -r.amount_fen, e.id, e.evidence
FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS r(id uuid, sale uuid, quantity integer, weight_g bigint,
    amount_fen bigint)
JOIN assistance_entry e ON e.id = r.sale
ON CONFLICT (kind, source_id, line_id) DO NOTHING
""")


def _row(sale: Sale, day: date, now: datetime) -> dict[str, Any]:
    told = {name: getattr(sale, name) for name in _TOLD}
    told |= {name: None if told[name] is None else str(told[name]) for name in _IDS}
    return {"id": str(new_id(now)), "at": sale.at.isoformat(), "counted_on": day.isoformat(), **told}


async def count_sales(session: AsyncSession, sales: Iterable[Sale], *, now: datetime) -> int:
    """Post one entry for each accepted line that counts; return how many were new. The others are kept with the reason.

    One statement for all that count, one for all that do not. Hearing the same line again posts nothing. What completed
    in a month that is closed counts on the first open day. Raises ``EntryContradicted`` if its source says something
    else than before.
    """
    open_day = await queries.open_from(session)
    counted: dict[UUID, list[Sale]] = {}
    rows: list[dict[str, Any]] = []
    excluded: list[dict[str, Any]] = []
    for sale in sales:
        day = local_day(sale.at)
        programme = programme_on(day)
        decision = decide(sale.candidate, programme)
        row = _row(sale, counted_on(day, open_day), now)
        if decision.counted:
            counted.setdefault(sale.source_id, []).append(sale)
            rows.append(row)
        else:
            facts = {"programme": programme.code if programme else None, **asdict(sale.candidate)}
            excluded.append({**row, "reason": decision.reason.value, "facts": facts})
    if excluded:
        await ask(session, _EXCLUDE, {"now": now, "lines": dump(excluded)})
    if not rows:
        return 0
    fresh = {line_id for (line_id,) in await ask(session, _POST_SALES, {"posted_at": now, "lines": dump(rows)})}
    for source, told in counted.items():
        if all(sale.line_id in fresh for sale in told):
            continue
        before = await queries.posted(session, Kind.SALE, source)
        if any(before.get(sale.line_id) != (sale.quantity, sale.net_fen) for sale in told):
            raise EntryContradicted(source=source)
    return len(fresh)


async def reverse_sale(session: AsyncSession, back: SaleReversed, *, now: datetime) -> int:
    """Post one reversing entry for each line of ``back`` that was counted; return how many were new.

    The reversal carries the attribution of the sale and falls on the day of the refund (domain handbook §2.8), or on
    the first open day if that month is closed. Never more is reversed than was counted. Facts about a supplier order
    are heard in the order in which they happened, so a refund that finds no sale came before completion, which left it
    out of the sale, or was of a line that does not count.
    """
    open_day = await queries.open_from(session)
    asked = {line.line_id: line for line in back.lines}
    sales = await queries.lock_sales(session, asked, source=back.source_id)
    rows: list[dict[str, Any]] = []
    for sale in sales:
        line = asked[sale.line_id]
        if sale.from_source_fen is not None:
            if sale.from_source_fen > line.amount_fen:
                raise EntryContradicted(source=back.source_id)
            continue
        part = reversal(sale.left, line.quantity, line.amount_fen)
        if part is not None:
            parts = {"quantity": part.quantity, "weight_g": part.weight_g, "amount_fen": part.amount_fen}
            rows.append({"id": str(new_id(now)), "sale": str(sale.id), **parts})
    if rows:
        posting = {
            "posted_at": now,
            "occurred_at": back.at,
            "counted_on": counted_on(local_day(back.at), open_day),
            "source": back.source_id,
            "lines": dump(rows),
        }
        await session.execute(_POST_REVERSALS, posting)
    return len(rows)
