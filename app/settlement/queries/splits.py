"""Reads and locks of what is split payment by payment at a provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.settlement.lifecycle import SplitStatus
from app.settlement.models import MerchantRow, PayoutRow, SplitRow
from app.settlement.rules.split import Held, Merchant, Shared, Split, SplitKind

# A statement's payments are those of its own rows, and of the ones before it that had nothing to pay and were carried.
# What of a payment went back to its buyer is no longer held; goods refunded after they were paid out lower it too.
_HELD = text("""
WITH own AS (
    SELECT t.id FROM settlement_statement t JOIN settlement_statement me ON me.id = :statement_id
    WHERE t.supplier_id = me.supplier_id AND t.month <= me.month AND t.month > coalesce(
        (SELECT max(x.month) FROM settlement_statement x
         WHERE x.supplier_id = me.supplier_id AND x.month < me.month AND x.status <> 'carried'), '-infinity')
), held AS (
    SELECT s.order_id, sum(p.clearing_fen) AS fen
    FROM own JOIN settlement_statement_row r ON r.statement_id = own.id JOIN settlement_posting p ON p.id = r.posting_id
    JOIN orders_supplier_order s ON s.id = p.supplier_order_id GROUP BY s.order_id
)
SELECT y.provider_transaction, y.provider, h.fen, y.captured_at,
       (SELECT count(DISTINCT s.supplier_id) FROM orders_supplier_order s WHERE s.order_id = h.order_id),
       coalesce((SELECT sum(x.amount_fen) FROM settlement_split x WHERE x.transaction = y.provider_transaction
                 AND x.kind = 'share' AND x.status = 'finished'), 0),
       (SELECT count(*) FROM settlement_split x WHERE x.transaction = y.provider_transaction),
       EXISTS (SELECT FROM settlement_split x WHERE x.transaction = y.provider_transaction AND x.kind = 'unfreeze'
               AND x.status = 'finished')
FROM held h JOIN orders_order o ON o.id = h.order_id JOIN payments_payment y ON y.id = o.payment_id
WHERE h.fen <> 0 AND y.provider <> 'bank_transfer' ORDER BY y.captured_at, y.id
""")
_MOVED = text("""
SELECT coalesce(sum(CASE kind WHEN 'give_back' THEN -amount_fen ELSE amount_fen END), 0)
FROM settlement_split WHERE statement_id = :statement_id AND status = 'finished'
""")
_EARLIER = text("""
SELECT x.number, x.transaction, x.amount_fen - coalesce(b.fen, 0)
FROM settlement_split x LEFT JOIN LATERAL (
    SELECT sum(g.amount_fen) AS fen FROM settlement_split g
    WHERE g.back_of = x.number AND g.status <> 'closed') b ON true
WHERE x.kind = 'share' AND x.status = 'finished' AND x.sub_mchid = :sub_mchid AND x.ended_at > :since
  AND x.statement_id <> :statement_id
  AND x.amount_fen > coalesce(b.fen, 0)
