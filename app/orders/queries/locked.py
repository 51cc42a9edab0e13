"""The lock that every use case takes first: an order with its parts and lines, in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.asides import together
from app.core.clock import local_day
from app.core.db import array, ask
from app.core.errors import NotFound
from app.fulfilment import read_stops, stopped_days
from app.identity import Actor
from app.orders.lifecycle import Status
from app.orders.models import Bulk
from app.orders.models.locked import LockedLine, LockedOrder, LockedPart
from app.orders.rules.promise import Calendar
from app.suppliers import closed_days, read_closures


def _columns(alias: str, value: type[LockedOrder | LockedPart | LockedLine]) -> list[str]:
    return [f"{alias}.{column.name}" for column in fields(value) if column.init]


_ORDER, _PART, _LINE = _columns("o", LockedOrder), _columns("p", LockedPart), _columns("l", LockedLine)
_PART_FROM, _LINE_FROM = len(_ORDER), len(_ORDER) + len(_PART)

# Every row is locked, so that after a wait each is the newest: nobody adds a part or a line to an order that is placed.
# Rows are locked when they are sorted, whole orders in the order of their ids, as everybody does who locks several.
_LOCK = f"""
SELECT {", ".join(_ORDER + _PART + _LINE)}{{aside}}
FROM orders_order o
JOIN orders_supplier_order p ON p.order_id = o.id
JOIN orders_line l ON l.supplier_order_id = p.id
WHERE {{which}}
ORDER BY o.id, p.id, l.position FOR UPDATE OF o, p FOR NO KEY UPDATE OF l
"""
_WHICH_IDS, _WHICH_BULK = "o.id = ANY(CAST(:order_ids AS uuid[]))", "o.bulk_id = :bulk_id"


def _locking(which: str) -> TextClause:
    return text(_LOCK.format(which=which, aside=""))


_BY_ID = _locking("o.id = :order_id")
_OF_BUYER = _locking("o.id = :order_id AND o.buyer_id = :buyer_id")
_OF_SUPPLIER = _locking(
    "o.id = (SELECT order_id FROM orders_supplier_order"
    " WHERE id = :part_id AND supplier_id = :supplier_id AND paid_at IS NOT NULL)"
)
_BY_IDS = _locking(_WHICH_IDS)
_UNDER_WAY = _locking(
    "o.id IN (SELECT order_id FROM orders_supplier_order"
    " WHERE id = ANY(CAST(:part_ids AS uuid[])) AND status = ANY(CAST(:statuses AS text[])))"
)
_OF_BULK = _locking(_WHICH_BULK)


@cache
def _with_calendar(which: str, aside: str) -> TextClause:
    return text(_LOCK.format(which=which, aside=f", {aside}"))


_DUE = text("""
SELECT id FROM orders_order WHERE id IN (
    SELECT order_id FROM orders_supplier_order
    WHERE status = :status AND due_at <= :now AND open_claims = 0 ORDER BY due_at LIMIT :limit)
ORDER BY id FOR UPDATE SKIP LOCKED
""")


async def lock(session: AsyncSession, order_id: UUID, *, by: Actor | None = None) -> LockedOrder:
    """The order, locked for change: every use case takes this lock first. ``service.save`` writes what was changed.

    ``by`` must be its buyer, or None (us). Raises ``NotFound``.
    """
    if by is None:
        return _one(await ask(session, _BY_ID, {"order_id": order_id}))
    return _one(await ask(session, _OF_BUYER, {"order_id": order_id, "buyer_id": by.account_id}))


async def lock_for_supplier(
    session: AsyncSession, supplier_order_id: UUID, supplier_id: UUID
) -> tuple[LockedOrder, LockedPart]:
    """The supplier order, if it is this supplier's and paid for or past that, and its order. Raises ``NotFound``."""
    parameters = {"part_id": supplier_order_id, "supplier_id": supplier_id}
    order = _one(await ask(session, _OF_SUPPLIER, parameters))
    return order, order.part(supplier_order_id)


