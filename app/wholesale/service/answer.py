"""The marketplace's answers: approve or reject what was in doubt, cut a line, offer a substitute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, inventory, partners, pricing
from app.core.clock import local_day
from app.core.errors import Fault
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.inventory import OutOfStock
from app.partners import Credit, CreditKind
from app.wholesale import queries
from app.wholesale.events import PurchaseOrderCancelled
from app.wholesale.lifecycle import PoStepNotAllowed, Status, Step, allowed
from app.wholesale.models import AnswerRow, LineRow
from app.wholesale.queries import OPEN, Locked
from app.wholesale.rules import Ack
from app.wholesale.rules.orders import (
    AnswerKind,
    AnswersTooMuch,
    LastDayOver,
    NoAskedPrice,
    NoSubstitute,
    Offer,
    OfferDecided,
    Prices,
    PurchaseOrder,
    UnknownPoLine,
)
from app.wholesale.service.appointments import free_room
from app.wholesale.service.prepare import name_goods
from app.wholesale.service.promise import confirmed, move_worth, note_step, take_both


@dataclass(frozen=True, slots=True)
class Cut:
    """A line is to have so many cases and no more."""

    line_no: int
    cases: int
    reason: str


async def approve(
    session: AsyncSession, po_id: UUID, *, prices: Prices, by: Actor, reason: str | None, now: datetime
) -> tuple[PurchaseOrder, Credit]:
    """Confirm an order that was in doubt, at the contract's prices or at those that the partner asked for.

    Raises ``NotFound``, ``PoStepNotAllowed``, ``LastDayOver``, ``NoAskedPrice``, ``CreditExceeded``, ``OutOfStock``.
    """
    locked = await queries.lock(session, po_id)
    po = locked.po
    po.take(Step.APPROVE)
    if local_day(now) > po.closes_on:
        raise LastDayOver
    if prices is Prices.ASKED:
        asked = [line for line in locked.lines if line.ordered_units and line.asked_price_fen is not None]
        if not asked:
            raise NoAskedPrice
        for line in asked:
            line.unit_price_fen = line.asked_price_fen or 0
    po.total_fen = locked.worth()
    po.confirmed_at = now
    note_step(session, po, by=by.account_id, now=now, reason=reason)
    await session.flush()
    version_id = await queries.newest_version_id(session, po)
    try:
        credit = await take_both(session, po, locked.held(), source_id=version_id, by=by.account_id, now=now)
    except OutOfStock as refusal:
        faults = [Fault("", fault.code, fault.zh, fault.en) for fault in refusal.faults]
        raise OutOfStock(skus=str(refusal.params["skus"]), faults=faults) from refusal
    emit(session, confirmed(po, locked.lines, now))
    return await queries.told(session, locked), credit


async def reject(session: AsyncSession, po_id: UUID, *, by: Actor, reason: str, now: datetime) -> PurchaseOrder:
    """Refuse an order that was in doubt; it held nothing. Raises ``NotFound``, ``PoStepNotAllowed``."""
    locked = await queries.lock(session, po_id)
    po = locked.po
    po.take(Step.REJECT)
    po.closed_at = now
    note_step(session, po, by=by.account_id, now=now, reason=reason)
    emit(session, PurchaseOrderCancelled(po_id=po.id, partner_id=po.partner_id, status=po.status, at=now))
    await session.flush()
    return await queries.told(session, locked)


async def cut(
    session: AsyncSession, po_id: UUID, cuts: Sequence[Cut], *, by: Actor, now: datetime
) -> tuple[PurchaseOrder, Credit]:
    """Promise less of some lines; what is freed of stock and credit is free at once. Nothing left: it is cancelled.

    Raises ``NotFound``, ``PoStepNotAllowed``, ``UnknownPoLine``, ``AnswersTooMuch``.
    """
    locked = await queries.lock(session, po_id)
    po = locked.po
    if locked.status not in OPEN:
        raise PoStepNotAllowed(locked.status, allowed(locked.status))
    freed: dict[str, int] = {}
    answers: list[tuple[AnswerRow, int]] = []
    for place, one in enumerate(cuts):
        line = _line(locked, one.line_no, f"/lines/{place}/line_no")
        units = one.cases * line.case_pack
        if not max(line.shipped_units, line.delivered_units) <= units < line.promised_units:
            zh = f"已承诺 {line.promised_units} 件，已发 {line.shipped_units} 件"
            en = f"{line.promised_units} units were promised and {line.shipped_units} shipped"
            raise AnswersTooMuch(faults=[Fault(f"/lines/{place}/cases", AnswersTooMuch.code, zh, en)])
        less = line.promised_units - units
        answer = _answer(line, AnswerKind.CUT, line.sku, units, line.unit_price_fen, one.reason, by=by, now=now)
        answer.decided_at, answer.decided_by, answer.accepted = now, by.account_id, True
        session.add(answer)
        answers.append((answer, less * line.unit_price_fen))
        freed[line.sku] = freed.get(line.sku, 0) + less
        line.promised_units = units
        line.ack, line.ack_reason = (Ack.CUT if units else Ack.REJECTED).value, one.reason
    po.total_fen = locked.worth()
    if locked.status is Status.CONFIRMED and not locked.held():
        po.take(Step.CANCEL)
        po.closed_at = now
        await free_room(session, locked, now=now)
        emit(session, PurchaseOrderCancelled(po_id=po.id, partner_id=po.partner_id, status=po.status, at=now))
    else:
        emit(session, confirmed(po, locked.lines, now))
    note_step(session, po, by=by.account_id, now=now, reason="；".join(dict.fromkeys(one.reason for one in cuts)))
    await session.flush()
    credit = await partners.credit(session, po.partner_id)
    for answer, worth_fen in answers:
        credit = await partners.give_credit(
            session,
            po.partner_id,
            reference=po.id,
            source_id=answer.id,
            kind=CreditKind.AMENDED,
            amount_fen=worth_fen,
            now=now,
        )
    await inventory.release_pieces(session, po.id, freed, now=now, by=by.account_id)
    return await queries.told(session, locked), credit


async def offer(
    session: AsyncSession,
    po_id: UUID,
    *,
    line_no: int,
    sku: str,
    cases: int,
    reason: str,
    by: Actor,
    now: datetime,
) -> Offer:
    """Offer goods of the same category, at the price list's price, for a line of which nothing was shipped.

    Nothing is promised until the partner takes it. Raises ``NotFound``, ``PoStepNotAllowed``, ``UnknownPoLine``,
    ``NoSubstitute``.
    """
    locked = await queries.lock(session, po_id)
    if locked.status is not Status.CONFIRMED:
        raise PoStepNotAllowed(locked.status, allowed(locked.status))
    line = _line(locked, line_no, "/line_no")
    item, goods, _ = await _goods(session, locked, sku)
    if line.shipped_units or item is None or goods is None or goods.category != line.category or sku == line.sku:
        raise NoSubstitute
    units = cases * item.case_pack
    answer = _answer(line, AnswerKind.SUBSTITUTE, sku, units, item.price_fen, reason, by=by, now=now)
    session.add(answer)
    await session.flush()
    return queries.offer_value(answer, line.line_no)


async def accept(
    session: AsyncSession, offer_id: UUID, *, partner_id: UUID, by: Actor, now: datetime
) -> tuple[PurchaseOrder, Credit]:
    """Take a substitute: the line is of other goods from now on, with their stock and their worth.

    Raises ``NotFound``, ``OfferDecided``, ``NoSubstitute``, ``CreditExceeded``, ``OutOfStock``.
    """
    locked, answer = await queries.lock_offer(session, offer_id, partner_id)
    po = locked.po
    line = next(line for line in locked.lines if line.id == answer.line_id)
    over = locked.status is not Status.CONFIRMED or line.shipped_units or not line.ordered_units
    if answer.decided_at is not None or over:
        raise OfferDecided
    item, goods, contract = await _goods(session, locked, answer.sku)
    if item is None or goods is None or goods.category != line.category:
        raise NoSubstitute
    before, held = po.total_fen, locked.held()
    partner = await partners.get(session, po.partner_id)
    name_goods(line, item, goods, contract, partner)
    line.unit_price_fen = answer.unit_price_fen
    line.promised_units = answer.units
    line.ack, line.ack_reason = Ack.SUBSTITUTED.value, answer.reason
    answer.decided_at, answer.decided_by, answer.accepted = now, by.account_id, True
    po.total_fen = locked.worth()
    note_step(session, po, by=by.account_id, now=now, reason=answer.reason)
    await session.flush()
    credit = await move_worth(session, po, before, source_id=answer.id, now=now)
    wanted = dict.fromkeys(held, 0) | locked.held()
    try:
        await inventory.rebook(session, po.id, wanted, by=by.account_id, now=now)
    except OutOfStock as refusal:
        faults = [Fault("", fault.code, fault.zh, fault.en) for fault in refusal.faults]
        raise OutOfStock(skus=str(refusal.params["skus"]), faults=faults) from refusal
    emit(session, confirmed(po, locked.lines, now))
    return await queries.told(session, locked), credit


async def decline(session: AsyncSession, offer_id: UUID, *, partner_id: UUID, by: Actor, now: datetime) -> Offer:
    """Do without: the line stays as it is. Raises ``NotFound``, ``OfferDecided``."""
    locked, answer = await queries.lock_offer(session, offer_id, partner_id)
    if answer.decided_at is not None:
        raise OfferDecided
    answer.decided_at, answer.decided_by, answer.accepted = now, by.account_id, False
    await session.flush()
    line = next(line for line in locked.lines if line.id == answer.line_id)
    return queries.offer_value(answer, line.line_no)


async def _goods(
    session: AsyncSession, locked: Locked, sku: str
) -> tuple[pricing.ContractItem | None, catalogue.Offer | None, partners.Contract]:
    contract = await partners.contract(session, locked.po.contract_id)
    items = await pricing.contract_items(session, contract, locked.po.order_on)
    found = await catalogue.offers(session, [sku])
    return next((item for item in items if item.sku == sku), None), found.get(sku), contract


def _line(locked: Locked, line_no: int, pointer: str) -> LineRow:
    line = locked.line(line_no)
    if line is None:
        raise UnknownPoLine(faults=[Fault(pointer, UnknownPoLine.code, UnknownPoLine.zh, UnknownPoLine.en)])
    return line


def _answer(
    line: LineRow, kind: AnswerKind, sku: str, units: int, price_fen: int, reason: str, *, by: Actor, now: datetime
) -> AnswerRow:
    return AnswerRow(
        id=new_id(now),
        po_id=line.po_id,
        line_id=line.id,
        kind=kind.value,
        sku=sku,
        units=units,
        unit_price_fen=price_fen,
        reason=reason,
        at=now,
        by_account=by.account_id,
    )
