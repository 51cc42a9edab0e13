"""Sales by any groups, from the ledger or from the orders."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import LEDGER_ENTRIES, VILLAGE_OF_ENTRY
from app.buyers import resolve_division
from app.core.clock import day_end, day_start
from app.core.db import ask, stream
from app.core.errors import DomainError
from app.reports.queries import summed
from app.reports.queries.summed import key_of, view_of
from app.reports.rules import COLUMNS, MOST_ROWS, Basis, Group, Question, Report, ReportTooLarge, presented
from app.reports.rules.listings import BATCH, MOST_LISTED

_COUNTED = """
    SELECT {more} order_id, kind = 'sale' AS sold, counted_on AS day, counted_month AS month, category, product_id,
           product_name AS product, sku, supplier_id, supplier_name AS supplier, township_code, township, channel,
           division_code, partner_id, partner_name AS partner, quantity,
           CASE WHEN kind = 'refund' THEN 0 ELSE amount_fen END AS gross_fen,
           CASE WHEN kind = 'refund' THEN -amount_fen ELSE 0 END AS refunded_fen,
           CASE WHEN evidence = 'declared' THEN amount_fen ELSE 0 END AS declared_fen
    FROM assistance_entry e WHERE counted_on BETWEEN :first AND :last
"""

_LINE = """
    l.category, l.product_id, l.product_name AS product, l.sku, l.supplier_id, l.supplier_name AS supplier,
    l.township_code, l.township, o.channel, o.division_code, CAST(NULL AS uuid) AS partner_id,
    CAST(NULL AS text) AS partner
"""
_PAID = f"""
    SELECT order_id, sold, day, CAST(date_trunc('month', CAST(day AS timestamp)) AS date) AS month, category,
           product_id, product, sku, supplier_id, supplier, township_code, township, channel, division_code,
           partner_id, partner, quantity, gross_fen, refunded_fen, 0 AS declared_fen
    FROM (
        SELECT o.id AS order_id, true AS sold, CAST(o.paid_at AT TIME ZONE 'Asia/Shanghai' AS date) AS day, {_LINE},
               l.quantity, l.amount_fen AS gross_fen, 0 AS refunded_fen
        FROM orders_order o JOIN orders_line l ON l.order_id = o.id
        WHERE o.paid_at >= :since AND o.paid_at < :until
        UNION ALL
        SELECT o.id, false, CAST(r.settled_at AT TIME ZONE 'Asia/Shanghai' AS date), {_LINE},
               -b.quantity, 0, b.amount_fen
        FROM orders_refund r JOIN orders_refund_line b ON b.refund_id = r.id
        JOIN orders_line l ON l.id = b.line_id JOIN orders_order o ON o.id = l.order_id
        WHERE r.settled_at >= :since AND r.settled_at < :until
        UNION ALL
        SELECT p.id, y.kind = 'receipt', CAST(s.paid_at AT TIME ZONE 'Asia/Shanghai' AS date), l.category,
               l.product_id, l.product_name, l.sku, l.supplier_id, l.supplier_name, l.township_code, l.township,
               'supermarket', p.division_code, p.partner_id, p.partner_name, y.units,
               CASE WHEN y.kind = 'receipt' THEN y.amount_fen ELSE 0 END,
               CASE WHEN y.kind = 'receipt' THEN 0 ELSE -y.amount_fen END
        FROM wholesale_statement s
        JOIN wholesale_statement_line y ON y.statement_id = s.id AND y.revision = s.revision
        LEFT JOIN wholesale_receipt_line t ON y.kind = 'receipt' AND t.id = y.source_id
        LEFT JOIN wholesale_return_line b ON y.kind = 'return' AND b.id = y.source_id
        LEFT JOIN wholesale_correction c ON y.kind = 'correction' AND c.id = y.source_id
        JOIN wholesale_po_line l ON l.id = coalesce(t.line_id, b.line_id, c.line_id)
        JOIN wholesale_po p ON p.id = l.po_id
        WHERE s.status = 'paid' AND s.paid_at >= :since AND s.paid_at < :until AND (y.units <> 0 OR y.amount_fen <> 0)
    ) AS moved
