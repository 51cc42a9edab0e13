"""Reads and locks of the stock-room. Stock rows are always locked in SKU order, so that no two carts wait in a ring."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, TextClause, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity
from app.buyers import mask_name
from app.core.asides import Aside
from app.core.db import array, ask, dump
from app.core.errors import NotFound
from app.identity import Actor
from app.inventory.models import LotRow, MovementRow, PresaleRow, PromiseRow, StockRow
from app.inventory.rules import ENTERED, Availability, Lot, LotState, StockState
from app.inventory.rules.presale import Plan, Presale
from app.inventory.rules.updates import Update

# The array stands behind a SELECT, because a statement is planned anew each time where the planner can count one.
_LOCK = text("""
SELECT sku, supplier_id, on_hand, reserved, counted_at, waiting FROM inventory_stock
WHERE sku = ANY(CAST((SELECT CAST(:skus AS text[])) AS text[]))
  AND (CAST(:owner AS uuid) IS NULL OR supplier_id = :owner)
ORDER BY sku FOR UPDATE
""")
_PEEK = text(_LOCK.text.removesuffix("FOR UPDATE\n"))
_OF_LOT = """id, code, best_before, on_hand, counted_at,
       coalesce(produced_on, harvested_on, CAST(received_at AT TIME ZONE 'Asia/Shanghai' AS date)),
       recalled_at IS NOT NULL"""
_LOTS = text(f"""
SELECT sku, {_OF_LOT} FROM inventory_lot WHERE sku = ANY(CAST(:skus AS text[])) ORDER BY sku, best_before, code
""")
_EXPIRED = text("""
SELECT DISTINCT l.sku FROM inventory_lot l JOIN inventory_stock s ON s.sku = l.sku
WHERE l.on_hand > 0 AND (l.best_before < :today OR l.recalled_at IS NOT NULL) AND s.on_hand > s.reserved
ORDER BY l.sku LIMIT :limit
""")
_LOTS_AND_HOLDS = text(f"""
SELECT sku, {_OF_LOT} FROM inventory_lot WHERE sku = ANY(CAST(:skus AS text[])) AND on_hand > 0
UNION ALL
SELECT sku, NULL, NULL, NULL, quantity, NULL, NULL, NULL FROM inventory_reservation WHERE reference = :reference
ORDER BY 1, 4, 3
""")
_HOLDERS = text("SELECT reference, quantity FROM inventory_reservation WHERE sku = :sku ORDER BY reference DESC")
_LATER = text("""
SELECT c.position, m.lot_id, sum(m.on_hand_delta)
FROM unnest(CAST(:positions AS int[]), CAST(:skus AS text[]), CAST(:ats AS timestamptz[])) AS c(position, sku, at)
JOIN inventory_movement m ON m.sku = c.sku AND m.effective_at > c.at AND m.on_hand_delta <> 0
GROUP BY c.position, m.lot_id
""")


@dataclass(frozen=True, slots=True)
class StockLine:
    """A SKU's numbers with its lots, for its supplier."""

    sku: str
    on_hand: int
    reserved: int
    available: int
    lots: tuple[Lot, ...]


@dataclass(frozen=True, slots=True)
class MovementLine:
    """One entry of the stock ledger, for the supplier. ``number`` rises with every movement.

    ``entered_by`` is the person who counted, adjusted or received; what orders moved has none.
    """

    number: int
    sku: str
    lot_code: str | None
    kind: str
    on_hand_delta: int
    reserved_delta: int
    reference: UUID | None
    reason: str | None
    entered_by: str | None
    on_behalf: bool
    effective_at: datetime
    recorded_at: datetime


async def with_expired_lots(session: AsyncSession, today: date, limit: int) -> list[str]:
    """SKUs of which something lies past its date, or recalled, that is promised to nobody."""
    return list((await session.scalars(_EXPIRED, {"today": today, "limit": limit})).all())


async def lock(session: AsyncSession, skus: Collection[str], *, owner: UUID | None = None) -> dict[str, StockState]:
    """Lock the stock rows of ``skus`` in SKU order, then read their lots, which change only under that lock.

    With ``owner`` only that supplier's rows: nobody makes another's orders wait.

    Two statements on purpose: what was read together with the wait for the lock would be older than the lock.
    """
    return await _states(session, _LOCK, skus, owner)


async def peek(session: AsyncSession, skus: Collection[str], *, owner: UUID) -> dict[str, StockState]:
    """The same without a lock, to say what would become of a change."""
    return await _states(session, _PEEK, skus, owner)


