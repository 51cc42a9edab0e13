"""Reads and locks of purchase orders. Lines that an amendment dropped are history and shown in the versions alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.core.errors import NotFound
from app.wholesale.lifecycle import Status
from app.wholesale.models import AnswerRow, AppointmentRow, LineRow, PoEventRow, PurchaseOrderRow, VersionRow
from app.wholesale.rules import Ack, PoKind, Source
from app.wholesale.rules.orders import AnswerKind, Offer, PoLine, PurchaseOrder, Step, Version, changes

OPEN = (Status.CONFIRMED, Status.SHIPPED, Status.PARTIALLY_RECEIVED)
"""Statuses in which stock is held for what was promised and has not been shipped."""

_NUMBER = text("SELECT :prefix || lpad((nextval('wholesale_delivery_number_seq') % 1000000)::text, 6, '0')")


@dataclass(slots=True)
class Locked:
    """A purchase order under its lock, the first that every use case takes, with its lines by number.

    ``booked`` tells whether a time at a dock stands for it; nobody books one without this lock.
    """

    po: PurchaseOrderRow
    lines: list[LineRow]
    booked: bool = False

    @property
    def status(self) -> Status:
        """Where it stands."""
        return Status(self.po.status)

    def line(self, line_no: int) -> LineRow | None:
        """The line with this number, unless an amendment dropped it."""
        return next((line for line in self.lines if line.line_no == line_no and line.ordered_units), None)

    def held(self) -> dict[str, int]:
        """What is reserved for it while it is open: promised and not shipped, by SKU."""
        found: dict[str, int] = {}
        for line in self.lines:
            if left := line.promised_units - line.shipped_units:
                found[line.sku] = found.get(line.sku, 0) + left
        return found

    def worth(self) -> int:
        """What is promised is worth."""
        return sum(line.promised_units * line.unit_price_fen for line in self.lines)


async def lock(
    session: AsyncSession, po_id: UUID, *, partner_id: UUID | None = None, supplier_id: UUID | None = None
) -> Locked:
    """Lock a purchase order, of ``partner_id`` or with a line of ``supplier_id`` if given. Raises ``NotFound``."""
    po = await session.scalar(_locking(select(PurchaseOrderRow).where(PurchaseOrderRow.id == po_id)))
    if po is None or partner_id not in {None, po.partner_id}:
        raise NotFound
    locked = Locked(po, *await _lines(session, po_id))
    if supplier_id is not None and all(line.supplier_id != supplier_id for line in locked.lines):
        raise NotFound
    return locked


async def lock_by_number(session: AsyncSession, partner_id: UUID, po_no: str) -> tuple[Locked, VersionRow] | None:
    """Lock the partner's order with this number, with its newest version; None if there is none."""
    po = await session.scalar(
        _locking(
            select(PurchaseOrderRow).where(PurchaseOrderRow.partner_id == partner_id, PurchaseOrderRow.po_no == po_no)
        )
    )
    if po is None:
        return None
    newest = await session.scalar(select(VersionRow).where(VersionRow.po_id == po.id, VersionRow.version == po.version))
    if newest is None:
        raise NotFound
    return Locked(po, *await _lines(session, po.id)), newest


async def lock_due(
    session: AsyncSession, today: date, papers_after: date, lost_before: date, limit: int
) -> list[Locked]:
    """Orders whose last day is over and that still hold or wait for something, by id; not those that are worked on.

    Receipts of goods that came in time are waited for until the last day lies before ``papers_after``, and where there
    is none at all, before ``lost_before``.
    """
    row, line = PurchaseOrderRow, LineRow
    unsent = select(line.id).where(line.po_id == row.id, line.promised_units > line.shipped_units).exists()
    over = or_(
        row.status.in_((Status.NEEDS_APPROVAL, Status.CONFIRMED)) & (row.closes_on < today),
        row.status.in_((Status.SHIPPED, Status.PARTIALLY_RECEIVED)) & (row.closes_on < today) & unsent,
        row.status.in_((Status.PARTIALLY_RECEIVED, Status.RECEIVED)) & (row.closes_on < papers_after),
        (row.status == Status.SHIPPED) & (row.closes_on < lost_before),
    )
    wanted = select(row).where(over).order_by(row.id).limit(limit).with_for_update(skip_locked=True)
    orders = list(await session.scalars(wanted.execution_options(populate_existing=True)))
    by_po: dict[UUID, list[LineRow]] = {po.id: [] for po in orders}
    if by_po:
        lines = select(line).where(line.po_id.in_(by_po)).order_by(line.po_id, line.line_no)
        for found in await session.scalars(lines.execution_options(populate_existing=True)):
            by_po[found.po_id].append(found)
    return [Locked(po, by_po[po.id]) for po in orders]


def _locking(query: Select[Any]) -> Select[Any]:
    return query.with_for_update().execution_options(populate_existing=True)


