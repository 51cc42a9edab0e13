"""Reads and locks of statements, payouts, accounts and terms."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.sealing import keys
from app.payments import Provider
from app.settlement.lifecycle import DraftStatus, PayoutStatus, Status
from app.settlement.models import (
    CommissionRuleRow,
    DraftedRow,
    DraftRow,
    MerchantRow,
    PayoutAccountRow,
    PayoutRow,
    StatementEventRow,
    StatementRow,
)
from app.settlement.rules import (
    BankDetails,
    CommissionRule,
    Event,
    Kind,
    NoPayoutAccount,
    Owed,
    Party,
    Payout,
    PayoutAccount,
    Row,
    Statement,
)

_STATEMENTS = """
SELECT t.*, s.name AS supplier_name, s.uscc AS supplier_uscc
FROM settlement_statement t JOIN suppliers_supplier s ON s.id = t.supplier_id
WHERE (CAST(:id AS uuid) IS NULL OR t.id = :id) AND (CAST(:supplier_id AS uuid) IS NULL OR t.supplier_id = :supplier_id)
  AND (CAST(:month AS date) IS NULL OR t.month = :month) AND (CAST(:status AS text) IS NULL OR t.status = :status)
"""
_ONE = text(_STATEMENTS)
_PAGE = text(f"""
{_STATEMENTS} AND (CAST(:before AS date) IS NULL OR (t.month, t.id) < (CAST(:before AS date), CAST(:last AS uuid)))
ORDER BY t.month DESC, t.id DESC LIMIT :limit
""")

# Borne is what somebody else pays of a refund or of goods sent again; paid is what buyers gave, or got back. Of goods
# that a supermarket took in, that is the price less the rebate: its fees are the platform's.
_ROWS = text("""
SELECT r.position, p.kind, p.order_number, p.line_id, p.sku, p.name, p.quantity, p.rate_bp,
       coalesce(l.tax_rate_bp, y.tax_rate_bp) AS tax_rate_bp, p.occurred_at,
       CASE WHEN p.kind = 'sale' THEN l.unit_price_fen * l.quantity WHEN p.po_no IS NOT NULL
            THEN coalesce(g.receivable_fen, 0) END AS listed_fen,
       CASE p.kind WHEN 'sale' THEN l.discount_fen - l.subsidy_fen END AS discount_fen,
       CASE WHEN p.po_no IS NULL THEN p.clearing_fen + p.cash_fen ELSE -p.payable_fen - p.commission_fen END
       AS paid_fen,
       CASE WHEN p.kind = 'sale' OR p.payable_fen > 0 THEN p.platform_fen + p.district_fen ELSE 0 END AS subsidy_fen,
       p.commission_fen,
       CASE WHEN p.kind = 'sale' OR p.payable_fen > 0 THEN 0 ELSE p.platform_fen + p.district_fen + p.carrier_fen
       END AS borne_fen, -p.payable_fen AS net_fen, p.po_no, w.line_no AS po_line_no,
       coalesce(b.unit_price_fen, c.unit_price_fen, w.unit_price_fen) AS unit_price_fen,
       CASE WHEN p.po_no IS NOT NULL THEN coalesce(d.pending_fen, 0) END AS rebate_fen
FROM settlement_statement_row r JOIN settlement_posting p ON p.id = r.posting_id
LEFT JOIN orders_line l ON l.id = p.line_id
LEFT JOIN settlement_posting g ON p.po_no IS NOT NULL AND g.kind IN ('receipt', 'return') AND g.source_id = p.source_id
LEFT JOIN settlement_posting d ON p.po_no IS NOT NULL AND d.kind = 'deduction' AND d.source_id = p.source_id
LEFT JOIN wholesale_receipt_line w ON p.po_no IS NOT NULL AND w.id = p.line_id
LEFT JOIN wholesale_po_line y ON y.id = w.line_id
LEFT JOIN wholesale_return_line b ON p.kind = 'purchase_return' AND b.id = p.source_id
LEFT JOIN wholesale_correction c ON p.kind = 'purchase_return' AND c.id = p.source_id
WHERE r.statement_id = :id AND r.position > :after AND (NOT CAST(:of_orders AS boolean) OR p.po_no IS NOT NULL)
ORDER BY r.position LIMIT :limit
""")
_BY_SKU = text("""
SELECT coalesce(max(p.name), CASE p.kind WHEN 'adjustment' THEN '更正' ELSE '运费' END), p.sku, p.kind,
       sum(p.quantity), sum(CASE WHEN p.po_no IS NULL THEN p.clearing_fen + p.cash_fen
                                 ELSE -p.payable_fen - p.commission_fen END), sum(p.commission_fen), -sum(p.payable_fen)
