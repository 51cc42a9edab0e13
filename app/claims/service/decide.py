"""Who agrees, who contests, who decides; and what an agreement sets in motion."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory, orders
from app.claims import queries
from app.claims.events import ClaimContested
from app.claims.lifecycle import ClaimStepNotAllowed, Status, Step, allowed
from app.claims.models import ClaimLineRow, ClaimRow
from app.claims.rules import (
    SEND_AGAIN_WITHIN,
    SEND_BACK_WITHIN,
    Claim,
    ClaimsTooMuch,
    Decision,
    Kind,
    Liable,
    NothingLeftToPay,
    Party,
    Remedy,
    RemedyNotAvailable,
    affordable,
)
from app.claims.service.steps import Doer, take
from app.core.events import emit
from app.core.money import yuan
from app.identity import Actor, Role


async def accept(session: AsyncSession, claim_id: UUID, *, remedy: Remedy | None, by: Actor, now: datetime) -> Claim:
    """The supplier agrees: money goes back, goods are sent again, or the buyer sends theirs back.

    ``remedy`` refund instead of goods is the supplier's choice when there are none left to send. Of goods that came
    back it agrees to the refund. Raises ``NotFound``, ``ClaimStepNotAllowed``, ``RemedyNotAvailable``, ``OutOfStock``,
    ``ClaimsTooMuch``.
    """
    claim, basis = await queries.lock(session, claim_id, supplier_id=by.supplier_id)
    doer = Doer(Party.SUPPLIER, by)
    if claim.may(Step.SETTLE) and claim.status == Status.RETURNED:
        if not await pay(session, claim, basis, doer=doer, now=now):
            raise await _nothing_left(session, claim, basis)
        return await queries.get(session, claim_id, now=now)
    if claim.status != Status.SUPPLIER_REVIEW:
        _refuse(claim)
    if remedy not in (None, Remedy.REFUND, Remedy(claim.remedy)) or (
        remedy is Remedy.REFUND and claim.remedy == Remedy.RETURN
    ):
        raise RemedyNotAvailable
    claim.remedy = (remedy or Remedy(claim.remedy)).value
    claim.liable = at_fault(claim).value
    if not await agree(session, claim, basis, doer=doer, reason=None, now=now):
        raise await _nothing_left(session, claim, basis)
    return await queries.get(session, claim_id, now=now)


async def contest(session: AsyncSession, claim_id: UUID, *, reason: str, by: Actor, now: datetime) -> Claim:
    """The supplier sees it differently, at first or when the goods came back. Raises ``NotFound`` and the table's."""
    claim, _ = await queries.lock(session, claim_id, supplier_id=by.supplier_id)
    await take(session, claim, Step.CONTEST, doer=Doer(Party.SUPPLIER, by), reason=reason, now=now)
    emit(
        session,
        ClaimContested(
            claim_id=claim.id,
            order_id=claim.order_id,
            supplier_order_id=claim.supplier_order_id,
            supplier_id=claim.supplier_id,
            kind=Kind(claim.kind),
            at=now,
        ),
    )
    return await queries.get(session, claim_id, now=now)


async def decide(session: AsyncSession, claim_id: UUID, decision: Decision, *, by: Actor, now: datetime) -> Claim:
    """The marketplace decides what becomes of it and who bears it; the decision is final.

    Goods that have come back do not come back again. Raises ``NotFound``, ``ClaimStepNotAllowed``, ``ClaimsTooMuch``,
    ``UnknownLine``, ``OutOfStock``, ``RemedyNotAvailable``.
    """
    claim, basis = await queries.lock(session, claim_id)
    doer = Doer(Party.OPERATOR, by)
    if not claim.may(Step.REJECT):
        _refuse(claim)
    if decision.remedy is Remedy.RETURN and claim.sellable is not None:
        raise RemedyNotAvailable
    claim.liable = decision.liable.value
    if decision.remedy is None:
        await take(session, claim, Step.REJECT, doer=doer, reason=decision.reason, now=now)
        return await queries.get(session, claim_id, now=now)
    claim.remedy = decision.remedy.value
    await _amend(session, claim, basis, decision)
    if not await agree(session, claim, basis, doer=doer, reason=decision.reason, now=now):
        raise await _nothing_left(session, claim, basis)
    return await queries.get(session, claim_id, now=now)