async def _lines(session: AsyncSession, po_id: UUID) -> tuple[list[LineRow], bool]:
    """The lines of a locked order, and whether a dock is booked for it: read under the lock, so both are new."""
    stands = select(AppointmentRow.id).where(AppointmentRow.po_id == po_id, AppointmentRow.released_at.is_(None))
    query = select(LineRow, stands.exists()).where(LineRow.po_id == po_id).order_by(LineRow.line_no)
    rows = (await session.execute(query.execution_options(populate_existing=True))).all()
    return [line for line, _ in rows], any(booked for _, booked in rows)


async def view(
    session: AsyncSession, po_id: UUID, *, partner_id: UUID | None = None, supplier_id: UUID | None = None
) -> PurchaseOrder:
    """One order, to its partner, or the lines of one supplier to it. Raises ``NotFound``."""
    row = await session.get(PurchaseOrderRow, po_id, populate_existing=True)
    if row is None or partner_id not in {None, row.partner_id}:
        raise NotFound
    (found,) = await _views(session, [row], supplier_id)
    if supplier_id is not None and (not found.lines or found.status not in _SHOWN_TO_SUPPLIERS):
        raise NotFound
    return found


_SHOWN_TO_SUPPLIERS = frozenset(Status) - {Status.NEEDS_APPROVAL, Status.REJECTED}
"""What nobody has confirmed is none of a supplier's business."""