async def _states(
    session: AsyncSession, statement: TextClause, skus: Collection[str], owner: UUID | None
) -> dict[str, StockState]:
    stocks = await _stocks(session, statement, skus, owner)
    for sku, *lot in await ask(session, _LOTS, {"skus": array(stocks)}):
        stocks[sku].lots.append(LotState(*lot))
    return stocks


async def lock_held(
    session: AsyncSession, skus: Collection[str], reference: UUID
) -> tuple[dict[str, StockState], dict[str, int]]:
    """As ``lock``, of lots that have something; and how much of each SKU a reference holds, under the same locks."""
    stocks = await _stocks(session, _LOCK, skus, None)
    held: dict[str, int] = {}
    rows = await ask(session, _LOTS_AND_HOLDS, {"skus": array(stocks), "reference": reference})
    for sku, lot_id, code, best_before, quantity, *rest in rows:
        if lot_id is None:
            held[sku] = quantity
        else:
            stocks[sku].lots.append(LotState(lot_id, code, best_before, quantity, *rest))
    return stocks, held


async def _stocks(
    session: AsyncSession, statement: TextClause, skus: Collection[str], owner: UUID | None
) -> dict[str, StockState]:
    rows = await ask(session, statement, {"skus": array(set(skus)), "owner": owner})
    return {row[0]: StockState(*row) for row in rows}


async def moved_later(session: AsyncSession, updates: Sequence[Update]) -> dict[tuple[int, UUID | None], int]:
    """For each count that says when it was taken: what moved since, of the SKU (None) and of each lot."""
    dated = [(i, row.sku, row.as_of) for i, row in enumerate(updates) if row.as_of is not None and row.mode != "adjust"]
    if not dated:
        return {}
    positions, skus, ats = (list(column) for column in zip(*dated, strict=True))
    later: dict[tuple[int, UUID | None], int] = {}
    rows = await session.execute(_LATER, {"positions": positions, "skus": skus, "ats": ats})
    for position, lot_id, moved in rows:
        later[position, None] = later.get((position, None), 0) + int(moved)
        if lot_id is not None:
            later[position, lot_id] = int(moved)
    return later


async def availability(session: AsyncSession, skus: Sequence[str]) -> dict[str, Availability]:
    """What there is of each SKU; one that has no stock row is missing from the answer."""
    rows = await session.execute(
        select(StockRow.sku, StockRow.on_hand, StockRow.reserved).where(StockRow.sku.in_(list(skus)))
    )
    return {row.sku: Availability(row.on_hand, row.reserved) for row in rows}


async def holders(session: AsyncSession, sku: str) -> list[tuple[UUID, int]]:
    """Who holds pieces of a SKU and how many, the reference that was made last first."""
    return [(reference, quantity) for reference, quantity in await ask(session, _HOLDERS, {"sku": sku})]


async def lots_of(session: AsyncSession, skus: Sequence[str]) -> dict[str, list[Lot]]:
    """The lots of each SKU, earliest best-before first."""
    rows = await session.scalars(
        select(LotRow).where(LotRow.sku.in_(list(skus))).order_by(LotRow.sku, LotRow.best_before, LotRow.code)
    )
    found: dict[str, list[Lot]] = {}
    for row in rows:
        found.setdefault(row.sku, []).append(lot_value(row))
    return found


async def page_of_stock(
    session: AsyncSession, supplier_id: UUID, *, sku: str | None, after: str | None, limit: int
) -> list[StockLine]:
    """A supplier's SKUs by code, each with its lots."""
    query = select(StockRow.sku, StockRow.on_hand, StockRow.reserved).where(StockRow.supplier_id == supplier_id)
    if sku is not None:
        query = query.where(StockRow.sku == sku)
    if after is not None:
        query = query.where(StockRow.sku > after)
    rows = (await session.execute(query.order_by(StockRow.sku).limit(limit))).all()
    lots = await lots_of(session, [row.sku for row in rows]) if rows else {}
    return [
        StockLine(row.sku, row.on_hand, row.reserved, row.on_hand - row.reserved, tuple(lots.get(row.sku, ())))
        for row in rows
    ]


async def lot(session: AsyncSession, lot_id: UUID, *, supplier_id: UUID | None) -> Lot:
    """One lot, if it is this supplier's (None: anybody's). Raises ``NotFound``."""
    query = select(LotRow).join(StockRow, StockRow.sku == LotRow.sku).where(LotRow.id == lot_id)
    if supplier_id is not None:
        query = query.where(StockRow.supplier_id == supplier_id)
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return lot_value(row)


async def lots_by_id(session: AsyncSession, lot_ids: Collection[UUID]) -> dict[UUID, Lot]:
    """These lots, whoever's they are, as far as there are such."""
    rows = await session.scalars(select(LotRow).where(LotRow.id.in_(lot_ids)))
    return {row.id: lot_value(row) for row in rows}


