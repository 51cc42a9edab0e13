"""What the platform itself reads in the journal: its accounts, postings, taxable incomes, shares of the farm gate."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_end, day_start
from app.settlement.rules import ACCOUNTS, Account
from app.settlement.rules.books import Balance, Income, Journalled, Shared

_BALANCES = text(f"""
SELECT {
    ", ".join(
        f"coalesce(sum({column}) FILTER (WHERE {column} > 0), 0), "
        f"coalesce(-sum({column}) FILTER (WHERE {column} < 0), 0)"
        for column in ACCOUNTS
    )
}
FROM settlement_posting p WHERE (CAST(:supplier_id AS uuid) IS NULL OR p.supplier_id = :supplier_id)
""")
_JOURNAL = text("""
SELECT * FROM settlement_posting p
WHERE (CAST(:supplier_id AS uuid) IS NULL OR p.supplier_id = :supplier_id)
  AND (CAST(:before AS bigint) IS NULL OR p.id < :before)
ORDER BY p.id DESC LIMIT :limit
""")
# Income is what goods and freight were sold for, whoever paid it, before the platform's commission; what a refund took
# back from the supplier is deducted in the quarter in which it was refunded. Goods are sold to a supermarket when it
# takes them in; what went back, and the rebate, is deducted when that was.
_INCOMES = text("""
SELECT s.id AS supplier_id, s.code, s.name, s.uscc, s.kind, s.taxpayer,
       count(DISTINCT p.source_id) FILTER (WHERE p.kind = 'sale') + count(DISTINCT y.po_id) AS orders,
       coalesce(sum(p.clearing_fen + p.cash_fen + p.platform_fen + p.district_fen) FILTER (WHERE p.kind = 'sale'), 0)
       + coalesce(sum(p.receivable_fen) FILTER (WHERE p.kind = 'receipt'), 0) AS gross_fen,
       coalesce(sum(p.payable_fen + p.commission_fen) FILTER (WHERE p.kind = 'refund'), 0)
       + coalesce(sum(p.pending_fen + p.unearned_fen) FILTER (WHERE p.kind IN ('return', 'deduction')), 0)
       AS refunded_fen, coalesce(-sum(p.commission_fen + p.unearned_fen), 0) AS commission_fen
FROM settlement_posting p JOIN suppliers_supplier s ON s.id = p.supplier_id
LEFT JOIN wholesale_receipt_line w ON p.kind = 'receipt' AND w.id = p.line_id
LEFT JOIN wholesale_po_line y ON y.id = w.line_id
WHERE p.occurred_at >= :since AND p.occurred_at < :until
  AND p.kind IN ('sale', 'refund', 'receipt', 'return', 'deduction')
GROUP BY s.id ORDER BY s.code
""")
# Of each line what was listed, taken off, added, kept as commission and left to the supplier, refunds deducted; the
# days are those from the buyer's payment to the supplier's, of statements that were paid. What a supermarket took in
# counts from then on, and its days from when it paid.
_SHARES = text("""
SELECT p.sku, max(p.name) AS name, p.supplier_id, max(s.name) AS supplier_name,
       sum(p.quantity) FILTER (WHERE p.kind IN ('sale', 'refund', 'receipt', 'return')) AS quantity,
       sum(p.clearing_fen + p.cash_fen + p.receivable_fen) AS paid_fen,
       sum(p.platform_fen + p.district_fen + p.carrier_fen) AS added_fen,
       -sum(p.commission_fen + p.unearned_fen) AS commission_fen, -sum(p.payable_fen + p.pending_fen) AS supplier_fen,
       CAST(round(avg(extract(epoch FROM t.paid_at - coalesce(u.paid_at, p.paid_at)))
                  FILTER (WHERE p.kind IN ('sale', 'receipt')) / 86400) AS integer) AS days_to_paid
FROM settlement_posting p JOIN suppliers_supplier s ON s.id = p.supplier_id
LEFT JOIN settlement_posting u ON p.kind = 'receipt' AND u.kind = 'purchase' AND u.source_id = p.source_id
LEFT JOIN settlement_statement_row r ON r.posting_id = coalesce(u.id, p.id)
LEFT JOIN settlement_statement t ON t.id = r.statement_id
WHERE p.line_id IS NOT NULL AND p.kind NOT IN ('purchase', 'purchase_return') AND p.occurred_at >= :since
  AND p.occurred_at < :until