FROM settlement_statement_row r JOIN settlement_posting p ON p.id = r.posting_id
WHERE r.statement_id = :id GROUP BY p.sku, p.kind ORDER BY p.sku NULLS LAST, p.kind DESC
""")
_OWED = text("""
SELECT coalesce(-sum(p.payable_fen) FILTER (WHERE r.posting_id IS NOT NULL OR p.kind = 'payout'), 0),
       coalesce(-sum(p.payable_fen) FILTER (WHERE r.posting_id IS NULL AND p.kind <> 'payout'
                                            AND p.release_at <= :now), 0),
       coalesce(-sum(p.payable_fen) FILTER (WHERE r.posting_id IS NULL AND p.kind <> 'payout'
                                            AND p.release_at > :now), 0),
       coalesce(-sum(p.pending_fen), 0)
FROM settlement_posting p LEFT JOIN settlement_statement_row r ON r.posting_id = p.id
WHERE p.supplier_id = :supplier_id
""")


async def lock(session: AsyncSession, statement_id: UUID, *, supplier_id: UUID | None = None) -> StatementRow:
    """The statement, kept from others. Raises ``NotFound``, for another supplier's too."""
    query = select(StatementRow).where(StatementRow.id == statement_id).with_for_update()
    if supplier_id is not None:
        query = query.where(StatementRow.supplier_id == supplier_id)
    row = (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


async def lock_unanswered(session: AsyncSession, now: datetime, limit: int) -> Sequence[StatementRow]:
    """Statements whose time to be answered is over; those in somebody's hands are left."""
    query = select(StatementRow).where(StatementRow.status == Status.ISSUED, StatementRow.confirm_by <= now)
    query = query.order_by(StatementRow.id).limit(limit).with_for_update(skip_locked=True)
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


# What waits for a second operator is in nobody else's run.
_DRAFTED = (
    exists()
    .where(DraftedRow.statement_id == StatementRow.id, DraftRow.id == DraftedRow.draft_id)
    .where(DraftRow.status == DraftStatus.WAITING)
)
_HAS_ACCOUNT = exists().where(
    PayoutAccountRow.supplier_id == StatementRow.supplier_id, PayoutAccountRow.verified_at.is_not(None)
)


def _payable(month: date | None) -> ColumnElement[bool]:
    waits = StatementRow.status.in_((Status.CONFIRMED.value, Status.FAILED.value))
    free = and_(waits, ~_DRAFTED)
    return free if month is None else and_(free, StatementRow.month == month)


async def hold_runs(session: AsyncSession) -> None:
    """Let runs be drafted one after the other, so that each sees what those before it took."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext("settlement.payout_runs"))))


def _has_way(provider: str) -> ColumnElement[bool]:
    """Whether a provider can pay the supplier: WeChat Pay has to know it as a merchant."""
    if provider != Provider.WECHAT_NATIVE:
        return _HAS_ACCOUNT
    return and_(_HAS_ACCOUNT, exists().where(MerchantRow.supplier_id == StatementRow.supplier_id))


async def lock_payable(
    session: AsyncSession, month: date | None, limit: int, *, provider: str
) -> Sequence[StatementRow]:
    """Statements that wait for their money and can be paid; those in another run's hands are left."""
    query = select(StatementRow).where(_payable(month), _has_way(provider))
    query = query.order_by(StatementRow.id).limit(limit).with_for_update(of=StatementRow, skip_locked=True)
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def without_account(session: AsyncSession, month: date | None, limit: int, *, provider: str) -> tuple[str, ...]:
    """Numbers of statements that wait for their money while their supplier has no verified account, or way to it."""
    query = (
        select(StatementRow.number).where(_payable(month), ~_has_way(provider)).order_by(StatementRow.id).limit(limit)
    )
    return tuple(await session.scalars(query))


async def lock_payouts(session: AsyncSession, numbers: Collection[str]) -> dict[str, tuple[PayoutRow, StatementRow]]:
    """The payouts with these numbers, each with its statement."""
    query = (
        select(PayoutRow, StatementRow)
        .join(StatementRow, StatementRow.id == PayoutRow.statement_id)
        .where(PayoutRow.number.in_(numbers))
        .order_by(PayoutRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {payout.number: (payout, statement) for payout, statement in await session.execute(query)}


def _statement(row: Any, history: tuple[Event, ...] = (), draft_id: UUID | None = None) -> Statement:
    names = [name for name in Statement.__dataclass_fields__ if name not in ("status", "history", "draft_id")]
    values = {name: getattr(row, name) for name in names}
    return Statement(**values, status=Status(row.status), history=history, draft_id=draft_id)


async def get(session: AsyncSession, statement_id: UUID, *, supplier_id: UUID | None = None) -> Statement:
    """One statement with its history. Raises ``NotFound``, for another supplier's too."""
    values = {"id": statement_id, "supplier_id": supplier_id, "month": None, "status": None}
    row = (await session.execute(_ONE, values)).first()
    if row is None:
        raise NotFound
    events = await session.scalars(
        select(StatementEventRow).where(StatementEventRow.statement_id == statement_id).order_by(StatementEventRow.id)
    )
    waiting = DraftRow.statement_id == statement_id, DraftRow.status == DraftStatus.WAITING
    draft_id = await session.scalar(select(DraftRow.id).where(*waiting))
    return _statement(row, tuple(Event(e.at, Status(e.status), Party(e.party), e.reason) for e in events), draft_id)


async def page(
    session: AsyncSession,
    *,
    supplier_id: UUID | None = None,
    month: date | None = None,
    status: Status | None = None,
    after: tuple[date, UUID] | None = None,
    limit: int,
) -> list[Statement]:
    """Statements, the latest month first; ``after`` is the month and id of the last one seen."""
    before, last = after or (None, None)
    values = {"id": None, "supplier_id": supplier_id, "month": month, "status": status}
    rows = await session.execute(_PAGE, {**values, "before": before, "last": last, "limit": limit})
    return [_statement(row) for row in rows]


async def rows(
    session: AsyncSession, statement_id: UUID, *, of_orders: bool = False, after: int = 0, limit: int = 2_000_000
) -> list[Row]:
    """Rows of a statement in their order, after the position ``after``; those of purchase orders alone if asked."""
    values = {"id": statement_id, "of_orders": of_orders, "after": after, "limit": limit}
    found = await session.execute(_ROWS, values)
    return [Row(**{**row, "kind": Kind(row["kind"])}) for row in found.mappings()]


async def by_sku(session: AsyncSession, statement_id: UUID) -> list[tuple[Any, ...]]:
    """A statement summed up: name, SKU, kind, pieces, paid, commission and net, in fen."""
    found = await session.execute(_BY_SKU, {"id": statement_id})
    return [(*row[:3], *(None if figure is None else int(figure) for figure in row[3:])) for row in found]


async def owed(session: AsyncSession, supplier_id: UUID, *, now: datetime) -> Owed:
    """What a supplier is owed now, from the journal."""
    row = (await session.execute(_OWED, {"supplier_id": supplier_id, "now": now})).one()
    return Owed(*(int(figure) for figure in row))


# --- payouts ---


def payout_view(row: PayoutRow, statement_number: str) -> Payout:
    """The row as others may see it."""
    names = [name for name in Payout.__dataclass_fields__ if name not in ("status", "statement_number")]
    values = {name: getattr(row, name) for name in names}
    return Payout(**values, status=PayoutStatus(row.status), statement_number=statement_number)


async def payout(session: AsyncSession, payout_id: UUID) -> Payout:
    """One payout. Raises ``NotFound``."""
    query = select(PayoutRow, StatementRow.number).join(StatementRow, StatementRow.id == PayoutRow.statement_id)
    found = (await session.execute(query.where(PayoutRow.id == payout_id))).first()
    if found is None:
        raise NotFound
    return payout_view(*found)


async def payouts(
    session: AsyncSession,
    *,
    status: PayoutStatus | None = None,
    run_id: UUID | None = None,
    statement_id: UUID | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Payout]:
    """Payouts, newest first."""
    query = select(PayoutRow, StatementRow.number).join(StatementRow, StatementRow.id == PayoutRow.statement_id)
    if status is not None:
        query = query.where(PayoutRow.status == status)
    if run_id is not None:
        query = query.where(PayoutRow.run_id == run_id)
    if statement_id is not None:
        query = query.where(PayoutRow.statement_id == statement_id)
    if before is not None:
        query = query.where(PayoutRow.id < before)
    return [payout_view(*row) for row in await session.execute(query.order_by(PayoutRow.id.desc()).limit(limit))]


# --- accounts and terms ---


def account_view(row: PayoutAccountRow) -> PayoutAccount:
    """The account, opened; whoever shows it masks it."""
    holder, bank, account, cnaps = json.loads(keys().unseal(row.details_sealed, PayoutAccountRow.PURPOSE))
    details = BankDetails(holder, bank, account, cnaps)
    return PayoutAccount(row.id, row.supplier_id, details, row.entered_at, row.verified_at)


async def account(session: AsyncSession, account_id: UUID) -> PayoutAccount:
    """One account, as a payout names it. Raises ``NotFound``."""
    row = await session.get(PayoutAccountRow, account_id)
    if row is None:
        raise NotFound
    return account_view(row)


async def accounts_of(session: AsyncSession, supplier_id: UUID) -> list[PayoutAccount]:
    """All that a supplier has entered, newest first. The latest verified one is where it is paid."""
    query = select(PayoutAccountRow).where(PayoutAccountRow.supplier_id == supplier_id)
    return [account_view(row) for row in await session.scalars(query.order_by(PayoutAccountRow.id.desc()))]


async def accounts_waiting(session: AsyncSession, *, after: UUID | None, limit: int) -> list[PayoutAccount]:
    """Accounts that nobody has verified yet, the oldest first."""
    query = select(PayoutAccountRow).where(PayoutAccountRow.verified_at.is_(None))
    if after is not None:
        query = query.where(PayoutAccountRow.id > after)
    return [account_view(row) for row in await session.scalars(query.order_by(PayoutAccountRow.id).limit(limit))]


async def paid_into(session: AsyncSession, supplier_id: UUID) -> PayoutAccount:
    """Where a supplier is paid now. Raises ``NoPayoutAccount``."""
    found = (await verified_accounts(session, {supplier_id})).get(supplier_id)
    if found is None:
        raise NoPayoutAccount
    return await account(session, found)


async def verified_accounts(session: AsyncSession, supplier_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The account into which each of these suppliers is paid; none where none was verified."""
    query = (
        select(PayoutAccountRow.supplier_id, PayoutAccountRow.id)
        .where(PayoutAccountRow.supplier_id.in_(supplier_ids), PayoutAccountRow.verified_at.is_not(None))
        .order_by(PayoutAccountRow.id)
    )
    return {row.supplier_id: row.id for row in await session.execute(query)}


async def lock_account(session: AsyncSession, account_id: UUID) -> PayoutAccountRow:
    """The account, kept from others. Raises ``NotFound``."""
    query = select(PayoutAccountRow).where(PayoutAccountRow.id == account_id).with_for_update()
    row = (await session.execute(query)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def rule_view(row: CommissionRuleRow) -> CommissionRule:
    """The row as others may see it."""
    return CommissionRule(row.id, row.supplier_id, row.category, row.rate_bp, row.valid_from, row.created_at)


async def commission_rules(
    session: AsyncSession, *, before: tuple[date, UUID] | None, limit: int
) -> list[CommissionRule]:
    """All rules, the latest to begin first."""
    query = select(CommissionRuleRow)
    if before is not None:
        day, last = before
        query = query.where(
            (CommissionRuleRow.valid_from < day)
            | ((CommissionRuleRow.valid_from == day) & (CommissionRuleRow.id < last))
        )
    query = query.order_by(CommissionRuleRow.valid_from.desc(), CommissionRuleRow.id.desc()).limit(limit)
    return [rule_view(row) for row in await session.scalars(query)]
