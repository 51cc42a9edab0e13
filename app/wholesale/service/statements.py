"""Statements: drawn from a month's documents, sent, confirmed, invoiced (domain handbook §4.3).

Whoever changes a statement holds its partner, then its lock, then that of an order, then the partner's credit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import partners, payments
from app.core.clock import local_day
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.partners import Contract, CreditKind
from app.wholesale.events import StatementConfirmed, StatementSent
from app.wholesale.lifecycle import StatementStatus, StatementStep
from app.wholesale.models import StatementLineRow, StatementRow
from app.wholesale.queries import statements as reads
from app.wholesale.rules import StatementLineKind
from app.wholesale.rules.statements import (
    Carried,
    Document,
    LaterMonthStated,
    NothingToState,
    PartnerMonthNotOver,
    Statement,
    StatementLine,
    StatementRevised,
    month_after,
    month_to_state,
)
from app.wholesale.rules.terms import Agreed, Deduction, deductions, due_on, held_last
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
        contract_id = await _contract_id(session, partner_id, month, until)
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
            carried_fen=0,
            payable_fen=0,
            issued_at=now,
            due_on=until,
        )
        session.add(row)
    elif row.status != StatementStatus.DRAFT:
        row.take(StatementStep.SEND)  # refuses: a draft alone is drawn anew
    await draw(session, row, now=now)
    return await reads.get(session, row.id)


async def _contract_id(session: AsyncSession, partner_id: UUID, month: date, until: date) -> UUID:
    """The contract that held last in the month; without one, that of the newest document."""
    if (held := held_last(await partners.contracts(session, partner_id, signed=True), month, until)) is not None:
        return held.id
    _, newest = await reads.documents(session, partner_id, until=until, statement_id=None)
    if newest is None:
        raise NothingToState
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
    contracts = await _contracts(session, row, {one.contract_id for one in found})
    taken_off = await _taken_off(session, row, found, contracts)
    over = await reads.carried(session, row.partner_id, row.month, statement_id=row.id)
    old = await reads.lines(session, row.id, row.revision) if row.revision else []
    row.due_on = due_on(
        contracts, _received(found), contract_id=row.contract_id, stated_on=local_day(now), invoiced_on=None
    )
    if _same(old, found, taken_off, over):
        return False
    row.revision += 1
    row.goods_fen = sum(one.amount_fen for one in found)
    row.rebate_fen = sum(one.amount_fen for one in taken_off if one.kind is StatementLineKind.REBATE)
    row.fees_fen = sum(one.amount_fen for one in taken_off if one.kind is StatementLineKind.FEE)
    row.carried_fen = -sum(one.amount_fen for one in over)
    row.payable_fen = row.goods_fen - row.rebate_fen - row.fees_fen - row.carried_fen
    await session.flush()
    session.add_all(_rows(row, found, taken_off, over, now))
    await session.flush()
    return True


async def _contracts(session: AsyncSession, row: StatementRow, others: set[UUID]) -> dict[UUID, Contract]:
    """The statement's own contract and those under which its goods were ordered, in one order for ever."""
    return {one: await partners.contract(session, one) for one in sorted({row.contract_id, *others})}


async def _taken_off(
    session: AsyncSession, row: StatementRow, found: Sequence[Document], contracts: Mapping[UUID, Contract]
) -> list[Deduction]:
    goods = dict.fromkeys(contracts, 0)
    for one in found:
        goods[one.contract_id] += one.amount_fen
    held = held_last(contracts.values(), row.month, month_after(row.month))
    agreed = [
        Agreed(
            contract=contract,
            fees=await partners.fees(session, contract.id),
            goods_fen=goods[contract.id],
            monthly=held is not None and held.id == contract.id,
        )
        for contract in contracts.values()
    ]
    return deductions(agreed, stores=(await partners.get(session, row.partner_id)).stores_count)


def _received(found: Sequence[Document]) -> dict[UUID, date]:
    """The day of the first receipt under each contract."""
    first: dict[UUID, date] = {}
    for one in found:
        if one.kind is StatementLineKind.RECEIPT:
            first[one.contract_id] = min(one.on_day, first.get(one.contract_id, one.on_day))
    return first


def _same(
    old: Sequence[StatementLine],
    found: Sequence[Document],
    taken_off: Sequence[Deduction],
    over: Sequence[Carried],
) -> bool:
    # The name tells whose a rebate is, also on rows that do not say it by their source.
    new = [(one.kind, str(one.source_id), one.amount_fen) for one in found]
    new += [(one.kind, one.name, -one.amount_fen) for one in taken_off]
    new += [(StatementLineKind.CARRIED, str(one.source_id), one.amount_fen) for one in over]
    agreed = (StatementLineKind.REBATE, StatementLineKind.FEE)
    return [
        (line.kind, line.name if line.kind in agreed else str(line.source_id), line.amount_fen) for line in old
    ] == new


def _rows(
    row: StatementRow,
    found: Sequence[Document],
    taken_off: Sequence[Deduction],
    over: Sequence[Carried],
    now: datetime,
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
    rows += [
        StatementLineRow(
            kind=StatementLineKind.CARRIED.value,
            source_id=one.source_id,
            document_no=one.number,
            on_day=last_day,
            name=f"{one.month:%Y-%m} 对账单贷方余额结转",
            amount_fen=one.amount_fen,
        )
        for one in over
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
    """Note the number of the invoice over the statement; one below zero is closed by it (a red invoice).

    What it is below zero lessens the partner's next statement. Raises ``NotFound``, ``StatementStepNotAllowed``.
    """
    row = await reads.lock_statement(session, statement_id)
    row.take(StatementStep.INVOICE)
    row.invoiced_at, row.invoice_no = now, invoice_no
    received = await reads.first_receipts(session, row.id, row.revision)
    row.due_on = due_on(
        await _contracts(session, row, set(received)),
        received,
        contract_id=row.contract_id,
        stated_on=local_day(row.sent_at or row.issued_at),
        invoiced_on=local_day(now),
    )
    if row.payable_fen <= 0:
        row.take(StatementStep.PAY)
        row.paid_at = now
    await session.flush()
    await money.pay(session, row, now=now)
    return await reads.get(session, row.id)