async def find_lots(
    session: AsyncSession, *, trace_code: str | None, sku: str | None, recalled: bool, after: UUID | None, limit: int
) -> list[Lot]:
    """Lots of all suppliers, in the order in which they came."""
    query = select(LotRow)
    if trace_code is not None:
        query = query.where(LotRow.trace_code == trace_code)
    if sku is not None:
        query = query.where(LotRow.sku == sku)
    if recalled:
        query = query.where(LotRow.recalled_at.is_not(None))
    if after is not None:
        query = query.where(LotRow.id > after)
    return [lot_value(row) for row in await session.scalars(query.order_by(LotRow.id).limit(limit))]


async def page_of_lots(
    session: AsyncSession,
    supplier_id: UUID,
    *,
    sku: str | None,
    after: tuple[str, str] | None,
    limit: int,
    recalled: bool = False,
) -> list[Lot]:
    """A supplier's lots by SKU and lot code; only those that were called back, if ``recalled``."""
    query = select(LotRow).join(StockRow, StockRow.sku == LotRow.sku).where(StockRow.supplier_id == supplier_id)
    if sku is not None:
        query = query.where(LotRow.sku == sku)
    if recalled:
        query = query.where(LotRow.recalled_at.is_not(None))
    if after is not None:
        query = query.where(tuple_(LotRow.sku, LotRow.code) > tuple_(*after))
    rows = await session.scalars(query.order_by(LotRow.sku, LotRow.code).limit(limit))
    return [lot_value(row) for row in rows]


async def page_of_movements(
    session: AsyncSession, sku: str, *, by: Actor, before: int | None, limit: int
) -> list[MovementLine]:
    """The ledger of a SKU, newest first, for ``by``.

    People of its supplier read the names of those who entered something in full, as they know their team and agents;
    an agent reads its own name, and of others, as programs do, no more than a waybill would say.
    """
    query = (
        select(
            MovementRow.id.label("number"),
            MovementRow.sku,
            LotRow.code.label("lot_code"),
            MovementRow.kind,
            MovementRow.on_hand_delta,
            MovementRow.reserved_delta,
            MovementRow.reference,
            MovementRow.reason,
            MovementRow.by_account,
            MovementRow.on_behalf,
            MovementRow.effective_at,
            MovementRow.recorded_at,
            StockRow.supplier_id,
        )
        .join(StockRow, StockRow.sku == MovementRow.sku)
        .outerjoin(LotRow, LotRow.id == MovementRow.lot_id)
        .where(MovementRow.sku == sku)
    )
    if before is not None:
        query = query.where(MovementRow.id < before)
    rows = (await session.execute(query.order_by(MovementRow.id.desc()).limit(limit))).mappings().all()
    entered = {row["by_account"] for row in rows if row["kind"] in ENTERED and row["by_account"] is not None}
    names = await identity.names_of(session, sorted(entered)) if entered else {}
    known = {"by_account", "supplier_id"}
    return [
        MovementLine(
            **{name: value for name, value in row.items() if name not in known},
            entered_by=_shown(names, row["by_account"], row["supplier_id"], by) if row["kind"] in ENTERED else None,
        )
        for row in rows
    ]


def _shown(names: Mapping[UUID, str], account_id: UUID | None, supplier_id: UUID, by: Actor) -> str | None:
    """What ``by`` may read of the name of who entered something; None of a chore, and of nobody that is known."""
    name = names.get(account_id) if account_id is not None else None
    if name is None or (by.key_id is None and (account_id == by.account_id or by.supplier_id == supplier_id)):
        return name
    return mask_name(name)


_OWNER = text("SELECT supplier_id FROM inventory_stock WHERE sku = :sku")


async def owner_of(session: AsyncSession, sku: str) -> UUID | None:
    """The supplier whose stock this is, or None when there is no stock row."""
    found = await ask(session, _OWNER, {"sku": sku})
    return found[0][0] if found else None


def lot_value(row: LotRow) -> Lot:
    """The value that crosses the border."""
    return Lot(
        id=row.id,
        sku=row.sku,
        code=row.code,
        harvested_on=row.harvested_on,
        produced_on=row.produced_on,
        best_before=row.best_before,
        village=row.village,
        on_hand=row.on_hand,
        trace_code=row.trace_code,
        received_at=row.received_at,
        certificate_file_id=row.certificate_file_id,
        recalled_at=row.recalled_at,
    )


