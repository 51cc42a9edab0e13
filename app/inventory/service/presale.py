"""A harvest sold before it is there: open, change and settle a pre-sale, and serve those who wait as goods come in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import local_day
from app.core.errors import NotFound, StaleVersion
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.inventory import queries
from app.inventory.events import PresaleChanged, PromiseBroken, PromiseFilled
from app.inventory.models import PresaleRow, PromiseRow
from app.inventory.rules.presale import GRACE_DAYS, Plan, Presale, PresaleSettled, check
from app.inventory.service.opening import open_new

# The caller holds the stock rows' locks since an earlier statement, so this one sees everything that they protect.
# A line is filled in parts: whatever is free goes to whoever has waited longest, to the last piece.
_FILL = text("""
WITH free AS (
    SELECT sku, on_hand - reserved AS pieces FROM inventory_stock
    WHERE sku = ANY(CAST(:skus AS text[])) AND on_hand > reserved AND waiting > 0
), queue AS (
    SELECT p.reference, p.sku, p.presale_id, p.quantity,
           least(p.quantity, f.pieces - sum(p.quantity) OVER earlier + p.quantity) AS filled
    FROM inventory_promise p JOIN free f USING (sku)
    WINDOW earlier AS (PARTITION BY p.sku ORDER BY p.position)
), served AS (
    SELECT reference, sku, presale_id, quantity, CAST(filled AS bigint) AS filled FROM queue WHERE filled > 0
), total AS (
    SELECT sku, CAST(sum(filled) AS bigint) AS filled FROM served GROUP BY sku
), stock AS (
    UPDATE inventory_stock s SET reserved = s.reserved + t.filled, waiting = s.waiting - t.filled
    FROM total t WHERE s.sku = t.sku
), presale AS (
    UPDATE inventory_presale p SET promised = p.promised - t.filled
    FROM (SELECT presale_id, CAST(sum(filled) AS bigint) AS filled FROM served GROUP BY presale_id) t
    WHERE p.id = t.presale_id
    RETURNING p.sku, p.settled_at IS NULL AND p.cap - p.arrived - p.promised BETWEEN 1 AND t.filled AS again
), whole AS (
    DELETE FROM inventory_promise p USING served f
    WHERE p.reference = f.reference AND p.sku = f.sku AND f.filled = f.quantity
), partly AS (
    UPDATE inventory_promise p SET quantity = p.quantity - f.filled
    FROM served f WHERE p.reference = f.reference AND p.sku = f.sku AND f.filled < f.quantity
), held AS (
    INSERT INTO inventory_reservation AS r (reference, sku, quantity) SELECT reference, sku, filled FROM served
    ON CONFLICT (reference, sku) DO UPDATE SET quantity = r.quantity + EXCLUDED.quantity
), moved AS (
    INSERT INTO inventory_movement
        (sku, kind, on_hand_delta, reserved_delta, reference, effective_at, recorded_at)
    SELECT sku, 'reserved', 0, filled, reference, :now, :now FROM served ORDER BY sku
)
SELECT reference, sku, filled, quantity - filled, EXISTS (SELECT FROM presale p WHERE p.sku = served.sku AND p.again)
FROM served ORDER BY sku, reference
""")

_FORGET = text("""
WITH dropped AS (
    DELETE FROM inventory_promise WHERE reference = ANY(CAST(:references AS uuid[]))
    RETURNING sku, presale_id, quantity
), presale AS (
    UPDATE inventory_presale p SET promised = p.promised - d.quantity
    FROM (SELECT presale_id, CAST(sum(quantity) AS bigint) AS quantity FROM dropped GROUP BY presale_id) d
    WHERE p.id = d.presale_id
    RETURNING p.sku, p.settled_at IS NULL AND p.cap - p.arrived - p.promised BETWEEN 1 AND d.quantity AS again
), stock AS (
    UPDATE inventory_stock s SET waiting = s.waiting - d.quantity
    FROM (SELECT sku, CAST(sum(quantity) AS bigint) AS quantity FROM dropped GROUP BY sku) d WHERE s.sku = d.sku
)
SELECT sku FROM presale WHERE again ORDER BY sku
""")

_SHORTEN = text("""
WITH shorter AS (
    SELECT p.sku, p.presale_id, p.quantity AS before, s.quantity
    FROM inventory_promise p
    JOIN unnest(CAST(:skus AS text[]), CAST(:quantities AS bigint[])) AS s(sku, quantity) ON s.sku = p.sku
    WHERE p.reference = :reference
), whole AS (
    DELETE FROM inventory_promise p USING shorter s
    WHERE p.reference = :reference AND p.sku = s.sku AND s.before = s.quantity
), partly AS (
    UPDATE inventory_promise p SET quantity = p.quantity - s.quantity
    FROM shorter s WHERE p.reference = :reference AND p.sku = s.sku AND s.before > s.quantity
), presale AS (
    UPDATE inventory_presale p SET promised = p.promised - s.quantity FROM shorter s WHERE p.id = s.presale_id
    RETURNING p.sku, p.settled_at IS NULL AND p.cap - p.arrived - p.promised BETWEEN 1 AND s.quantity AS again
), stock AS (
    UPDATE inventory_stock t SET waiting = t.waiting - s.quantity FROM shorter s WHERE t.sku = s.sku
)
SELECT sku FROM presale WHERE again ORDER BY sku
""")


async def fill(session: AsyncSession, skus: Collection[str], *, now: datetime) -> dict[str, int]:
    """Give what is free of these SKUs, whose stock rows are locked, to those who have waited longest for it.

    Returns how many pieces of each SKU that took.
    """
    taken: dict[str, int] = {}
    again: set[str] = set()
    rows = await session.execute(_FILL, {"skus": sorted(skus), "now": now})
    for reference, sku, quantity, waiting, below_cap in rows:
        taken[sku] = taken.get(sku, 0) + quantity
        again |= {sku} if below_cap else set()
        emit(session, PromiseFilled(reference=reference, sku=sku, quantity=quantity, waiting=waiting, at=now))
    announce(session, again, now)
    return taken


async def forget(session: AsyncSession, references: Collection[UUID], *, now: datetime) -> None:
    """These references wait no longer. The stock rows of what they wait for are locked."""
    announce(session, await session.scalars(_FORGET, {"references": list(references)}), now)


async def shorten(session: AsyncSession, reference: UUID, pieces: Mapping[str, int], *, now: datetime) -> None:
    """``reference`` waits for so many pieces fewer, by SKU. The stock rows are locked."""
    parameters = {"reference": reference, "skus": list(pieces), "quantities": list(pieces.values())}
    announce(session, await session.scalars(_SHORTEN, parameters), now)


def announce(session: AsyncSession, skus: Iterable[str], now: datetime) -> None:
    """Tell that these harvests began or ceased to be sold ahead."""
    for sku in sorted(skus):
        emit(session, PresaleChanged(sku=sku, at=now))


async def lock_waiting(session: AsyncSession, reference: UUID) -> dict[str, int]:
    """What ``reference`` waits for, by SKU, with the stock rows locked: nothing comes in for it until the end."""
    waits = await queries.waiting_for(session, [reference])
    await queries.lock(session, [sku for _, sku in waits])
    return {sku: quantity for (_, sku), quantity in (await queries.waiting_for(session, [reference])).items()}


async def open_presale(
    session: AsyncSession, sku: str, plan: Plan, *, by: Actor, max_factor_pct: int, now: datetime
) -> Presale:
    """Sell a harvest ahead. Raises ``NotFound`` for another's SKU, ``InvalidInput``, ``PresaleOpen``."""
    check(plan, max_factor_pct=max_factor_pct, now=now)
    await open_new(session, [sku])
    if not await queries.lock(session, [sku], owner=by.supplier_id):
        raise NotFound
    row = PresaleRow(
        id=new_id(now),
        sku=sku,
        **asdict(plan),
        cap=plan.cap,
        promised=0,
        arrived=0,
        version=1,
        by_account=by.account_id,
        opened_at=now,
        settled_at=None,
    )
    session.add(row)
    await session.flush()
    announce(session, [sku], now)
    return queries.presale_value(row)