ORDER BY x.ended_at DESC, x.id DESC
""")


def view(row: SplitRow) -> Split:
    """The row as others may see it."""
    names = [name for name in Split.__dataclass_fields__ if name not in ("kind", "status")]
    values = {name: getattr(row, name) for name in names}
    return Split(**values, kind=SplitKind(row.kind), status=SplitStatus(row.status))


def merchant_view(row: MerchantRow) -> Merchant:
    """The row as others may see it."""
    return Merchant(**{name: getattr(row, name) for name in Merchant.__dataclass_fields__})


async def merchant(session: AsyncSession, supplier_id: UUID) -> Merchant:
    """A supplier as the provider knows it. Raises ``NotFound``."""
    row = await session.get(MerchantRow, supplier_id, populate_existing=True)
    if row is None:
        raise NotFound
    return merchant_view(row)


async def held(session: AsyncSession, statement_id: UUID) -> list[Held]:
    """What providers hold of each payment behind a statement, the oldest payment first."""
    return [
        Held(transaction, provider, int(fen), suppliers, captured_at, int(shared), requests, free)
        for transaction, provider, fen, captured_at, suppliers, shared, requests, free in await session.execute(
            _HELD, {"statement_id": statement_id}
        )
    ]


async def moved(session: AsyncSession, statement_id: UUID) -> int:
    """What the platform got for a statement by shares, less what it gave back for it."""
    found = await session.scalars(_MOVED, {"statement_id": statement_id})
    return int(found.one())


async def earlier_shares(session: AsyncSession, sub_mchid: str, *, beside: UUID, since: datetime) -> list[Shared]:
    """What the platform got of a supplier's payments since then, and could give back; the latest first.

    ``beside`` is the statement that is being paid: of its own payments nothing is taken only to be given back.
    """
    wanted = {"sub_mchid": sub_mchid, "statement_id": beside, "since": since}
    found = await session.execute(_EARLIER, wanted)
    return [Shared(number, transaction, int(fen)) for number, transaction, fen in found]


async def of_payout(session: AsyncSession, payout_id: UUID) -> list[Split]:
    """Every request of a payout, in the order in which they were planned. Raises ``NotFound``."""
    if await session.get(PayoutRow, payout_id) is None:
        raise NotFound
    last = SplitRow.kind == SplitKind.UNFREEZE
    query = select(SplitRow).where(SplitRow.payout_id == payout_id).order_by(SplitRow.planned_at, last, SplitRow.number)
    return [view(row) for row in await session.scalars(query.execution_options(populate_existing=True))]


async def page_of_payout(
    session: AsyncSession, payout_id: UUID, *, after: tuple[str, str] | None, limit: int
) -> list[Split]:
    """Requests of a payout by their kind and number: those of the first round come first. Raises ``NotFound``."""
    if await session.get(PayoutRow, payout_id) is None:
        raise NotFound
    query = select(SplitRow).where(SplitRow.payout_id == payout_id)
    if after is not None:
        query = query.where(tuple_(SplitRow.kind, SplitRow.number) > after)
    return [view(row) for row in await session.scalars(query.order_by(SplitRow.kind, SplitRow.number).limit(limit))]


async def lock(session: AsyncSession, split_id: UUID) -> SplitRow:
    """A request, kept from others. Raises ``NotFound``."""
    row = await session.get(SplitRow, split_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


async def lock_instructed(session: AsyncSession, provider: str, limit: int) -> Sequence[PayoutRow]:
    """Payouts that wait for their provider and have no request open: to be planned, led on or ended."""
    opened = (
        select(SplitRow.id)
        .where(SplitRow.payout_id == PayoutRow.id, SplitRow.status.in_(("planned", "processing")))
        .exists()
    )
    query = (
        select(PayoutRow)
        .where(PayoutRow.status == "instructed", PayoutRow.provider == provider, ~opened)
        .order_by(PayoutRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(query)).all()


_WAITS = text("""
UPDATE settlement_merchant m SET asked_at = :now WHERE m.supplier_id IN (
    SELECT m.supplier_id FROM settlement_merchant m
    WHERE m.prepared_at IS NULL AND (m.asked_at IS NULL OR m.asked_at <= :before)
    ORDER BY m.supplier_id LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING m.supplier_id, m.sub_mchid
""")
_DUE = text("""
UPDATE settlement_split x SET asked_at = :now WHERE x.id IN (
    SELECT x.id FROM settlement_split x
    WHERE x.status IN ('planned', 'processing') AND (x.asked_at IS NULL OR x.asked_at <= :before)
    ORDER BY x.asked_at NULLS FIRST, x.id LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING x.id
""")


async def take_unprepared(
    session: AsyncSession, *, before: datetime, now: datetime, limit: int
) -> list[tuple[UUID, str]]:
    """Merchants to be prepared at the provider, each left alone for a while once it was tried; supplier and number."""
    rows = await session.execute(_WAITS, {"before": before, "now": now, "limit": limit})
    return [(supplier_id, sub_mchid) for supplier_id, sub_mchid in rows]


async def take_due(session: AsyncSession, *, before: datetime, now: datetime, limit: int) -> list[Split]:
    """Requests to be made or asked about, each by one who works at a time and then left alone for a while."""
    ids = list((await session.scalars(_DUE, {"before": before, "now": now, "limit": limit})).all())
    query = select(SplitRow).where(SplitRow.id.in_(ids)).order_by(SplitRow.id)
    return [view(row) for row in await session.scalars(query.execution_options(populate_existing=True))]
