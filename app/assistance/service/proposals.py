"""Change what the ledger says about the past: one officer proposes, another decides, a new entry is posted."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.models import DecisionRow, ProposalRow
from app.assistance.rules.periods import counted_on
from app.assistance.rules.proposals import (
    Correction,
    NothingToAdjust,
    Proposal,
    ProposalDecided,
    ProposalKind,
    ProposalStatus,
    SecondPersonNeeded,
    Verdict,
    check_adjustment,
)
from app.core.clock import local_day
from app.core.ids import new_id
from app.identity import Actor

_POST = text("""
INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id, order_id, order_number,
    po_no, sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township, channel,
    division_code, partner_id, partner_name, lot_code, quantity, weight_g, amount_fen, reverses, evidence, reason,
    by_account, approved_by)
SELECT :id, :now, :now, :counted_on, 'adjustment', :source, e.line_id, e.order_id, e.order_number,
    e.po_no, e.sku, e.product_id, e.product_name, e.category, e.supplier_id, e.supplier_name, e.township_code,
    e.township, e.channel, e.division_code, e.partner_id, e.partner_name, e.lot_code, :quantity, :weight_g,
    :amount_fen, e.id, e.evidence, :reason, :by, :approved_by
FROM assistance_entry e WHERE e.id = :sale
""")


async def propose_adjustment(
    session: AsyncSession,
    entry_id: UUID,
    *,
    reason: Correction,
    quantity: int,
    weight_g: int,
    amount_fen: int,
    note: str,
    by: Actor,
    now: datetime,
) -> Proposal:
    """Propose to correct a counted sale by so much; a refund named instead stands for the sale that it took back.

    Raises ``NotFound``, ``NothingToAdjust``, ``AdjustmentTooLarge``.
    """
    if not (quantity or weight_g or amount_fen):
        raise NothingToAdjust
    entry = await queries.entry(session, entry_id)
    sale = entry if entry.reverses is None else await queries.entry(session, entry.reverses)
    (under_lock,) = await queries.lock_sales(session, [sale.line_id], source=sale.id)
    check_adjustment(under_lock.left, quantity, weight_g, amount_fen)
    proposal_id = await propose(
        session,
        ProposalKind.ADJUSTMENT,
        entry_id=sale.id,
        reason=reason,
        figures=(quantity, weight_g, amount_fen),
        note=note,
        by=by,
        now=now,
    )
    return await queries.proposal(session, proposal_id)


async def propose(
    session: AsyncSession,
    kind: ProposalKind,
    *,
    entry_id: UUID | None = None,
    reason: Correction | None = None,
    figures: tuple[int, int, int],
    note: str,
    by: Actor,
    now: datetime,
) -> UUID:
    """Write a proposal down; ``figures`` are pieces, grams and fen that it would add."""
    row = {
        "id": new_id(now),
        "kind": kind.value,
        "entry_id": entry_id,
        "reason": None if reason is None else reason.value,
        "note": note,
        "proposed_by": by.account_id,
        "proposed_at": now,
    }
    added = dict(zip(("quantity", "weight_g", "amount_fen"), figures, strict=True))
    await session.execute(insert(ProposalRow).values(**row, **added))
    return row["id"]  # type: ignore[return-value]


async def decide(
    session: AsyncSession, proposal_id: UUID, verdict: Verdict, *, note: str, by: Actor, now: datetime
) -> Proposal:
    """Write down what the second person decided, and give the proposal as it was.

    Raises ``NotFound``, ``ProposalDecided``, ``SecondPersonNeeded``.
    """
    found = await queries.proposal(session, proposal_id)
    if found.status is not ProposalStatus.WAITING:
        raise ProposalDecided
    if found.proposed_by == by.account_id:
        raise SecondPersonNeeded
    decision = {"verdict": verdict.value, "note": note, "decided_by": by.account_id, "decided_at": now}
    await session.execute(insert(DecisionRow).values(proposal_id=proposal_id, **decision))
    return found


async def post_adjustment(session: AsyncSession, found: Proposal, *, by: Actor, now: datetime) -> None:
    """Post what was approved into the month that is open. Raises ``AdjustmentTooLarge``."""
    day = counted_on(local_day(now), await queries.open_from(session))
    assert found.entry_id is not None and found.reason is not None  # noqa: S101, PT018 - see its table's constraints
    sale = await queries.entry(session, found.entry_id)
    (under_lock,) = await queries.lock_sales(session, [sale.line_id], source=found.id)
    check_adjustment(under_lock.left, found.quantity, found.weight_g, found.amount_fen)
    posting = {
        "id": new_id(now),
        "now": now,
        "counted_on": day,
        "source": found.id,
        "sale": sale.id,
        "quantity": found.quantity,
        "weight_g": found.weight_g,
        "amount_fen": found.amount_fen,
        "reason": found.reason.value,
        "by": found.proposed_by,
        "approved_by": by.account_id,
    }
    await session.execute(_POST, posting)
