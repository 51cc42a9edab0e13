"""Reads and locks of claims. The order is locked before its claim, always."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import files, fulfilment, orders
from app.claims.lifecycle import ENDED, Status
from app.claims.models import ClaimEventRow, ClaimLineRow, ClaimRow
from app.claims.rules import Claim, ClaimEvent, ClaimLine, Held, Kind, Liable, Party, Remedy
from app.core.db import array, ask
from app.core.errors import NotFound

Lots = Counter[str | None]
"""Sales units by lot code; None for goods of no lot."""

_OPEN = tuple(status.value for status in Status if status not in ENDED)


async def lock(
    session: AsyncSession, claim_id: UUID, *, supplier_id: UUID | None = None, buyer_id: UUID | None = None
) -> tuple[ClaimRow, orders.ClaimBasis]:
    """The claim with what its order says now, both kept from others. Raises ``NotFound``, for another's too."""
    wanted = _of(supplier_id, buyer_id).where(ClaimRow.id == claim_id)
    found = (await session.execute(wanted.with_only_columns(ClaimRow.order_id))).scalar_one_or_none()
    if found is None:
        raise NotFound
    basis = await orders.claim_basis(session, found)
    row = await session.get_one(ClaimRow, claim_id, populate_existing=True, with_for_update=True)
    return row, basis


def _of(supplier_id: UUID | None, buyer_id: UUID | None) -> Select[ClaimRow]:
    wanted = select(ClaimRow)
    if supplier_id is not None:
        wanted = wanted.where(ClaimRow.supplier_id == supplier_id)
    if buyer_id is not None:
        wanted = wanted.where(ClaimRow.buyer_id == buyer_id)
    return wanted


async def held(session: AsyncSession, line_ids: Collection[UUID], kind: Kind) -> dict[UUID, Held]:
    """What other claims ask of each line beyond what its refunds say: those still open, and those made good in goods.

    A return without a reason, or trouble of no particular kind, may be about goods that made another claim good.
    Read it under the lock of the order.
    """
    counted = _OPEN if kind in (Kind.NO_REASON, Kind.OTHER) else (*_OPEN, Status.RESHIPPED.value)
    rows = await session.execute(
        select(ClaimLineRow.line_id, func.sum(ClaimLineRow.quantity), func.sum(ClaimLineRow.refund_fen))
        .join(ClaimRow, ClaimRow.id == ClaimLineRow.claim_id)
        .where(ClaimLineRow.line_id.in_(line_ids), ClaimRow.status.in_(counted), ClaimRow.refund_id.is_(None))
        .group_by(ClaimLineRow.line_id)
    )
    return {line_id: Held(int(quantity), int(amount_fen)) for line_id, quantity, amount_fen in rows}


async def lines_of(session: AsyncSession, claim_id: UUID) -> list[ClaimLineRow]:
    """The lines of a locked claim."""
    rows = await session.scalars(
        select(ClaimLineRow).where(ClaimLineRow.claim_id == claim_id).order_by(ClaimLineRow.position)
    )
    return list(rows)


_ORDERS_OF = text("SELECT id, order_id FROM claims_claim WHERE id = ANY(CAST(:ids AS uuid[]))")
_ORDER_LINES = text("SELECT id, line_id FROM claims_line WHERE id = ANY(CAST(:ids AS uuid[]))")