GROUP BY p.supplier_id, p.sku ORDER BY p.sku
""")
# Of payouts of the last quarter, more money weighing more; and since when the oldest that is not paid waits.
_WAITED = text("""
SELECT (SELECT round(sum(waited_s * amount_fen) / (sum(amount_fen) * 86400), 2) FROM settlement_payout
        WHERE status = 'paid' AND settled_at > :since AND waited_s IS NOT NULL),
       (SELECT coalesce(round(extract(epoch FROM :now - min(issued_at)) / 86400, 2), 0) FROM settlement_statement
        WHERE status IN ('issued', 'disputed', 'confirmed', 'paying', 'failed')),
       k.parts, k.held_fen
FROM (SELECT 1) always LEFT JOIN (
    SELECT parts, held_fen FROM settlement_frozen_look ORDER BY day DESC LIMIT 1) k ON true
""")


async def figures(session: AsyncSession, now: datetime) -> dict[str, Decimal]:
    """What whoever watches the service should see: how many days farmers wait, and what its provider soon lets go.

    The mean over the payouts of the last 90 days, from buyers' payments on (none where nothing was paid), and the age
    of the oldest statement that is not paid. What is near the provider's limit is as of the last daily look.
    """
    span = {"now": now, "since": now - timedelta(days=90)}
    waited, oldest, parts, held_fen = (await session.execute(_WAITED, span)).one()
    found = {
        "settlement_oldest_unpaid_statement_days": Decimal(oldest),
        "settlement_near_freeze_limit_orders": Decimal(parts or 0),
        "settlement_near_freeze_limit_fen": Decimal(held_fen or 0),
    }
    return found if waited is None else {**found, "settlement_days_until_farmer_was_paid": Decimal(waited)}


async def balances(session: AsyncSession, *, supplier_id: UUID | None = None) -> list[Balance]:
    """Debits and credits of every account, of one supplier's business if asked; together they are equal."""
    row = (await session.execute(_BALANCES, {"supplier_id": supplier_id})).one()
    return [Balance(account, int(row[2 * at]), int(row[2 * at + 1])) for at, account in enumerate(Account)]


async def journal(
    session: AsyncSession, *, supplier_id: UUID | None, before: int | None, limit: int
) -> list[Journalled]:
    """Postings, newest first."""
    rows = await session.execute(_JOURNAL, {"supplier_id": supplier_id, "before": before, "limit": limit})
    return [_journalled(row) for row in rows]


def _journalled(row: Any) -> Journalled:
    entries = tuple(
        (account, getattr(row, column))
        for account, column in zip(Account, ACCOUNTS, strict=True)
        if getattr(row, column)
    )
    return Journalled(
        id=row.id,
        kind=row.kind,
        source_id=row.source_id,
        line_id=row.line_id,
        supplier_id=row.supplier_id,
        order_number=row.order_number,
        po_no=row.po_no,
        sku=row.sku,
        rate_bp=row.rate_bp,
        occurred_at=row.occurred_at,
        posted_at=row.posted_at,
        reverses=row.reverses,
        entries=entries,
    )


async def incomes(session: AsyncSession, *, first: date, last: date) -> list[Income]:
    """What each supplier sold and gave back in a span of Shanghai days (domain handbook §3.5)."""
    span = {"since": day_start(first), "until": day_end(last)}
    rows = await session.execute(_INCOMES, span)
    return [
        Income(
            row.supplier_id,
            row.code,
            row.name,
            row.uscc,
            row.kind,
            row.taxpayer,
            row.orders,
            int(row.gross_fen),
            int(row.refunded_fen),
            int(row.commission_fen),
        )
        for row in rows
    ]


async def shares(session: AsyncSession, *, first: date, last: date) -> list[Shared]:
    """The farm-gate share of each SKU that was sold or refunded in a span of Shanghai days."""
    span = {"since": day_start(first), "until": day_end(last)}
    rows = await session.execute(_SHARES, span)
    return [
        Shared(
            row.sku,
            row.name,
            row.supplier_id,
            row.supplier_name,
            int(row.quantity or 0),
            int(row.paid_fen),
            int(row.added_fen),
            int(row.commission_fen),
            int(row.supplier_fen),
            row.days_to_paid,
        )
        for row in rows
    ]
