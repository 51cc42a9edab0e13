"""Reads and locks of providers' bills, of what is compared with them, and of the differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import SHANGHAI, day_end, day_start
from app.core.errors import NotFound
from app.payments.models import BillFileRow, BillLineRow, DifferenceRow, ReconciledDayRow
from app.payments.rules.bills import (
    BillKind,
    BillRow,
    Day,
    DayNotFound,
    DayStatus,
    Difference,
    DifferenceKind,
    DifferenceStatus,
    Leg,
    Own,
    RowKind,
)

_DAYS = """
SELECT d.provider, d.day, d.status, d.compared_at, d.closed_at, d.closed_by, t.sha256 AS trade_sha256,
       f.sha256 AS fund_flow_sha256, coalesce(t.row_count, 0) + coalesce(f.row_count, 0) AS rows,
       coalesce(x.open, 0) AS open, coalesce(x.waiting, 0) AS waiting, coalesce(x.explained, 0) AS explained
FROM payments_reconciled_day d
LEFT JOIN payments_bill t ON t.provider = d.provider AND t.day = d.day AND t.kind = 'trade' AND t.replaced_at IS NULL
LEFT JOIN payments_bill f ON f.provider = d.provider AND f.day = d.day AND f.kind = 'fund_flow'
     AND f.replaced_at IS NULL
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE explained_at IS NULL AND NOT waits) AS open,
           count(*) FILTER (WHERE explained_at IS NULL AND waits) AS waiting,
           count(*) FILTER (WHERE explained_at IS NOT NULL) AS explained
    FROM payments_difference x WHERE x.provider = d.provider AND x.day = d.day AND x.gone_at IS NULL) x ON true
"""
_DAY = text(f"{_DAYS} WHERE d.provider = :provider AND d.day = :day")
_PAGE = text(f"""
{_DAYS} WHERE (CAST(:provider AS text) IS NULL OR d.provider = :provider)
  AND (CAST(:status AS text) IS NULL OR d.status = :status)
  AND (CAST(:before AS date) IS NULL OR (d.day, d.provider) < (CAST(:before AS date), CAST(:last AS text)))
