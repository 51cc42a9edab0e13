"""Statements: drawn from the journal for a month, all suppliers' at once; answered by them, decided by operators."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.settlement import queries
from app.settlement.events import DraftMade
from app.settlement.lifecycle import DraftStatus, Status, Step, after
from app.settlement.models import DraftRow, PostingRow, StatementEventRow, StatementRow
from app.settlement.queries import drafts
from app.settlement.rules import (
    CONFIRM_WITHIN,
    DIGEST,
    UNSTATED,
    Kind,
    MonthNotOver,
    Party,
    Statement,
    last_due,
    month_end,
)
from app.settlement.rules.drafts import AdjustmentWaits, DraftKind, needs_second
from app.settlement.service.journal import post_everything

# On a statement stands what has no statement yet and may be paid: the buyers' time to claim is over, and no claim on
# the supplier order is open, or a supermarket has paid. What is known to be taken back of a sale goes with it, even if
# that was after the month.
_READY = f"""
    SELECT q.* FROM (
        SELECT p.*, bool_or(p.kind = 'sale' AND p.release_at < :until) OVER (PARTITION BY p.supplier_order_id) AS along
        FROM settlement_posting p LEFT JOIN settlement_statement_row r ON r.posting_id = p.id
        WHERE r.posting_id IS NULL AND p.kind NOT IN ({", ".join(repr(kind.value) for kind in UNSTATED)})
          AND p.occurred_at <= :now) q
    LEFT JOIN orders_supplier_order s ON s.id = q.supplier_order_id
    WHERE (q.release_at < :until OR (q.along AND q.supplier_order_id IS NOT NULL)) AND coalesce(s.open_claims, 0) = 0
      AND NOT EXISTS (SELECT FROM settlement_statement t WHERE t.supplier_id = q.supplier_id AND t.month >= :month)
