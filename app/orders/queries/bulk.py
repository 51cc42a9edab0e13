"""Bulk orders and the orders in them."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.buyers import memberships
from app.core.errors import NotFound
from app.identity import Actor
from app.orders.lifecycle import Status
from app.orders.models import Bulk, Order, SupplierOrder
from app.orders.queries.views import ORDER, views_of
from app.orders.rules import OrderView
from app.orders.rules.bulk import BulkView

_PROGRESS = (
    select(Order.bulk_id, SupplierOrder.status, func.count(), func.sum(SupplierOrder.amount_fen))
    .join(Order, Order.id == SupplierOrder.order_id)
    .group_by(Order.bulk_id, SupplierOrder.status)
)


async def bulks(
    session: AsyncSession, *, by: Actor, only: UUID | None = None, before: UUID | None = None, limit: int
) -> list[BulkView]:
    """The bulk orders of the caller and of their organisations, the newest first."""
    mine = await memberships(session, by=by)
    wanted = select(Bulk).where((Bulk.buyer_id == by.account_id) | Bulk.organisation_id.in_(mine))
    if only is not None:
        wanted = wanted.where(Bulk.id == only)
    if before is not None:
        wanted = wanted.where(Bulk.id < before)
    rows = list((await session.execute(wanted.order_by(Bulk.id.desc()).limit(limit))).scalars())
    progress: defaultdict[UUID, dict[Status, int]] = defaultdict(dict)
    to_pay: defaultdict[UUID, int] = defaultdict(int)
    counted = await session.execute(_PROGRESS.where(Order.bulk_id.in_([row.id for row in rows])))
    for bulk_id, status, count, amount in counted:
        if bulk_id is None:
            continue
        progress[bulk_id][Status(status)] = count
        if status == Status.PENDING_PAYMENT:
            to_pay[bulk_id] = int(amount)
    return [
        BulkView(
            id=row.id,
            organisation_id=row.organisation_id,
            recipients=row.recipients,
            total_fen=row.total_fen,
            to_pay_fen=to_pay[row.id],
            placed_at=row.placed_at,
            expires_at=row.expires_at,
            paid_at=row.paid_at,
            progress=progress[row.id],
        )
        for row in rows
    ]


async def bulk(session: AsyncSession, bulk_id: UUID, *, by: Actor) -> BulkView:
    """One bulk order of this buyer or of their organisations. Raises ``NotFound``."""
    found = await bulks(session, by=by, only=bulk_id, limit=1)
    if not found:
        raise NotFound
    return found[0]


async def page_of_bulk(
    session: AsyncSession, bulk_id: UUID, *, by: Actor, after: UUID | None, limit: int
) -> list[OrderView]:
    """The orders of a bulk order of this buyer or of their organisations. Raises ``NotFound``."""
    await bulk(session, bulk_id, by=by)
    wanted = select(*ORDER).where(Order.bulk_id == bulk_id)
    if after is not None:
        wanted = wanted.where(Order.id > after)
    return await views_of(session, wanted.order_by(Order.id).limit(limit))