async def lock_many(session: AsyncSession, order_ids: Collection[UUID]) -> list[LockedOrder]:
    """These orders, locked in the order of their ids."""
    return _orders(await ask(session, _BY_IDS, {"order_ids": array(order_ids)})) if order_ids else []


async def lock_under_way(session: AsyncSession, supplier_order_ids: Collection[UUID]) -> list[LockedOrder]:
    """Orders with a part among these that the arrival of a parcel may still move on."""
    parameters = {"part_ids": array(supplier_order_ids), "statuses": array((Status.PAID, Status.SHIPPED))}
    return _orders(await ask(session, _UNDER_WAY, parameters))


async def lock_unpaid(session: AsyncSession, order_ids: Collection[UUID], *, since: datetime) -> list[LockedOrder]:
    """These orders, locked to be paid, each part with the days on which nothing leaves its supplier's house.

    The calendar begins on the day of ``since``. It rides along: an order is paid in two statements.
    """
    return await _with_calendars(session, _WHICH_IDS, {"order_ids": array(order_ids)}, since)


async def lock_bulk(
    session: AsyncSession, bulk_id: UUID, *, by: Actor | None = None, unpaid_since: datetime | None = None
) -> tuple[Bulk, list[LockedOrder]]:
    """The bulk order with its orders, all locked for change. ``by`` must be its buyer, or None (us). ``NotFound``.

    With ``unpaid_since`` they are locked to be paid, as by ``lock_unpaid``.
    """
    wanted = select(Bulk).where(Bulk.id == bulk_id).with_for_update().execution_options(populate_existing=True)
    if by is not None:
        wanted = wanted.where(Bulk.buyer_id == by.account_id)
    bulk = (await session.execute(wanted)).scalar_one_or_none()
    if bulk is None:
        raise NotFound
    if unpaid_since is not None:
        return bulk, await _with_calendars(session, _WHICH_BULK, {"bulk_id": bulk_id}, unpaid_since)
    return bulk, _orders(await ask(session, _OF_BULK, {"bulk_id": bulk_id}))


async def lock_due(session: AsyncSession, status: Status, now: datetime, limit: int) -> list[LockedOrder]:
    """Orders of which a part in ``status`` is due, locked; those that somebody else holds are left for later."""
    due = await ask(session, _DUE, {"status": status.value, "now": now, "limit": limit})
    return await lock_many(session, [order_id for (order_id,) in due])


async def _with_calendars(
    session: AsyncSession, which: str, parameters: dict[str, Any], since: datetime
) -> list[LockedOrder]:
    day = local_day(since)
    aside = together(closed_days("p.supplier_id", since=day), stopped_days(since=day))
    rows = await ask(session, _with_calendar(which, aside.sql), {**parameters, **aside.parameters})
    orders = _orders(row[:-1] for row in rows)
    said = {row[_PART_FROM]: row[-1] for row in rows}
    for order in orders:
        for part in order.parts:
            closed, stopped = said[part.id]
            part.calendar = Calendar(read_closures(closed), read_stops(stopped))
    return orders


def _one(rows: list[tuple[Any, ...]]) -> LockedOrder:
    if not rows:
        raise NotFound
    (order,) = _orders(rows)
    return order


def _orders(rows: Iterable[tuple[Any, ...]]) -> list[LockedOrder]:
    found: list[LockedOrder] = []
    for row in rows:
        if not found or found[-1].id != row[0]:
            found.append(LockedOrder(*row[:_PART_FROM]))
        parts = found[-1].parts
        if not parts or parts[-1].id != row[_PART_FROM]:
            parts.append(LockedPart(*row[_PART_FROM:_LINE_FROM]))
        parts[-1].lines.append(LockedLine(*row[_LINE_FROM:]))
    return found
