"""Statements: drawn from a month's documents, sent, confirmed, invoiced (domain handbook §4.3).

Whoever changes a statement holds its partner, then its lock, then that of an order, then the partner's credit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import partners, payments
from app.core.clock import local_day
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.partners import Contract, CreditKind, NoContract
from app.wholesale.events import StatementConfirmed, StatementSent
from app.wholesale.lifecycle import StatementStatus, StatementStep
from app.wholesale.models import StatementLineRow, StatementRow
from app.wholesale.queries import statements as reads
from app.wholesale.rules import StatementLineKind
from app.wholesale.rules.statements import (
    Deduction,
    Document,
    LaterMonthStated,
    NothingToState,
    PartnerMonthNotOver,
    Statement,
    StatementLine,
    StatementRevised,
    deductions,
    due_on,
    month_after,
    month_to_state,
)
from app.wholesale.service import money


async def draft_statement(session: AsyncSession, partner_id: UUID, month: date, *, now: datetime) -> Statement:
    """Draw the partner's statement of a month that is over, or draw a draft anew.

    What earlier months left over stands on it too. Raises ``NotFound``, ``PartnerMonthNotOver``, ``NothingToState``,
    ``LaterMonthStated`` and ``StatementStepNotAllowed`` for one that was sent.
    """
    until = month_after(month)
    if local_day(now) < until:
        raise PartnerMonthNotOver(month=f"{month:%Y-%m}")
    card = await partners.get(session, partner_id)
    await reads.hold_partner(session, partner_id)
    row = await reads.statement_of(session, partner_id, month)
    if row is None:
        latest = await reads.latest_month(session, partner_id)
        if latest is not None and latest > month:
            raise LaterMonthStated
        contract_id = await _contract_id(session, partner_id, until)
        row = StatementRow(
            id=new_id(now),
            partner_id=partner_id,
            contract_id=contract_id,
            month=month,
            number=f"DZ{month:%Y%m}{card.code}",
            code=payments.remittance_code(money.CODE_PREFIX),
            revision=0,
            status=StatementStatus.DRAFT.value,
            goods_fen=0,
            rebate_fen=0,
            fees_fen=0,
            payable_fen=0,
            issued_at=now,
            due_on=until,
        )
        session.add(row)
    elif row.status != StatementStatus.DRAFT:
        row.take(StatementStep.SEND)  # refuses: a draft alone is drawn anew
    await draw(session, row, now=now)
    return await reads.get(session, row.id)


async def _contract_id(session: AsyncSession, partner_id: UUID, until: date) -> UUID:
    """The contract of the month's last day; without one, that of the newest document."""
    try:
        return (await partners.contract_on(session, partner_id, date.fromordinal(until.toordinal() - 1))).id
    except NoContract:
        _, newest = await reads.documents(session, partner_id, until=until, statement_id=None)
        if newest is None:
            raise NothingToState from None
        return newest


async def draw(session: AsyncSession, row: StatementRow, *, now: datetime) -> bool:
    """Let a statement's rows and sums be what its documents say; a new revision if that differs from the last.

    Holds the partner. Tells whether anything changed. Raises ``NothingToState``.
    """
    await reads.hold_partner(session, row.partner_id)
    until = month_after(row.month)
    found, _ = await reads.documents(session, row.partner_id, until=until, statement_id=row.id)
    if not found:
        raise NothingToState
    contract = await partners.contract(session, row.contract_id)
    card = await partners.get(session, row.partner_id)
    goods = sum(one.amount_fen for one in found)
    fees = await partners.fees(session, contract.id)
    taken_off = deductions(goods, contract.rebate_bp, fees, stores=card.stores_count)
    old = await reads.lines(session, row.id, row.revision) if row.revision else []
    row.due_on = _due_on(contract, found, stated_on=local_day(now), invoiced_on=None)
    if _same(old, found, taken_off):
        return False
    row.revision += 1
    row.goods_fen = goods
    row.rebate_fen = sum(one.amount_fen for one in taken_off if one.kind is StatementLineKind.REBATE)
    row.fees_fen = sum(one.amount_fen for one in taken_off if one.kind is StatementLineKind.FEE)
    row.payable_fen = goods - row.rebate_fen - row.fees_fen
    await session.flush()
    session.add_all(_rows(row, found, taken_off, now))
    await session.flush()
    return True


def _same(old: Sequence[StatementLine], found: Sequence[Document], taken_off: Sequence[Deduction]) -> bool:
    new: list[tuple[StatementLineKind, UUID | None, int]] = [(one.kind, one.source_id, one.amount_fen) for one in found]
    new += [(one.kind, one.source_id, -one.amount_fen) for one in taken_off]
    return [(line.kind, line.source_id, line.amount_fen) for line in old] == new


def _due_on(
    contract: Contract, found: Sequence[Document | StatementLine], *, stated_on: date, invoiced_on: date | None
) -> date:
    received = [one.on_day for one in found if one.kind is StatementLineKind.RECEIPT]
    first = min(received, default=stated_on)
    return due_on(contract, received_on=first, stated_on=stated_on, invoiced_on=invoiced_on)