async def change_presale(
    session: AsyncSession,
    presale_id: UUID,
    plan: Plan,
    *,
    version: int,
    by: Actor,
    max_factor_pct: int,
    now: datetime,
) -> Presale:
    """Plan it anew; who bought already keeps the day that was promised.

    Raises ``NotFound``, ``StaleVersion``, ``PresaleSettled``, ``InvalidInput``, ``CapBelowPromised``.
    """
    row = await queries.lock_presale(session, presale_id, supplier_id=by.supplier_id)
    if row.version != version:
        raise StaleVersion
    if row.settled_at is not None:
        raise PresaleSettled
    check(plan, max_factor_pct=max_factor_pct, now=now)
    for name, value in asdict(plan).items():
        setattr(row, name, value)
    row.cap, row.version = plan.cap, row.version + 1
    await session.flush()
    announce(session, [row.sku], now)
    return queries.presale_value(row)


async def settle_presale(
    session: AsyncSession, presale_id: UUID, *, supplier_id: UUID | None, now: datetime
) -> Presale:
    """The harvest is over: nothing more is sold ahead, and everybody who still waits is told that it does not come.

    Doing it again changes nothing. Raises ``NotFound``.
    """
    row = await queries.lock_presale(session, presale_id, supplier_id=supplier_id)
    if row.settled_at is None:
        row.settled_at = now
        row.version += 1
        await session.flush()
        announce(session, [row.sku], now)
        waiting = select(PromiseRow.reference).where(PromiseRow.presale_id == row.id).order_by(PromiseRow.position)
        for reference in await session.scalars(waiting):
            emit(session, PromiseBroken(reference=reference, sku=row.sku, at=now))
    return queries.presale_value(row)


async def settle_overdue_presales(session: AsyncSession, *, now: datetime, limit: int = 20) -> int:
    """Settle pre-sales whose goods should have left ``GRACE_DAYS`` ago. Returns how many."""
    overdue = await queries.overdue_presales(session, local_day(now) - timedelta(days=GRACE_DAYS), limit)
    for presale_id in overdue:
        await settle_presale(session, presale_id, supplier_id=None, now=now)
    return len(overdue)