ORDER BY d.day DESC, d.provider DESC LIMIT :limit
""")
# A provider knows a payment by the digits of its id, and a refund by its number.
_OF_DAY = text("""
SELECT 'payment', translate(CAST(id AS text), '-', ''), amount_fen, true, false FROM payments_payment
WHERE provider = :provider AND captured_at >= :since AND captured_at < :until AND status = 'captured'
UNION ALL
SELECT 'refund', r.number, r.amount_fen, r.status = 'succeeded', r.status = 'failed'
FROM payments_refund r JOIN payments_payment y ON y.id = r.payment_id
WHERE y.provider = :provider AND r.requested_at >= :since AND r.requested_at < :until AND r.paid_by IS NULL
""")
_NAMED = text("""
SELECT 'payment', translate(CAST(id AS text), '-', ''), amount_fen, status = 'captured', false FROM payments_payment
WHERE provider = :provider AND id = ANY (SELECT unnest(CAST(:ids AS uuid[])))
UNION ALL
SELECT 'refund', r.number, r.amount_fen, r.status = 'succeeded' AND r.paid_by IS NULL, r.status = 'failed'
FROM payments_refund r JOIN payments_payment y ON y.id = r.payment_id
WHERE y.provider = :provider AND r.number = ANY (SELECT unnest(CAST(:numbers AS text[])))
""")


async def lock_day(session: AsyncSession, provider: str, day: date) -> ReconciledDayRow:
    """A day of a provider, kept from others, made if there is none."""
    made = insert(ReconciledDayRow).values(provider=provider, day=day, status=DayStatus.OPEN.value)
    await session.execute(made.on_conflict_do_nothing())
    row = await session.get(ReconciledDayRow, (provider, day), with_for_update=True, populate_existing=True)
    if row is None:
        raise DayNotFound
    return row


async def lock_known_day(session: AsyncSession, provider: str, day: date) -> ReconciledDayRow:
    """A day of which a bill was handed in, kept from others. Raises ``DayNotFound``."""
    row = await session.get(ReconciledDayRow, (provider, day), with_for_update=True, populate_existing=True)
    if row is None:
        raise DayNotFound
    return row


async def bill(session: AsyncSession, provider: str, day: date, kind: BillKind) -> BillFileRow | None:
    """The bill that counts, if there is one."""
    query = select(BillFileRow).where(
        BillFileRow.provider == provider,
        BillFileRow.day == day,
        BillFileRow.kind == kind,
        BillFileRow.replaced_at.is_(None),
    )
    return (await session.scalars(query)).one_or_none()


async def lines(session: AsyncSession, bill_id: UUID) -> list[BillRow]:
    """The rows of a bill, in their order."""
    table = BillLineRow
    query = (
        select(
            table.kind, table.at, table.transaction, table.key, table.amount_fen, table.fee_fen, table.state,
            table.rate_bp,
        )
        .where(table.bill_id == bill_id)
        .order_by(table.position)
    )  # fmt: skip
    return [
        BillRow(
            RowKind(row.kind), row.at, row.transaction, row.key, row.amount_fen, row.fee_fen, row.state, row.rate_bp
        )
        for row in await session.execute(query)
    ]


async def keys_beside(session: AsyncSession, provider: str, day: date) -> tuple[set[tuple[RowKind, str]], bool]:
    """What the trades of the day before and the day after speak of, and whether those of the day after are known."""
    query = select(BillFileRow.day, BillFileRow.id).where(
        BillFileRow.provider == provider,
        BillFileRow.day.in_((day - timedelta(days=1), day + timedelta(days=1))),
        BillFileRow.kind == BillKind.TRADE,
        BillFileRow.replaced_at.is_(None),
    )
    bills = {row.day: row.id for row in await session.execute(query)}
    rows = await session.execute(
        select(BillLineRow.kind, BillLineRow.key).where(BillLineRow.bill_id.in_(bills.values()))
    )
    return {(RowKind(kind), key) for kind, key in rows}, day + timedelta(days=1) in bills


def _own(rows: Iterable[Any]) -> list[Own]:
    return [Own(RowKind(kind), *rest) for kind, *rest in rows]


async def own_of_day(session: AsyncSession, provider: str, day: date) -> list[Own]:
    """What our books say of a Shanghai day: payments by when they came, refunds by when they were asked for."""
    span = {"provider": provider, "since": day_start(day), "until": day_end(day)}
    return _own(await session.execute(_OF_DAY, span))


async def own_named(session: AsyncSession, provider: str, trades: Sequence[BillRow]) -> dict[tuple[RowKind, str], Own]:
    """Whatever of ours the trades speak of."""
    ids = []
    for row in trades:
        if row.kind is RowKind.PAYMENT:
            try:
                ids.append(UUID(hex=row.key))
            except ValueError:
                continue  # a number that is none of ours
    numbers = [row.key for row in trades if row.kind is RowKind.REFUND]
    found = _own(await session.execute(_NAMED, {"provider": provider, "ids": ids, "numbers": numbers}))
    return {(one.kind, one.key): one for one in found}


async def differences_of(session: AsyncSession, provider: str, day: date) -> Sequence[DifferenceRow]:
    """All that ever differed on a day."""
    query = select(DifferenceRow).where(DifferenceRow.provider == provider, DifferenceRow.day == day)
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def lock_difference(session: AsyncSession, difference_id: UUID) -> DifferenceRow:
    """A difference, its day kept from others first. Raises ``NotFound``."""
    row = await session.get(DifferenceRow, difference_id)
    if row is None:
        raise NotFound
    await lock_known_day(session, row.provider, row.day)
    await session.refresh(row)
    return row


def view(row: DifferenceRow) -> Difference:
    """The row as others may see it."""
    apart: dict[str, Any] = {
        "kind": DifferenceKind(row.kind),
        "leg": Leg(row.leg),
        "about": RowKind(row.about),
        "status": row.standing,
    }
    names = [name for name in Difference.__dataclass_fields__ if name not in apart]
    return Difference(**{name: getattr(row, name) for name in names}, **apart)


async def page_of_differences(
    session: AsyncSession,
    *,
    status: DifferenceStatus | None,
    provider: str | None,
    day: date | None,
    before: UUID | None,
    limit: int,
) -> list[Difference]:
    """Differences, what was found last first."""
    row = DifferenceRow
    query = select(row)
    if status is DifferenceStatus.RESOLVED:
        query = query.where(row.gone_at.is_not(None))
    elif status is not None:
        query = query.where(row.gone_at.is_(None))
        if status is DifferenceStatus.EXPLAINED:
            query = query.where(row.explained_at.is_not(None))
        else:
            query = query.where(row.explained_at.is_(None), row.waits.is_(status is DifferenceStatus.WAITING))
    if provider is not None:
        query = query.where(row.provider == provider)
    if day is not None:
        query = query.where(row.day == day)
    if before is not None:
        query = query.where(row.id < before)
    return [view(one) for one in await session.scalars(query.order_by(row.id.desc()).limit(limit))]


async def day(session: AsyncSession, provider: str, on: date) -> Day:
    """A day with its bills and how many of its differences wait. Raises ``DayNotFound``."""
    found = (await session.execute(_DAY, {"provider": provider, "day": on})).mappings().one_or_none()
    if found is None:
        raise DayNotFound
    return Day(**{**found, "status": DayStatus(found["status"])})


async def days(
    session: AsyncSession,
    *,
    provider: str | None,
    status: DayStatus | None,
    after: tuple[date, str] | None,
    limit: int,
) -> list[Day]:
    """Days, the latest first."""
    before, last = after or (None, None)
    wanted = {"provider": provider, "status": status, "before": before, "last": last, "limit": limit}
    rows = (await session.execute(_PAGE, wanted)).mappings()
    return [Day(**{**row, "status": DayStatus(row["status"])}) for row in rows]


_OPEN = text("""
SELECT count(*) FILTER (WHERE NOT waits), count(DISTINCT (provider, day)) FROM payments_difference
WHERE gone_at IS NULL AND explained_at IS NULL
""")


async def figures(session: AsyncSession, now: datetime) -> dict[str, Decimal]:  # noqa: ARG001
    """What whoever watches the service should see: differences that nobody has explained, and of how many days."""
    found, of_days = (await session.execute(_OPEN)).one()
    return {"reconciliation_open_differences": Decimal(found), "reconciliation_days_that_differ": Decimal(of_days)}


def day_of(at: datetime) -> date:
    """The Shanghai day of a row."""
    return at.astimezone(SHANGHAI).date()
