"""The rows behind sales reports, told one by one from one snapshot: ledger entries, or paid lines and their refunds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import VILLAGE_OF_ENTRY
from app.core.clock import day_end, day_start
from app.core.db import ask, stream
from app.reports.rules.listings import BATCH, Detail, Only, Outline

_Rows = AsyncGenerator[list[tuple[Any, ...]], None]


def _instant(column: str) -> str:
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


# What Python would have to make of days, instants and ids, PostgreSQL makes for a tenth of the time.
LEDGER: Mapping[str, str] = MappingProxyType(
    {
        "id": "CAST(e.id AS text)",
        "posted_at": _instant("e.posted_at"),
        "occurred_at": _instant("e.occurred_at"),
        "counted_on": "to_char(e.counted_on, 'YYYY-MM-DD')",
        "kind": "e.kind",
        "evidence": "e.evidence",
        "order_number": "e.order_number",
        "po_no": "e.po_no",
        "line_id": "CAST(e.line_id AS text)",
        "sku": "e.sku",
        "lot_code": "e.lot_code",
        "product_id": "CAST(e.product_id AS text)",
        "product_name": "e.product_name",
        "category": "e.category",
        "supplier_id": "CAST(e.supplier_id AS text)",
        "supplier_name": "e.supplier_name",
        "township_code": "e.township_code",
        "township": "e.township",
        "channel": "e.channel",
        "division_code": "e.division_code",
        "partner_name": "e.partner_name",
        "quantity": "e.quantity",
        "weight_g": "e.weight_g",
        "amount_fen": "e.amount_fen",
        "reverses": "CAST(e.reverses AS text)",
        "reason": "e.reason",
    }
)
"""Columns of the ledger as programs read them, by name: those of ``GET /v1/office/ledger`` and the partner's name."""
_LEDGER_SUMS = ("quantity", "weight_g", "amount_fen")
_PASSES = {
    "kind": "e.kind = :kind",
    "category": "e.category = :category",
    "product": "e.product_id = CAST(:product AS uuid)",
    "sku": "e.sku = :sku",
    "supplier": "e.supplier_id = CAST(:supplier AS uuid)",
    "township": "e.township_code = :township",
    "village": f"{VILLAGE_OF_ENTRY} = :village",
    "channel": "e.channel = :channel",
    "division": "starts_with(e.division_code, :division)",
    "partner": "e.partner_id = CAST(:partner AS uuid)",
}

_SOLD = """
    SELECT CAST(o.paid_at AT TIME ZONE 'Asia/Shanghai' AS date) AS day, 'sale' AS kind, o.number, l.id AS line_id,
           l.id AS source_id, o.channel, o.division_code, l.quantity, l.amount_fen AS gross_fen, 0 AS refunded_fen
    FROM orders_order o JOIN orders_line l ON l.order_id = o.id
    WHERE o.paid_at >= :since AND o.paid_at < :until
    UNION ALL
    SELECT CAST(r.settled_at AT TIME ZONE 'Asia/Shanghai' AS date), 'refund', o.number, l.id, r.id, o.channel,
           o.division_code, -b.quantity, 0, b.amount_fen
    FROM orders_refund r JOIN orders_refund_line b ON b.refund_id = r.id
    JOIN orders_line l ON l.id = b.line_id JOIN orders_order o ON o.id = l.order_id
    WHERE r.settled_at >= :since AND r.settled_at < :until
"""
LINES: Mapping[str, str] = MappingProxyType(
    {
        "day": "to_char(m.day, 'YYYY-MM-DD')",
        "kind": "m.kind",
        "order_number": "m.number",
        "line_id": "CAST(m.line_id AS text)",
        "sku": "l.sku",
        "product_id": "CAST(l.product_id AS text)",
        "product_name": "l.product_name",
        "category": "l.category",
        "supplier_id": "CAST(l.supplier_id AS text)",
        "supplier_name": "l.supplier_name",
        "township_code": "l.township_code",
        "township": "l.township",
        "channel": "m.channel",
        "division_code": "m.division_code",
        "quantity": "m.quantity",
        "gross_fen": "m.gross_fen",
        "refunded_fen": "m.refunded_fen",
        "net_fen": "m.gross_fen - m.refunded_fen",
    }
)
"""Columns of order lines as programs read them. The sums of the figures are the sales report by the day of payment."""
_LINE_SUMS = ("quantity", "gross_fen", "refunded_fen")

_LINE_ROWS = text(f"""
SELECT {", ".join(LINES.values())} FROM ({_SOLD}) AS m JOIN orders_line l ON l.id = m.line_id
ORDER BY m.day, m.number, m.line_id, m.kind DESC, m.source_id
""")
_LINE_OUTLINE = text(f"""
SELECT count(*), {", ".join(f"coalesce(sum({one}), 0)" for one in _LINE_SUMS)} FROM ({_SOLD}) AS m
""")
# Months are closed in their order, so every day is closed if the last one is.
_AS_OF = text("""
SELECT closed_at, cut_off, chain FROM assistance_closing
WHERE month >= CAST(date_trunc('month', CAST(CAST(:last AS date) AS timestamp)) AS date) ORDER BY month LIMIT 1
""")
_HEAD = text("SELECT seq_to, encode(digest, 'hex') FROM assistance_seal ORDER BY seq_to DESC LIMIT 1")


@lru_cache(maxsize=512)
def _ledger(columns: str, order: str, names: tuple[str, ...]) -> TextClause:
    passes = "".join(f" AND {_PASSES[name]}" for name in names)
    return text(f"SELECT {columns} FROM assistance_entry e WHERE e.counted_on BETWEEN :first AND :last{passes}{order}")


def _values(first: date, last: date, only: Only) -> dict[str, Any]:
    wanted = {one.name: found for one in fields(only) if (found := getattr(only, one.name)) is not None}
    return {"first": first, "last": last} | wanted


async def outline(
    session: AsyncSession, detail: Detail, first: date, last: date, *, only: Only, now: datetime
) -> Outline:
    """What the rows from ``first`` to ``last`` come to."""
    if detail is Detail.LINES:
        ((count, *sums),) = await ask(session, _LINE_OUTLINE, {"since": day_start(first), "until": day_end(last)})
        told = dict(zip(_LINE_SUMS, map(int, sums), strict=True))
        return Outline(now, count, told | {"net_fen": told["gross_fen"] - told["refunded_fen"]})
    values = _values(first, last, only)
    columns = ", ".join(["count(*)", *(f"coalesce(sum({one}), 0)" for one in _LEDGER_SUMS)])
    ((count, *sums),) = await ask(session, _ledger(columns, "", tuple(values)[2:]), values)
    closed = await ask(session, _AS_OF, {"last": last})
    as_of, through, chain = closed[0] if closed else (now, *(await ask(session, _HEAD, {}) or [(0, "")])[0])
    return Outline(as_of, count, dict(zip(_LEDGER_SUMS, map(int, sums), strict=True)), through, chain)


def listed(session: AsyncSession, detail: Detail, first: date, last: date, *, only: Only) -> _Rows:
    """The rows themselves, in an order that never changes: by day, then by order or entry."""
    if detail is Detail.LINES:
        return stream(session, _LINE_ROWS, {"since": day_start(first), "until": day_end(last)}, size=BATCH)
    values = _values(first, last, only)
    statement = _ledger(", ".join(LEDGER.values()), " ORDER BY e.counted_on, e.id", tuple(values)[2:])
    return stream(session, statement, values, size=BATCH)
