"""The statement behind the report on the farm gate: one, so that rows and totals are of one snapshot."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_end, day_start
from app.settlement.rules import WHOLE_BP
from app.settlement.rules.farm_gate import (
    COLUMNS,
    FIGURES,
    MOST_ROWS,
    FarmGateGroup,
    FarmGateTooLarge,
    Question,
    Shares,
    measured,
)

# The tax in a price is what is left of it after the rounded net, as on statements (domain handbook §3.4). Goods that a
# carrier or the platform pays for instead of the supplier keep their price, so nothing is taken out of it again.
# Goods are sold to a supermarket when it takes them in; a rebate is the supplier's discount, a fee the platform's.
_PRICE = """p.clearing_fen + p.cash_fen + p.receivable_fen + CASE WHEN p.kind IN ('sale', 'deduction')
    OR p.payable_fen > 0 THEN p.platform_fen + p.district_fen ELSE 0 END"""
_TAX_RATE = "coalesce(l.tax_rate_bp, y.tax_rate_bp)"
_SOURCE = f"""
    SELECT CAST(date_trunc('month', p.occurred_at AT TIME ZONE 'Asia/Shanghai') AS date) AS month, p.supplier_id,
           s.name AS supplier, coalesce(l.township_code, y.township_code) AS township_code,
           coalesce(l.township, y.township) AS township, coalesce(l.category, y.category) AS category, p.sku, p.name,
           CASE WHEN p.po_no IS NULL THEN o.channel ELSE 'supermarket' END AS channel, p.line_id,
           coalesce(p.order_number, p.po_no) AS order_number,
           CASE WHEN p.line_id IS NULL THEN 0 ELSE coalesce(p.quantity, 0) END AS quantity,
           CASE WHEN p.kind = 'sale' AND p.line_id IS NOT NULL THEN l.unit_price_fen * l.quantity
                WHEN p.kind = 'receipt' THEN p.receivable_fen ELSE 0 END AS listed_fen,
           CASE WHEN p.kind = 'sale' AND p.line_id IS NOT NULL THEN l.discount_fen - l.subsidy_fen
                WHEN p.kind = 'deduction' THEN p.pending_fen ELSE 0 END AS supplier_discount_fen,
           CASE WHEN p.kind IN ('sale', 'deduction') THEN p.platform_fen ELSE 0 END AS platform_discount_fen,
           CASE WHEN p.kind = 'sale' THEN p.district_fen ELSE 0 END AS district_discount_fen,
           CASE WHEN p.kind = 'sale' AND p.line_id IS NOT NULL THEN p.clearing_fen + p.cash_fen
                WHEN p.kind IN ('receipt', 'deduction') THEN p.receivable_fen ELSE 0 END AS paid_fen,
           CASE WHEN p.kind = 'refund' AND p.line_id IS NOT NULL THEN -p.clearing_fen - p.cash_fen
                WHEN p.kind = 'return' THEN -p.receivable_fen ELSE 0 END AS refunded_fen,
           CASE WHEN p.line_id IS NULL THEN 0 ELSE p.platform_fen + p.district_fen + p.carrier_fen END AS added_fen,
           CASE WHEN p.kind IN ('sale', 'refund', 'receipt', 'return', 'deduction') AND p.line_id IS NOT NULL
                THEN sign({_PRICE}) * (abs({_PRICE}) - div(2 * abs({_PRICE}) * {WHOLE_BP} + {WHOLE_BP} + {_TAX_RATE},
                                                           2 * ({WHOLE_BP} + {_TAX_RATE}))) ELSE 0 END AS tax_fen,
           -p.commission_fen - p.unearned_fen AS commission_fen,
           CASE WHEN p.line_id IS NULL THEN 0 ELSE -p.payable_fen - p.pending_fen END AS farm_gate_fen,
           CASE WHEN p.line_id IS NULL AND p.kind <> 'adjustment' THEN -p.payable_fen ELSE 0 END AS freight_fen,
           CASE WHEN p.kind = 'adjustment' THEN -p.payable_fen ELSE 0 END AS adjustment_fen,
           -p.payable_fen - p.pending_fen AS supplier_fen,
           CASE WHEN p.kind IN ('sale', 'receipt') AND p.line_id IS NOT NULL
                THEN extract(epoch FROM t.paid_at - coalesce(u.paid_at, p.paid_at)) END AS waited
    FROM settlement_posting p JOIN suppliers_supplier s ON s.id = p.supplier_id
    LEFT JOIN orders_line l ON l.id = p.line_id
    LEFT JOIN orders_supplier_order c ON c.id = p.supplier_order_id LEFT JOIN orders_order o ON o.id = c.order_id
    LEFT JOIN wholesale_receipt_line w ON p.po_no IS NOT NULL AND w.id = p.line_id
    LEFT JOIN wholesale_po_line y ON y.id = w.line_id
    LEFT JOIN settlement_posting u ON p.kind = 'receipt' AND u.kind = 'purchase' AND u.source_id = p.source_id
    LEFT JOIN settlement_statement_row r ON r.posting_id = coalesce(u.id, p.id)
    LEFT JOIN settlement_statement t ON t.id = r.statement_id
    WHERE p.kind NOT IN ('payout', 'purchase', 'purchase_return') AND p.occurred_at >= :since AND p.occurred_at < :until
"""
_DAYS = "CAST(round(avg(waited) / 86400) AS integer)"


@lru_cache(maxsize=512)
def _statement(groups: tuple[FarmGateGroup, ...]) -> TextClause:
    pairs = [COLUMNS.get(group, (group.value, None)) for group in groups]
    keys = ", ".join(key for key, _ in pairs)
    shown = ", ".join(f"{key}, {'NULL' if name is None else f'max({name})'}" for key, name in pairs)
    sums = ", ".join(f"coalesce(sum({figure}), 0)" for figure in FIGURES)
    return text(f"""
SELECT grouping({pairs[0][0]}), {_DAYS}, {sums}, {shown} FROM ({_SOURCE}) AS source
GROUP BY GROUPING SETS (({keys}), ()) ORDER BY 1 DESC, {keys} LIMIT {MOST_ROWS + 2}
""")


async def farm_gate(session: AsyncSession, question: Question, *, now: datetime) -> Shares:
    """Who got what of everything that was sold or given back in these days. Raises ``FarmGateTooLarge``."""
    span = {"since": day_start(question.first), "until": day_end(question.last)}
    total, *found = (await session.execute(_statement(question.groups), span)).all()
    if len(found) > MOST_ROWS:
        raise FarmGateTooLarge(most=MOST_ROWS)
    rows = [(*_cells(question, row), *_measures(row)) for row in found]
    return Shares(question, now, rows, _measures(total))


def _measures(row: Any) -> tuple[int | None, ...]:
    return measured([int(figure) for figure in row[2 : 2 + len(FIGURES)]], row[1])


def _cells(question: Question, row: Any) -> list[Any]:
    cells: list[Any] = []
    for at, group in enumerate(question.groups):
        key, name = row[2 + len(FIGURES) + 2 * at : 4 + len(FIGURES) + 2 * at]
        if group is FarmGateGroup.MONTH:
            cells.append(f"{key:%Y-%m}")
        elif group in COLUMNS:
            cells += [None if key is None else str(key), name]
        else:
            cells.append(key)
    return cells