async def agree(
    session: AsyncSession, claim: ClaimRow, basis: orders.ClaimBasis, *, doer: Doer, reason: str | None, now: datetime
) -> bool:
    """Set in motion what was agreed; False where money was agreed and nothing is left to pay. Raises ``OutOfStock``."""
    remedy = Remedy(claim.remedy)
    if remedy is Remedy.REFUND:
        if not payable(claim, await queries.lines_of(session, claim.id), basis):
            return False
        await take(session, claim, Step.AGREE, doer=doer, reason=reason, now=now)
        return await pay(session, claim, basis, doer=doer, now=now)
    if remedy is Remedy.RETURN:
        await take(session, claim, Step.AGREE, doer=doer, reason=reason, now=now, due_at=now + SEND_BACK_WITHIN)
        return True
    wanted: dict[str, int] = {}
    for line in await queries.lines_of(session, claim.id):
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    await inventory.reserve(session, claim.id, wanted, by=doer.account_id, now=now)
    await take(session, claim, Step.AGREE, doer=doer, reason=reason, now=now)
    await take(session, claim, Step.RESHIP, doer=doer, now=now, due_at=now + SEND_AGAIN_WITHIN)
    return True


async def pay(session: AsyncSession, claim: ClaimRow, basis: orders.ClaimBasis, *, doer: Doer, now: datetime) -> bool:
    """Ask for the money, cut to what is left of the lines; False if that is nothing. The claim waits for its arrival.

    Without a person behind it, it is the buyer who asked.
    """
    lines = await queries.lines_of(session, claim.id)
    wanted = payable(claim, lines, basis)
    if not wanted:
        return False
    freight_fen = min(claim.freight_fen, basis.freight_left(claim.supplier_order_id))
    (refund,) = await orders.refund_lines(
        session,
        claim.order_id,
        [orders.RefundLine(line_id, amount_fen, quantity) for line_id, amount_fen, quantity in wanted],
        freight_fen=freight_fen,
        by=doer.actor or Actor(claim.buyer_id, frozenset({Role.BUYER})),
        reason=f"claim {claim.kind}",
        now=now,
    )
    cut = {line_id: (amount_fen, quantity) for line_id, amount_fen, quantity in wanted}
    for line in lines:
        line.refund_fen, line.refund_quantity = cut.get(line.line_id, (0, 0))
    claim.refund_id, claim.refund_fen, claim.freight_fen = refund.id, refund.amount_fen, freight_fen
    claim.due_at = None
    await session.flush()
    return True


def payable(claim: ClaimRow, lines: list[ClaimLineRow], basis: orders.ClaimBasis) -> list[tuple[UUID, int, int]]:
    """What of these lines can be paid back now; freight that is granted alone goes back with nothing of the first."""
    if claim.freight_fen and not any(line.refund_fen for line in lines):
        return [(lines[0].line_id, 0, 0)] if basis.freight_left(claim.supplier_order_id) else []
    return affordable([queries.line_value(line) for line in lines], basis)


def at_fault(claim: ClaimRow) -> Liable:
    """Who bears what a supplier agrees to: the supplier, unless the buyer simply changed their mind."""
    return Liable.BUYER if claim.kind == Kind.NO_REASON else Liable.SUPPLIER


async def _amend(session: AsyncSession, claim: ClaimRow, basis: orders.ClaimBasis, decision: Decision) -> None:
    """The marketplace's own figures instead of the computed ones."""
    lines = await queries.lines_of(session, claim.id)
    if decision.amounts is not None:
        if not decision.amounts.keys() <= {line.line_id for line in lines}:
            raise orders.UnknownLine
        for line in lines:
            line.refund_fen, line.refund_quantity = decision.amounts.get(line.line_id, (0, 0))
            left = basis.line(line.line_id)
            if line.refund_fen > left.amount_fen - left.refunded_fen or line.refund_quantity > min(
                line.quantity, left.quantity - left.refunded_quantity
            ):
                raise ClaimsTooMuch
    if decision.freight_fen is not None:
        if decision.freight_fen > basis.freight_left(claim.supplier_order_id):
            raise ClaimsTooMuch
        claim.freight_fen = decision.freight_fen
    claim.refund_fen = sum(line.refund_fen for line in lines) + claim.freight_fen
    await session.flush()


async def _nothing_left(session: AsyncSession, claim: ClaimRow, basis: orders.ClaimBasis) -> NothingLeftToPay:
    left = [basis.line(line.line_id) for line in await queries.lines_of(session, claim.id)]
    return NothingLeftToPay(
        left=yuan(sum(line.amount_fen - line.refunded_fen for line in left)),
        freight=yuan(basis.freight_left(claim.supplier_order_id)),
    )


def _refuse(claim: ClaimRow) -> None:
    status = Status(claim.status)
    raise ClaimStepNotAllowed(status, () if claim.refund_id else allowed(status, Remedy(claim.remedy)))