async def page(
    session: AsyncSession,
    *,
    partner_id: UUID | None = None,
    supplier_id: UUID | None = None,
    statuses: Collection[Status] = (),
    to_ship: bool = False,
    po_no: str | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[PurchaseOrder]:
    """Orders of a partner, with lines of a supplier, or all; the newest first. Three statements."""
    query = select(PurchaseOrderRow).order_by(PurchaseOrderRow.id.desc()).limit(limit)
    if partner_id is not None:
        query = query.where(PurchaseOrderRow.partner_id == partner_id)
    if supplier_id is not None:
        theirs = select(LineRow.id).where(
            LineRow.po_id == PurchaseOrderRow.id, LineRow.supplier_id == supplier_id, LineRow.ordered_units > 0
        )
        if to_ship:
            theirs = theirs.where(LineRow.promised_units > LineRow.shipped_units)
        query = query.where(theirs.exists(), PurchaseOrderRow.status.in_(_SHOWN_TO_SUPPLIERS))
    if to_ship:
        query = query.where(PurchaseOrderRow.status.in_(OPEN))
    if statuses:
        query = query.where(PurchaseOrderRow.status.in_(statuses))
    if po_no is not None:
        query = query.where(PurchaseOrderRow.po_no == po_no)
    if before is not None:
        query = query.where(PurchaseOrderRow.id < before)
    rows = list(await session.scalars(query.execution_options(populate_existing=True)))
    return await _views(session, rows, supplier_id) if rows else []


async def _views(
    session: AsyncSession, rows: Sequence[PurchaseOrderRow], supplier_id: UUID | None
) -> list[PurchaseOrder]:
    ids = [row.id for row in rows]
    wanted = select(LineRow).where(LineRow.po_id.in_(ids), LineRow.ordered_units > 0)
    if supplier_id is not None:
        wanted = wanted.where(LineRow.supplier_id == supplier_id)
    by_po: dict[UUID, list[LineRow]] = {po_id: [] for po_id in ids}
    ordered = wanted.order_by(LineRow.po_id, LineRow.line_no).execution_options(populate_existing=True)
    for line in await session.scalars(ordered):
        by_po[line.po_id].append(line)
    offers: dict[UUID, list[Offer]] = {}
    if supplier_id is None:
        offers = await _offers(session, ids, {line.id: line for lines in by_po.values() for line in lines})
    return [order_value(row, by_po[row.id], offers.get(row.id, ()), supplier_id) for row in rows]


async def told(session: AsyncSession, locked: Locked) -> PurchaseOrder:
    """A locked order as a value, with its offers; what was changed of it is flushed before."""
    po = locked.po
    offers = await _offers(session, [po.id], {line.id: line for line in locked.lines})
    return order_value(po, locked.lines, offers.get(po.id, ()))


async def _offers(session: AsyncSession, ids: Sequence[UUID], lines: dict[UUID, LineRow]) -> dict[UUID, list[Offer]]:
    wanted = select(AnswerRow).where(AnswerRow.po_id.in_(ids), AnswerRow.kind == AnswerKind.SUBSTITUTE.value)
    found: dict[UUID, list[Offer]] = {}
    for row in await session.scalars(wanted.order_by(AnswerRow.id).execution_options(populate_existing=True)):
        line = lines.get(row.line_id)
        if line is not None:
            found.setdefault(row.po_id, []).append(offer_value(row, line.line_no))
    return found


def offer_value(row: AnswerRow, line_no: int) -> Offer:
    """The row as a value."""
    return Offer(
        id=row.id,
        line_no=line_no,
        sku=row.sku,
        units=row.units,
        unit_price_fen=row.unit_price_fen,
        reason=row.reason,
        offered_at=row.at,
        accepted=row.accepted,
    )


def order_value(
    row: PurchaseOrderRow, lines: Sequence[LineRow], offers: Sequence[Offer] = (), supplier_id: UUID | None = None
) -> PurchaseOrder:
    """The rows as a value; for a supplier the total is that of its own lines, and nobody's note is shown."""
    shown = tuple(line_value(line) for line in lines if line.ordered_units)
    return PurchaseOrder(
        id=row.id,
        partner_id=row.partner_id,
        partner_name=row.partner_name,
        contract_id=row.contract_id,
        location_id=row.location_id,
        location_code=row.location_code,
        division_code=row.division_code,
        po_no=row.po_no,
        version=row.version,
        kind=PoKind(row.kind),
        source=Source(row.source),
        status=Status(row.status),
        ordered_at=row.ordered_at,
        order_on=row.order_on,
        required_on=row.required_on,
        closes_on=row.closes_on,
        total_fen=row.total_fen if supplier_id is None else sum(line.amount_fen for line in shown),
        note=row.note if supplier_id is None else None,
        confirmed_at=row.confirmed_at,
        closed_at=row.closed_at,
        lines=shown,
        offers=tuple(offers),
    )


def line_value(row: LineRow) -> PoLine:
    """The row as a value."""
    return PoLine(
        id=row.id,
        line_no=row.line_no,
        ordered_sku=row.ordered_sku,
        sku=row.sku,
        partner_item_code=row.partner_item_code,
        gtin13=row.gtin13,
        itf14=row.itf14,
        name=row.name,
        product_id=row.product_id,
        product_name=row.product_name,
        category=row.category,
        supplier_id=row.supplier_id,
        supplier_name=row.supplier_name,
        case_pack=row.case_pack,
        ordered_units=row.ordered_units,
        promised_units=row.promised_units,
        ack=Ack(row.ack),
        ack_reason=row.ack_reason,
        asked_price_fen=row.asked_price_fen,
        unit_price_fen=row.unit_price_fen,
        min_life_pct=row.min_life_pct,
        min_life_days=row.min_life_days,
        shipped_units=row.shipped_units,
        delivered_units=row.delivered_units,
        received_units=row.received_units,
        returned_units=row.returned_units,
        payable_fen=row.payable_fen,
        net_weight_g=row.net_weight_g,
        tax_rate_bp=row.tax_rate_bp,
    )


async def history(session: AsyncSession, po_id: UUID) -> list[Step]:
    """What happened to an order, in its order."""
    rows = await session.scalars(select(PoEventRow).where(PoEventRow.po_id == po_id).order_by(PoEventRow.id))
    return [Step(status=Status(row.status), reason=row.reason, at=row.at) for row in rows]


async def versions(session: AsyncSession, po_id: UUID) -> list[Version]:
    """An order as it was sent each time, oldest first, each with what differs from the one before."""
    found: list[Version] = []
    content: dict[str, Any] | None = None
    for row in await session.scalars(select(VersionRow).where(VersionRow.po_id == po_id).order_by(VersionRow.version)):
        found.append(
            Version(
                version=row.version,
                received_at=row.received_at,
                content=row.content,
                changes=changes(content, row.content),
                file_row=row.file_row,
            )
        )
        content = row.content
    return found


async def taken_from(session: AsyncSession, partner_id: UUID, digest: bytes) -> dict[str, UUID]:
    """The orders that a sheet with this digest brought, by their number."""
    rows = await session.execute(
        select(PurchaseOrderRow.po_no, PurchaseOrderRow.id)
        .join(VersionRow, VersionRow.po_id == PurchaseOrderRow.id)
        .where(PurchaseOrderRow.partner_id == partner_id, VersionRow.file_digest == digest)
    )
    return {row.po_no: row.id for row in rows}


async def newest_version_id(session: AsyncSession, po: PurchaseOrderRow) -> UUID:
    """The version in which an order stands."""
    wanted = select(VersionRow.id).where(VersionRow.po_id == po.id, VersionRow.version == po.version)
    return (await session.scalars(wanted)).one()


async def lock_offer(session: AsyncSession, offer_id: UUID, partner_id: UUID) -> tuple[Locked, AnswerRow]:
    """A substitute that was offered, under the lock of its order. Raises ``NotFound``."""
    po_id = await session.scalar(
        select(AnswerRow.po_id).where(AnswerRow.id == offer_id, AnswerRow.kind == AnswerKind.SUBSTITUTE.value)
    )
    if po_id is None:
        raise NotFound
    locked = await lock(session, po_id, partner_id=partner_id)
    return locked, await session.get_one(AnswerRow, offer_id, populate_existing=True)


async def new_delivery_number(session: AsyncSession, prefix: str) -> str:
    """A number of a delivery note that nobody has had."""
    ((number,),) = await ask(session, _NUMBER, {"prefix": prefix})
    return str(number)