def _rows(
    row: StatementRow, found: Sequence[Document], taken_off: Sequence[Deduction], now: datetime
) -> list[StatementLineRow]:
    rows = [
        StatementLineRow(
            kind=one.kind.value,
            source_id=one.source_id,
            po_no=one.po_no,
            document_no=one.document_no,
            on_day=one.on_day,
            sku=one.sku,
            partner_item_code=one.partner_item_code,
            name=one.name,
            units=one.units,
            unit_price_fen=one.unit_price_fen,
            tax_rate_bp=one.tax_rate_bp,
            amount_fen=one.amount_fen,
        )
        for one in found
    ]
    last_day = date.fromordinal(month_after(row.month).toordinal() - 1)
    rows += [
        StatementLineRow(
            kind=one.kind.value,
            source_id=one.source_id,
            on_day=last_day,
            name=one.name,
            tax_rate_bp=one.tax_rate_bp,
            amount_fen=-one.amount_fen,
        )
        for one in taken_off
    ]
    for position, line in enumerate(rows, 1):
        line.id, line.statement_id, line.revision, line.position = new_id(now), row.id, row.revision, position
    return rows


async def send_statement(session: AsyncSession, statement_id: UUID, *, now: datetime) -> Statement:
    """Show a draft to its partner, as its documents are now. Raises ``NotFound``, ``StatementStepNotAllowed``."""
    row = await reads.lock_statement(session, statement_id)
    row.take(StatementStep.SEND)
    await draw(session, row, now=now)
    _note_sent(session, row, now)
    await session.flush()
    return await reads.get(session, row.id)


def _note_sent(session: AsyncSession, row: StatementRow, now: datetime) -> None:
    row.sent_at = now
    emit(
        session,
        StatementSent(
            statement_id=row.id,
            partner_id=row.partner_id,
            month=row.month,
            revision=row.revision,
            payable_fen=row.payable_fen,
            at=now,
        ),
    )


async def revise(session: AsyncSession, row: StatementRow, *, now: datetime) -> None:
    """Send a statement of which every dispute is decided anew, as its documents and corrections are now."""
    row.take(StatementStep.REVISE)
    await draw(session, row, now=now)
    _note_sent(session, row, now)
    await session.flush()


async def issue_statements(session: AsyncSession, *, now: datetime, limit: int = 20) -> int:
    """On the day of statements and after it, draw and send those of the month before that nobody has drawn.

    Returns how many that were; drafts that an operator drew wait for that operator.
    """
    month = month_to_state(local_day(now))
    if month is None:
        return 0
    due = await reads.due_partners(session, month, until=month_after(month), limit=limit)
    for partner_id in due:
        drawn = await draft_statement(session, partner_id, month, now=now)
        await send_statement(session, drawn.id, now=now)
    return len(due)


async def confirm_statement(
    session: AsyncSession,
    statement_id: UUID,
    *,
    partner_id: UUID | None,
    revision: int | None,
    by: Actor,
    now: datetime,
) -> Statement:
    """The partner agrees to the revision that it looked at; ``partner_id`` is None for operators who were told so.

    Rebate and fees are no longer owed, so the credit that they took is free. Raises ``NotFound``,
    ``StatementStepNotAllowed``, ``StatementRevised``.
    """
    row = await reads.lock_statement(session, statement_id, partner_id=partner_id)
    if revision is not None and revision != row.revision:
        raise StatementRevised(revision=row.revision)
    row.take(StatementStep.CONFIRM)
    row.confirmed_at, row.confirmed_by = now, by.account_id
    await session.flush()
    await partners.move_credit(
        session,
        row.partner_id,
        reference=row.id,
        source_id=row.id,
        kind=CreditKind.STATED,
        amount_fen=-(row.rebate_fen + row.fees_fen),
        now=now,
    )
    emit(
        session,
        StatementConfirmed(
            statement_id=row.id,
            partner_id=row.partner_id,
            month=row.month,
            goods_fen=row.goods_fen,
            payable_fen=row.payable_fen,
            due_on=row.due_on,
            at=now,
        ),
    )
    return await reads.get(session, row.id)


async def invoice_statement(session: AsyncSession, statement_id: UUID, *, invoice_no: str, now: datetime) -> Statement:
    """Note the number of the invoice over the statement. Raises ``NotFound``, ``StatementStepNotAllowed``."""
    row = await reads.lock_statement(session, statement_id)
    row.take(StatementStep.INVOICE)
    row.invoiced_at, row.invoice_no = now, invoice_no
    contract = await partners.contract(session, row.contract_id)
    stated_on = local_day(row.sent_at or row.issued_at)
    shown = await reads.lines(session, row.id, row.revision)
    row.due_on = _due_on(contract, shown, stated_on=stated_on, invoiced_on=local_day(now))
    if row.payable_fen <= 0:
        row.take(StatementStep.PAY)
        row.paid_at = now
    await session.flush()
    await money.pay(session, row, now=now)
    return await reads.get(session, row.id)