async def waiting_for(session: AsyncSession, references: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
    """The pieces that references bought ahead and still wait for, by reference and SKU."""
    rows = await session.execute(
        select(PromiseRow.reference, PromiseRow.sku, PromiseRow.quantity).where(PromiseRow.reference.in_(references))
    )
    return {(row.reference, row.sku): row.quantity for row in rows}


def _open(now: datetime) -> Select[PresaleRow]:
    return select(PresaleRow).where(
        PresaleRow.settled_at.is_(None), PresaleRow.opens_at <= now, PresaleRow.closes_at > now
    )


async def open_presales(session: AsyncSession, skus: Sequence[str], *, now: datetime) -> dict[str, Presale]:
    """The pre-sales in which these SKUs can be bought now."""
    rows = await session.scalars(_open(now).where(PresaleRow.sku.in_(list(skus))))
    return {row.sku: presale_value(row) for row in rows}


_SHIPS_AHEAD = """(
    SELECT h.ship_by
    FROM inventory_presale h
    JOIN inventory_stock t ON t.sku = h.sku
    CROSS JOIN LATERAL (SELECT CAST(CAST(:wanted AS json) ->> h.sku AS bigint) - (t.on_hand - t.reserved) AS more) w
    WHERE h.sku = k.sku AND h.settled_at IS NULL AND h.opens_at <= :moment AND h.closes_at > :moment
      AND w.more BETWEEN 1 AND h.cap - h.arrived - h.promised)"""


def ships_ahead(wanted: Mapping[str, int], *, now: datetime) -> Aside:
    """The day by which ``k.sku`` would ship, where stock cannot give what is wanted now but a harvest to come can."""
    return Aside(_SHIPS_AHEAD, {"wanted": dump(dict(wanted)), "moment": now})


async def page_of_open_presales(
    session: AsyncSession, *, sku: str | None, after: str | None, now: datetime, limit: int
) -> list[Presale]:
    """The pre-sales in which anything can be bought now, by SKU; there is at most one of each."""
    query = _open(now).where(PresaleRow.cap - PresaleRow.arrived > PresaleRow.promised)
    if sku is not None:
        query = query.where(PresaleRow.sku == sku)
    if after is not None:
        query = query.where(PresaleRow.sku > after)
    rows = await session.scalars(query.order_by(PresaleRow.sku).limit(limit))
    return [presale_value(row) for row in rows]


async def page_of_presales(
    session: AsyncSession, supplier_id: UUID, *, sku: str | None, before: UUID | None, limit: int
) -> list[Presale]:
    """A supplier's pre-sales, newest first."""
    query = select(PresaleRow).join(StockRow, StockRow.sku == PresaleRow.sku).where(StockRow.supplier_id == supplier_id)
    if sku is not None:
        query = query.where(PresaleRow.sku == sku)
    if before is not None:
        query = query.where(PresaleRow.id < before)
    rows = await session.scalars(query.order_by(PresaleRow.id.desc()).limit(limit))
    return [presale_value(row) for row in rows]


async def presale(session: AsyncSession, presale_id: UUID, *, supplier_id: UUID | None) -> Presale:
    """One pre-sale, if it is this supplier's (None: anybody's). Raises ``NotFound``."""
    query = select(PresaleRow).join(StockRow, StockRow.sku == PresaleRow.sku).where(PresaleRow.id == presale_id)
    if supplier_id is not None:
        query = query.where(StockRow.supplier_id == supplier_id)
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return presale_value(row)


async def lock_presale(session: AsyncSession, presale_id: UUID, *, supplier_id: UUID | None) -> PresaleRow:
    """The pre-sale under the lock of its stock row, as everything that changes it does. Raises ``NotFound``."""
    found = await presale(session, presale_id, supplier_id=supplier_id)
    await ask(session, _LOCK, {"skus": array([found.sku]), "owner": supplier_id})
    return await session.get_one(PresaleRow, presale_id, populate_existing=True)


async def overdue_presales(session: AsyncSession, before: date, limit: int) -> list[UUID]:
    """Pre-sales that are not settled although their goods should have left before that day."""
    query = select(PresaleRow.id).where(PresaleRow.settled_at.is_(None), PresaleRow.ship_by < before)
    return list((await session.scalars(query.order_by(PresaleRow.sku).limit(limit))).all())


def presale_value(row: PresaleRow) -> Presale:
    """The value that crosses the border."""
    return Presale(
        id=row.id,
        sku=row.sku,
        plan=Plan(
            opens_at=row.opens_at,
            closes_at=row.closes_at,
            harvest_from=row.harvest_from,
            harvest_to=row.harvest_to,
            ship_by=row.ship_by,
            expected_yield=row.expected_yield,
            factor_pct=row.factor_pct,
        ),
        cap=row.cap,
        promised=row.promised,
        arrived=row.arrived,
        version=row.version,
        settled_at=row.settled_at,
    )