"""

_BESIDE = {Basis.COUNTED: LEDGER_ENTRIES, Basis.PAID: "0"}


def _source(groups: tuple[Group, ...], basis: Basis) -> str:
    """What is grouped. Lots are looked up only where their village is asked for."""
    if basis is Basis.PAID:
        return _PAID
    return _COUNTED.format(more=f"{VILLAGE_OF_ENTRY} AS village, " if Group.VILLAGE in groups else "")


_UNDELIVERED = text("SELECT count(*) FROM core_delivery WHERE lane = 'assistance'")


@lru_cache(maxsize=2048)
def _statement(groups: tuple[Group, ...], basis: Basis, most: int) -> TextClause:
    columns = [key_of(group) for group in groups]
    keys = ", ".join(columns)
    names = [f"max({COLUMNS[group][1]})" for group in groups if group in COLUMNS and group is not Group.DIVISION]
    return text(f"""
SELECT grouping({columns[0]}) AS is_total,
       json_build_array((SELECT count(*) FROM core_delivery WHERE lane = 'assistance'), {_BESIDE[basis]}) AS beside,
       count(DISTINCT order_id) FILTER (WHERE sold), coalesce(sum(quantity), 0), coalesce(sum(gross_fen), 0),
       coalesce(sum(refunded_fen), 0), coalesce(sum(declared_fen), 0), {", ".join([*columns, *names])}
FROM ({_source(groups, basis)}) AS source
GROUP BY GROUPING SETS (({keys}), ())
ORDER BY 1 DESC, {keys} LIMIT {most}
""")


def _asked(question: Question, most: int) -> tuple[TextClause, dict[str, Any]]:
    """The statement for a question, from the ledger's sums where there are some, and its parameters."""
    view = view_of(question) if question.basis is Basis.COUNTED else None
    if question.basis is Basis.COUNTED:
        span: dict[str, Any] = {"first": question.first, "last": question.last}
    else:
        span = {"since": day_start(question.first), "until": day_end(question.last)}
    if view is not None:
        return summed.statement(question.groups, view, most), span
    return _statement(question.groups, question.basis, most), span


async def sales(session: AsyncSession, question: Question, *, now: datetime) -> Report:
    """The sales report: from the ledger's sums where there are some, else from the ledger or the orders themselves.

    Raises ``ReportTooLarge``.
    """
    statement, span = _asked(question, MOST_ROWS + 2)
    total, *found = await ask(session, statement, span)
    if len(found) > MOST_ROWS:
        raise ReportTooLarge(most=MOST_ROWS)
    rows = [(*presented(question, row[7:], division_name), *_figures(*row[2:7])) for row in found]
    undelivered_facts, entries = total[1]
    return Report(question, now, rows, _figures(*total[2:7]), undelivered_facts, entries)


@lru_cache(maxsize=256)
def _counting(statement: TextClause) -> TextClause:
    return text(f"SELECT count(*) - 1 FROM ({statement.text}) AS told")


async def rows_of_sales(session: AsyncSession, question: Question) -> int:
    """How many rows the report has. Raises ``ReportTooLarge``."""
    statement, span = _asked(question, MOST_LISTED + 2)
    ((count,),) = await ask(session, _counting(statement), span)
    if count > MOST_LISTED:
        raise ReportTooLarge(most=MOST_LISTED)
    return int(count)


async def sold(session: AsyncSession, question: Question) -> AsyncGenerator[list[tuple[Any, ...]], None]:
    """The rows of the report, as ``sales`` gives them, in batches from a cursor."""
    statement, span = _asked(question, MOST_LISTED + 2)
    async with aclosing(stream(session, statement, span, size=BATCH)) as batches:
        async for batch in batches:
            yield [(*presented(question, row[7:], division_name), *_figures(*row[2:7])) for row in batch if not row[0]]


async def undelivered(session: AsyncSession) -> int:
    """How many facts have happened and are not in the ledger yet."""
    ((count,),) = await ask(session, _UNDELIVERED, {})
    return int(count)


def _figures(orders: int, quantity: int, gross_fen: int, refunded_fen: int, declared_fen: int) -> tuple[int, ...]:
    gross, refunded, declared = int(gross_fen), int(refunded_fen), int(declared_fen)  # sums of BIGINT are Decimal
    return orders, int(quantity), gross, refunded, gross - refunded - declared, declared, gross - refunded


@lru_cache(maxsize=8192)
def division_name(code: str) -> str | None:
    """``山东省济南市历城区`` for ``370112``; None where the code is not known (any more)."""
    try:
        found = resolve_division(code)
    except DomainError:
        return None
    return found.full_name
