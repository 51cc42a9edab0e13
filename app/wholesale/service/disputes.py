"""What a partner disputes of a statement, and what an operator makes of it (domain handbook §4.3)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import partners
from app.core.errors import NotFound
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.partners import CreditKind
from app.wholesale import queries
from app.wholesale.events import GoodsReturned, ReturnedLine
from app.wholesale.lifecycle import StatementStep
from app.wholesale.models import (
    CorrectionRow,
    DisputeRow,
    LineRow,
    ReceiptLineRow,
    StatementLineRow,
    StatementRow,
)
from app.wholesale.queries import statements as reads
from app.wholesale.rules import DisputeKind
from app.wholesale.rules.statements import (
    Claim,
    DisputeDecided,
    Statement,
    UnknownStatementLine,
    UnnamedDeduction,
    check_claim,
    correct,
)
from app.wholesale.service.statements import revise


async def dispute_statement(
    session: AsyncSession, statement_id: UUID, claim: Claim, *, partner_id: UUID | None, by: Actor, now: datetime
) -> Statement:
    """Say what is wrong with a statement that was sent; ``partner_id`` is None for operators who were told so.

    Raises ``NotFound``, ``StatementStepNotAllowed``, ``UnknownStatementLine``, ``InvalidClaim``, ``ClaimNotLess``.
    """
    row = await reads.lock_statement(session, statement_id, partner_id=partner_id)
    row.take(StatementStep.DISPUTE)
    stated = None
    if claim.line_id is not None:
        shown = await reads.lines(session, row.id, row.revision)
        stated = next((line for line in shown if line.id == claim.line_id), None)
        if stated is None:
            raise UnknownStatementLine
    check_claim(claim, stated)
    session.add(
        DisputeRow(
            id=new_id(now),
            statement_id=row.id,
            line_id=claim.line_id,
            kind=claim.kind.value,
            claimed_units=claim.claimed_units,
            claimed_price_fen=claim.claimed_price_fen,
            claimed_amount_fen=claim.claimed_amount_fen,
            note=claim.note,
            opened_at=now,
            by_account=by.account_id,
        )
    )
    await session.flush()
    return await reads.get(session, row.id)


async def decide_dispute(
    session: AsyncSession, dispute_id: UUID, *, accept: bool, answer: str | None, by: Actor, now: datetime
) -> Statement:
    """Take a dispute's word, or not. With the last one decided the statement is sent anew.

    What is accepted becomes a correction that credit and the ledger follow. Raises ``NotFound``,
    ``StatementStepNotAllowed``, ``DisputeDecided``, ``ClaimNotLess`` and ``UnnamedDeduction``.
    """
    statement_id = await session.scalar(select(DisputeRow.statement_id).where(DisputeRow.id == dispute_id))
    if statement_id is None:
        raise NotFound
    row = await reads.lock_statement(session, statement_id)
    opened = await session.get_one(DisputeRow, dispute_id, populate_existing=True)
    if opened.decided_at is not None:
        raise DisputeDecided
    if accept:
        await _accept(session, row, opened, by=by, now=now)
    opened.accepted, opened.answer = accept, answer
    opened.decided_at, opened.decided_by = now, by.account_id
    await session.flush()
    if not await reads.open_disputes(session, row.id):
        await revise(session, row, now=now)
    return await reads.get(session, row.id)


async def _accept(session: AsyncSession, row: StatementRow, opened: DisputeRow, *, by: Actor, now: datetime) -> None:
    claim = Claim(
        kind=DisputeKind(opened.kind),
        line_id=opened.line_id,
        claimed_units=opened.claimed_units,
        claimed_price_fen=opened.claimed_price_fen,
        claimed_amount_fen=opened.claimed_amount_fen,
        note=opened.note,
    )
    if claim.kind is DisputeKind.UNKNOWN_DEDUCTION:
        raise UnnamedDeduction
    if claim.kind is DisputeKind.TAX or opened.line_id is None:
        return  # no money changes: what is missing is entered as a receipt, and stands on the next revision
    of = await session.get_one(StatementLineRow, opened.line_id)
    receipt_line = await session.get_one(ReceiptLineRow, of.source_id)
    line = await session.get_one(LineRow, receipt_line.line_id)
    # The order's lock, as a return takes it: what is left of the row is what both see.
    po_id = (await queries.lock(session, line.po_id)).po.id
    standing = (await reads.standing(session, [receipt_line.id]))[receipt_line.id]
    corrected = correct(claim, stated_units=of.units or 0, standing=standing)
    correction = CorrectionRow(
        id=new_id(now),
        dispute_id=opened.id,
        po_id=po_id,
        line_id=line.id,
        receipt_line_id=receipt_line.id,
        units=corrected.units,
        unit_price_fen=corrected.unit_price_fen,
        amount_fen=corrected.amount_fen,
        at=now,
        by_account=by.account_id,
    )
    session.add(correction)
    await session.flush()
    await partners.move_credit(
        session,
        row.partner_id,
        reference=po_id,
        source_id=correction.id,
        kind=CreditKind.CORRECTED,
        amount_fen=correction.amount_fen,
        now=now,
    )
    told = ReturnedLine(
        line_id=receipt_line.id,
        sku=receipt_line.sku,
        supplier_id=line.supplier_id,
        quantity=-correction.units,
        amount_fen=-correction.amount_fen,
    )
    emit(
        session,
        GoodsReturned(
            source_id=correction.id, po_id=po_id, partner_id=row.partner_id, returned_at=now, lines=[told], at=now
        ),
    )
