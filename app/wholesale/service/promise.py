"""Promise goods on credit: what stock and credit give, taken together or not at all, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory, partners
from app.core.errors import Fault
from app.core.money import yuan
from app.inventory import OutOfStock
from app.partners import Credit, CreditExceeded, CreditKind
from app.wholesale.events import PromisedLine, PurchaseOrderConfirmed
from app.wholesale.models import LineRow, PoEventRow, PurchaseOrderRow
from app.wholesale.rules.asking import SHORT_OF_CREDIT, Given, Planned, cut


async def give(
    session: AsyncSession,
    plan: Sequence[Planned],
    *,
    partner_id: UUID,
    held: Mapping[str, int] | None = None,
    worth_fen: int = 0,
) -> list[Given]:
    """What stock and credit can give now, on top of what the order holds already. Two statements.

    Raises ``CreditExceeded`` or ``OutOfStock`` when that is nothing.
    """
    skus = sorted({line.item.sku for line in plan})
    stock = await inventory.availability(session, skus)
    credit = await partners.credit(session, partner_id)
    free = {sku: there.available for sku, there in stock.items()}
    given = cut(plan, free, credit.available_fen + worth_fen, taken=held)
    if not any(one.units for one in given):
        if any(one.reason == SHORT_OF_CREDIT for one in given):
            wanted = sum(line.amount_fen for line in plan)
            raise CreditExceeded(wanted=yuan(wanted), available=yuan(credit.available_fen + worth_fen))
        raise OutOfStock(
            skus="、".join(skus),
            faults=[
                Fault(f"/lines/{line.place}/cases", OutOfStock.code, f"{line.item.sku} 不足一个起订量", "too few left")
                for line in plan
            ],
        )
    return given


def wanted_of(plan: Sequence[Planned], given: Sequence[Given]) -> dict[str, int]:
    """Units by SKU, in the order of the lines."""
    wanted: dict[str, int] = {}
    for line, one in zip(plan, given, strict=True):
        if one.units:
            wanted[line.item.sku] = wanted.get(line.item.sku, 0) + one.units
    return wanted


def at_lines(refusal: OutOfStock, wanted: Sequence[str], plan: Sequence[Planned]) -> OutOfStock:
    """The refusal of the stock-room in terms of the lines that were sent."""
    faults = [
        Fault(
            f"/lines/{line.place}/{'units' if line.asked.units is not None else 'cases'}",
            fault.code,
            fault.zh,
            fault.en,
        )
        for fault in refusal.faults
        for line in plan
        if line.item.sku == wanted[int(fault.pointer.rpartition("/")[2])]
    ]
    return OutOfStock(skus=str(refusal.params["skus"]), faults=faults)


async def take_both(
    session: AsyncSession,
    po: PurchaseOrderRow,
    wanted: Mapping[str, int],
    *,
    source_id: UUID,
    by: UUID,
    now: datetime,
) -> Credit:
    """Credit of the order's worth first, then stock: together or not at all, because a refusal ends the transaction.

    Raises ``CreditExceeded``, ``PartnerSuspended``, ``OutOfStock``.
    """
    credit = await partners.take_credit(
        session,
        po.partner_id,
        reference=po.id,
        source_id=source_id,
        kind=CreditKind.ORDERED,
        amount_fen=po.total_fen,
        now=now,
    )
    await inventory.reserve(session, po.id, wanted, by=by, now=now)
    return credit


async def move_worth(
    session: AsyncSession, po: PurchaseOrderRow, before_fen: int, *, source_id: UUID, now: datetime
) -> Credit:
    """Let credit follow an order whose worth was ``before_fen``; ``source_id`` is what changed it.

    Raises ``CreditExceeded``, ``PartnerSuspended``.
    """
    more = po.total_fen - before_fen
    if not more:
        return await partners.credit(session, po.partner_id)
    move = partners.take_credit if more > 0 else partners.give_credit
    return await move(
        session,
        po.partner_id,
        reference=po.id,
        source_id=source_id,
        kind=CreditKind.AMENDED,
        amount_fen=abs(more),
        now=now,
    )


def note_step(
    session: AsyncSession, po: PurchaseOrderRow, *, by: UUID | None, now: datetime, reason: str | None = None
) -> None:
    """Write down where an order stands now, who brought it there and why."""
    session.add(PoEventRow(po_id=po.id, status=po.status, by_account=by, reason=reason, at=now))


def confirmed(po: PurchaseOrderRow, lines: Sequence[LineRow], now: datetime) -> PurchaseOrderConfirmed:
    """The fact that an order is promised as it stands."""
    return PurchaseOrderConfirmed(
        po_id=po.id,
        partner_id=po.partner_id,
        version=po.version,
        at=now,
        lines=[
            PromisedLine(
                line_id=line.id,
                supplier_id=line.supplier_id,
                sku=line.sku,
                units=line.promised_units,
                amount_fen=line.promised_units * line.unit_price_fen,
            )
            for line in lines
            if line.promised_units
        ],
    )