"""

_SUPPLIERS = text(f"""
SELECT c.id, c.code FROM suppliers_supplier c WHERE c.id IN (SELECT supplier_id FROM ({_READY}) ready) ORDER BY c.code
""")

_ISSUE = text(f"""
WITH p AS (
    SELECT ready.*, n.id AS statement_id, n.number,
           row_number() OVER (PARTITION BY ready.supplier_id ORDER BY ready.occurred_at, ready.id) AS position
    FROM ({_READY}) ready JOIN unnest(CAST(:ids AS uuid[]), CAST(:numbers AS text[]), CAST(:suppliers AS uuid[]))
         AS n (id, number, supplier_id) ON n.supplier_id = ready.supplier_id
), r AS (SELECT id AS posting_id, position FROM p),
sums AS (
    SELECT p.statement_id, p.number, p.supplier_id, count(*) AS row_count, {DIGEST} AS sha256,
           coalesce(sum(clearing_fen + cash_fen) FILTER (WHERE kind = 'sale' AND line_id IS NOT NULL), 0)
           - coalesce(sum(payable_fen + commission_fen) FILTER (WHERE kind = 'purchase'), 0) AS goods,
           coalesce(sum(platform_fen + district_fen) FILTER (WHERE kind = 'sale'), 0) AS subsidy,
           coalesce(sum(clearing_fen + cash_fen) FILTER (WHERE kind = 'sale' AND line_id IS NULL), 0) AS freight,
           coalesce(-sum(commission_fen) FILTER (WHERE kind IN ('sale', 'purchase')), 0) AS commission,
           coalesce(sum(payable_fen) FILTER (WHERE kind IN ('refund', 'purchase_return')), 0) AS refund,
           coalesce(-sum(payable_fen) FILTER (WHERE kind IN ('reshipment', 'adjustment')), 0) AS other,
           -sum(payable_fen) AS net, sum(clearing_fen) AS clearing
    FROM p JOIN r ON r.posting_id = p.id GROUP BY p.statement_id, p.number, p.supplier_id
), issued AS (
    INSERT INTO settlement_statement (id, number, supplier_id, month, status, row_count, sha256, opening_fen, goods_fen,
        subsidy_fen, freight_fen, commission_fen, refund_fen, other_fen, net_fen, balance_fen, clearing_fen, issued_at,
        confirm_by)
    SELECT s.statement_id, s.number, s.supplier_id, :month,
           CASE WHEN coalesce(b.balance_fen, 0) + s.net > 0 THEN 'issued' ELSE 'carried' END,
           s.row_count, s.sha256, coalesce(b.balance_fen, 0), s.goods, s.subsidy, s.freight, s.commission, s.refund,
           s.other, s.net, coalesce(b.balance_fen, 0) + s.net, coalesce(b.clearing_fen, 0) + s.clearing, :now,
           CASE WHEN coalesce(b.balance_fen, 0) + s.net > 0 THEN CAST(:confirm_by AS timestamptz) END
    FROM sums s LEFT JOIN LATERAL (
        SELECT * FROM (SELECT t.status, t.balance_fen, t.clearing_fen FROM settlement_statement t
                       WHERE t.supplier_id = s.supplier_id ORDER BY t.month DESC LIMIT 1) latest
        WHERE latest.status = 'carried') b ON true
    RETURNING id
), stated AS (
    INSERT INTO settlement_statement_row (statement_id, position, posting_id)
    SELECT statement_id, position, id FROM p ORDER BY statement_id, position
)
SELECT id FROM issued
""")

_NOTE_MONTH = text("INSERT INTO settlement_month (month, settled_at) VALUES (:month, :now) ON CONFLICT DO NOTHING")
# A month of a whole county is drawn in one breath, once; what serves people at the same time keeps its own limit.
_TAKE_YOUR_TIME = text("SET LOCAL statement_timeout = '10min'")
_IS_SETTLED = text("SELECT 1 FROM settlement_month WHERE month = :month")


async def issue_statements(session: AsyncSession, month: date, *, now: datetime) -> int:
    """Issue the statements of a month that is over, for every supplier that has none of it or of a later one.

    Doing it again issues nothing: a supplier's month is settled once, and what comes later stands on the next one.
    Returns how many were issued. Raises ``MonthNotOver``.
    """
    if now < month_end(month):
        raise MonthNotOver(month=f"{month:%Y-%m}")
    await ask(session, _TAKE_YOUR_TIME, {})
    await post_everything(session, now=now)
    return await _issue(session, month, now)


async def issue_due(session: AsyncSession, *, now: datetime) -> int:
    """On its day, settle the month before. Returns how many statements were issued.

    What a month that was missed left open stands on this one.
    """
    month = last_due(now)
    if await ask(session, _IS_SETTLED, {"month": month}):
        return 0
    return await issue_statements(session, month, now=now)


async def _issue(session: AsyncSession, month: date, now: datetime) -> int:
    span = {"month": month, "until": month_end(month), "now": now}
    found = await ask(session, _SUPPLIERS, span)
    issued = []
    if found:
        values: dict[str, Any] = {
            **span,
            "confirm_by": now + CONFIRM_WITHIN,
            "ids": array(new_id(now) for _ in found),
            "numbers": array(f"JS{month:%Y%m}{code}" for _, code in found),
            "suppliers": array(supplier_id for supplier_id, _ in found),
        }
        issued = await ask(session, _ISSUE, values)
    await ask(session, _NOTE_MONTH, {"month": month, "now": now})
    return len(issued)


async def confirm(session: AsyncSession, statement_id: UUID, *, by: Actor, now: datetime) -> Statement:
    """The supplier agrees: it may be paid. Raises ``NotFound``, ``StatementStepNotAllowed``."""
    row = await queries.lock(session, statement_id, supplier_id=by.supplier_id)
    await take(session, row, Step.CONFIRM, party=Party.SUPPLIER, by=by, now=now)
    await session.flush()
    return await queries.get(session, statement_id)


async def dispute(session: AsyncSession, statement_id: UUID, *, reason: str, by: Actor, now: datetime) -> Statement:
    """The supplier does not agree: an operator looks at it. Raises ``NotFound``, ``StatementStepNotAllowed``."""
    row = await queries.lock(session, statement_id, supplier_id=by.supplier_id)
    await take(session, row, Step.DISPUTE, party=Party.SUPPLIER, by=by, reason=reason, now=now)
    await session.flush()
    return await queries.get(session, statement_id)


async def resolve(
    session: AsyncSession,
    statement_id: UUID,
    *,
    reason: str,
    adjustment_fen: int,
    alone_up_to_fen: int,
    by: Actor,
    now: datetime,
) -> Statement:
    """The operator's answer to a dispute. What was issued stands; a correction is a row of the next statement.

    ``adjustment_fen`` is owed to the supplier on top (negative: less) and borne by the platform. One of more than
    ``alone_up_to_fen`` is drafted: the statement stays disputed until a second operator has approved it.
    Raises ``NotFound``, ``StatementStepNotAllowed``, ``AdjustmentWaits``.
    """
    row = await queries.lock(session, statement_id)
    if needs_second(adjustment_fen, alone_up_to_fen):
        after(Status(row.status), Step.RESOLVE)
        draft = DraftRow(
            id=new_id(now),
            kind=DraftKind.ADJUSTMENT.value,
            status=DraftStatus.WAITING.value,
            statement_id=row.id,
            count=1,
            amount_fen=adjustment_fen,
            reason=reason,
            drafted_by=by.account_id,
            drafted_at=now,
        )
        session.add(draft)
        told = {"draft_id": draft.id, "kind": draft.kind, "amount_fen": adjustment_fen, "by_account": by.account_id}
        emit(session, DraftMade(**told, at=now))
    elif await drafts.waits(session, [row.id]):
        raise AdjustmentWaits
    else:
        await put_right(session, row, reason=reason, adjustment_fen=adjustment_fen, by=by, now=now)
    await session.flush()
    return await queries.get(session, statement_id)


async def put_right(
    session: AsyncSession, row: StatementRow, *, reason: str | None, adjustment_fen: int, by: Actor, now: datetime
) -> None:
    """Answer the dispute of a locked statement. Raises ``StatementStepNotAllowed``."""
    await take(session, row, Step.RESOLVE, party=Party.OPERATOR, by=by, reason=reason, now=now)
    if adjustment_fen:
        session.add(
            PostingRow(
                kind=Kind.ADJUSTMENT.value,
                source_id=row.id,
                supplier_id=row.supplier_id,
                occurred_at=now,
                release_at=now,
                posted_at=now,
                payable_fen=-adjustment_fen,
                platform_fen=adjustment_fen,
            )
        )


async def confirm_due(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Take as confirmed what its supplier has not answered in time. Returns how many."""
    rows = await queries.lock_unanswered(session, now, limit)
    for row in rows:
        await take(session, row, Step.CONFIRM, party=Party.SYSTEM, by=None, now=now)
    await session.flush()
    return len(rows)


async def take(
    session: AsyncSession,
    row: StatementRow,
    step: Step,
    *,
    party: Party,
    by: Actor | None,
    now: datetime,
    reason: str | None = None,
) -> None:
    """One step of a locked statement, written down. Raises ``StatementStepNotAllowed``."""
    reached = row.take(step, now=now)
    session.add(
        StatementEventRow(
            statement_id=row.id,
            status=reached.value,
            party=party.value,
            by_account=None if by is None else by.account_id,
            reason=reason,
            at=now,
        )
    )