async def orders_of(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Those of these that are claims, and their orders."""
    return {row[0]: row[1] for row in await ask(session, _ORDERS_OF, {"ids": array(ids)})}


async def order_lines(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Those of these that are lines of claims, and the orders' lines that they make good; of any number of them."""
    return {row[0]: row[1] for row in await ask(session, _ORDER_LINES, {"ids": array(ids)})}


async def lots_sent(session: AsyncSession, claim: ClaimRow, lines: Sequence[ClaimLineRow]) -> dict[UUID, Lots]:
    """By the order's line, the lots its goods were sent from, less what other claims sent back into each.

    Goods that made another claim good were sent as well. Read it under the lock of the order.
    """
    wanted = [line.line_id for line in lines]
    rows = await session.execute(
        select(ClaimLineRow.id, ClaimLineRow.line_id, ClaimLineRow.claim_id).where(ClaimLineRow.line_id.in_(wanted))
    )
    of = dict.fromkeys(wanted) | {row.id: row for row in rows}
    claims = {row.claim_id for row in of.values() if row is not None}
    sent: defaultdict[UUID, Lots] = defaultdict(Counter)
    for parcel in await fulfilment.shipments_of(session, [claim.supplier_order_id, *claims]):
        for packed in parcel.lines:
            if packed.line_reference not in of or (parcel.inbound and parcel.reference == claim.id):
                continue
            row = of[packed.line_reference]
            line_id = packed.line_reference if row is None else row.line_id
            sent[line_id][packed.lot_code] += -packed.quantity if parcel.inbound else packed.quantity
    return sent


async def by_refund(session: AsyncSession, refund_id: UUID) -> UUID | None:
    """The claim that this refund was asked for."""
    return (await session.execute(select(ClaimRow.id).where(ClaimRow.refund_id == refund_id))).scalar_one_or_none()


async def due(session: AsyncSession, now: datetime, limit: int) -> list[UUID]:
    """Claims that the clock moves on, in the order in which their orders are locked."""
    rows = await session.execute(
        select(ClaimRow.id, ClaimRow.order_id).where(ClaimRow.due_at <= now).order_by(ClaimRow.due_at).limit(limit)
    )
    return [claim_id for claim_id, _ in sorted(rows, key=lambda row: row.order_id)]


async def postpone(session: AsyncSession, claim_id: UUID, *, until: datetime) -> None:
    """The clock leaves a claim alone until then."""
    await session.execute(update(ClaimRow).where(ClaimRow.id == claim_id).values(due_at=until))


async def get(
    session: AsyncSession,
    claim_id: UUID,
    *,
    supplier_id: UUID | None = None,
    buyer_id: UUID | None = None,
    now: datetime,
) -> Claim:
    """One claim, with links to its photos. Raises ``NotFound``, for another's too."""
    row = (await session.scalars(_of(supplier_id, buyer_id).where(ClaimRow.id == claim_id))).one_or_none()
    if row is None:
        raise NotFound
    (claim,) = await _values(session, [row], now)
    return claim


async def track(session: AsyncSession, claim_id: UUID, shipment_id: UUID, *, buyer_id: UUID) -> fulfilment.Tracking:
    """A parcel of this buyer's claim, to them or from them, and its history. Raises ``NotFound``."""
    found = await fulfilment.track(session, shipment_id)
    own = _of(None, buyer_id).where(ClaimRow.id == claim_id, ClaimRow.id == found.shipment.reference)
    if (await session.scalars(own)).first() is None:
        raise NotFound
    return found


async def page(
    session: AsyncSession,
    *,
    supplier_id: UUID | None = None,
    buyer_id: UUID | None = None,
    order_id: UUID | None = None,
    status: Status | None = None,
    before: UUID | None = None,
    limit: int,
    now: datetime,
) -> list[Claim]:
    """Claims, newest first, with links to their photos."""
    wanted = _of(supplier_id, buyer_id).order_by(ClaimRow.id.desc()).limit(limit)
    if order_id is not None:
        wanted = wanted.where(ClaimRow.order_id == order_id)
    if status is not None:
        wanted = wanted.where(ClaimRow.status == status.value)
    if before is not None:
        wanted = wanted.where(ClaimRow.id < before)
    return await _values(session, (await session.scalars(wanted)).all(), now)


async def _values(session: AsyncSession, rows: Sequence[ClaimRow], now: datetime) -> list[Claim]:
    ids = [row.id for row in rows]
    lines: defaultdict[UUID, list[ClaimLine]] = defaultdict(list)
    found = await session.scalars(
        select(ClaimLineRow).where(ClaimLineRow.claim_id.in_(ids)).order_by(ClaimLineRow.position)
    )
    for line in found:
        lines[line.claim_id].append(line_value(line))
    history: defaultdict[UUID, list[ClaimEvent]] = defaultdict(list)
    events = await session.scalars(
        select(ClaimEventRow).where(ClaimEventRow.claim_id.in_(ids)).order_by(ClaimEventRow.id)
    )
    for event in events:
        history[event.claim_id].append(ClaimEvent(event.at, Status(event.status), Party(event.party), event.reason))
    parcels: defaultdict[UUID, list[fulfilment.Shipment]] = defaultdict(list)
    returns: dict[UUID, fulfilment.Shipment] = {}
    for parcel in await fulfilment.shipments_of(session, ids):
        if parcel.inbound:
            returns[parcel.reference] = parcel
        else:
            parcels[parcel.reference].append(parcel)
    photos = await files.links(session, to=ids, now=now)
    return [
        Claim(
            id=row.id,
            order_id=row.order_id,
            order_number=row.order_number,
            supplier_order_id=row.supplier_order_id,
            supplier_id=row.supplier_id,
            buyer_id=row.buyer_id,
            kind=Kind(row.kind),
            remedy=Remedy(row.remedy),
            status=Status(row.status),
            refund_fen=row.refund_fen,
            freight_fen=row.freight_fen,
            note=row.note,
            liable=None if row.liable is None else Liable(row.liable),
            refund_id=row.refund_id,
            return_carrier=row.return_carrier,
            return_number=row.return_number,
            sellable=row.sellable,
            opened_at=row.opened_at,
            due_at=row.due_at,
            closed_at=row.closed_at,
            lines=tuple(lines[row.id]),
            history=tuple(history[row.id]),
            shipments=tuple(parcels[row.id]),
            return_shipment=returns.get(row.id),
            photos=tuple(photos.get(row.id, ())),
        )
        for row in rows
    ]


def line_value(line: ClaimLineRow) -> ClaimLine:
    """A line as a value."""
    return ClaimLine(
        id=line.id,
        line_id=line.line_id,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        bad_pieces=line.bad_pieces,
        total_pieces=line.total_pieces,
        refund_fen=line.refund_fen,
        refund_quantity=line.refund_quantity,
    )
