"""Money of partners: found by its code on the bank's file, put to what is due first, and asked for.

The partner is held first, then its statements are locked, then remittances, then the partner's credit.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import partners, payments
from app.core.clock import local_day
from app.core.errors import NotFound
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.partners import CreditKind
from app.wholesale.events import StatementDue, StatementPaid
from app.wholesale.lifecycle import StatementStatus, StatementStep, statement_after
from app.wholesale.models import ReceivedPaymentRow, ReminderRow, RemittanceRow, StatementRow
from app.wholesale.queries import money as remittances
from app.wholesale.queries import statements as reads
from app.wholesale.rules.money import NothingUnapplied, SuggestionOutdated, Unclaimed, reminder, suggest
from app.wholesale.rules.statements import Statement

CODE_PREFIX = "DZ"
"""What a partner writes into a remittance begins with it: 对账."""
PAYABLE = (StatementStatus.INVOICED, StatementStatus.PARTIALLY_PAID)


async def find_money(session: AsyncSession, entry_id: UUID, *, now: datetime) -> bool:
    """Take money that carries a statement's code and comes from that partner; tells whether it was.

    Two codes, or another payer, are for a person to decide (domain handbook §6.4).
    """
    entry = await payments.bank_entry(session, entry_id)
    codes = payments.codes_in(entry.line.postscript, CODE_PREFIX)
    found = list(await session.scalars(select(StatementRow).where(StatementRow.code.in_(codes)))) if codes else []
    if len(found) != 1:
        return False
    card = await partners.get(session, found[0].partner_id)
    if payments.plain_name(entry.line.payer_name) != payments.plain_name(card.name):
        return False
    await _take(session, entry_id, found[0].id, by=None, now=now)
    return True


async def take_money(
    session: AsyncSession, statement_id: UUID, entry_id: UUID, *, by: Actor, now: datetime
) -> Statement:
    """An operator says that money is a partner's, for a statement first. The same word again changes nothing.

    Raises ``NotFound``, ``EntryNotFound``, ``EntryIsDone``.
    """
    await _take(session, entry_id, statement_id, by=by.account_id, now=now)
    return await reads.get(session, statement_id)


async def unclaimed(session: AsyncSession, *, after: UUID | None = None, limit: int = 100) -> list[Unclaimed]:
    """Money on our account that pays nothing, the last import first, with the statement that each may be for.

    The payer's name must be a partner's registered one (domain handbook §6.4).
    """
    entries = await payments.unclaimed_entries(session, after=after, limit=limit)
    known = await remittances.open_by_partner(session) if entries else {}
    by_name = {payments.plain_name(name): (partner_id, name, found) for partner_id, (name, found) in known.items()}
    found = []
    for entry in entries:
        line = entry.line
        partner_id, name, waiting = by_name.get(payments.plain_name(line.payer_name), (None, None, []))
        found.append(
            Unclaimed(
                entry_id=entry.id,
                serial=line.serial,
                booked_on=line.booked_on,
                amount_fen=line.amount_fen,
                payer_name=line.payer_name,
                postscript=line.postscript,
                partner_id=partner_id,
                partner_name=name,
                suggestion=suggest(line.amount_fen, line.booked_on, waiting),
                open=tuple(waiting),
            )
        )
    return found


async def confirm_suggestion(
    session: AsyncSession, entry_id: UUID, statement_id: UUID, *, by: Actor, now: datetime
) -> Statement:
    """An operator agrees that money is for the statement it was suggested for. The same word again changes nothing.

    Raises ``NotFound``, ``EntryNotFound``, ``EntryIsDone``, and ``SuggestionOutdated`` where it would not be suggested
    any more.
    """
    named = await reads.lock_statement(session, statement_id)
    if not await session.scalar(_known(entry_id)):
        line = (await payments.bank_entry(session, entry_id)).line
        name, waiting = (await remittances.open_by_partner(session))[named.partner_id]
        fits = suggest(line.amount_fen, line.booked_on, waiting)
        same = payments.plain_name(line.payer_name) == payments.plain_name(name)
        if fits is None or fits.statement_id != statement_id or not same:
            raise SuggestionOutdated
    await _take(session, entry_id, statement_id, by=by.account_id, now=now)
    return await reads.get(session, statement_id)


def _known(entry_id: UUID) -> Select[UUID]:
    return select(RemittanceRow.id).where(RemittanceRow.entry_id == entry_id)


async def apply_money(session: AsyncSession, remittance_id: UUID, statement_id: UUID, *, now: datetime) -> Statement:
    """An operator sets what lies of a partner's money against a statement that waits for it.

    Money that comes pays what is due by itself, and an invoice takes what lies here; this is for what was held back
    from that, for a refund that was declined. The same word again changes nothing. Raises ``NotFound``,
    ``StatementStepNotAllowed``, ``NothingUnapplied``.
    """
    row = await reads.lock_statement(session, statement_id)
    money = await remittances.lock_remittance(session, remittance_id)
    if money.partner_id != row.partner_id:
        raise NotFound
    pays = select(ReceivedPaymentRow.id).where(
        ReceivedPaymentRow.entry_id == money.entry_id, ReceivedPaymentRow.statement_id == row.id
    )
    if await session.scalar(pays) is None:
        statement_after(StatementStatus(row.status), StatementStep.PAY_PART)
        if not money.lying_fen:
            raise NothingUnapplied
        await _put(session, row, money, min(row.payable_fen - row.paid_fen, money.lying_fen), now=now)
    return await reads.get(session, statement_id)


async def _take(session: AsyncSession, entry_id: UUID, statement_id: UUID, *, by: UUID | None, now: datetime) -> None:
    named = await reads.lock_statement(session, statement_id)
    entry = await payments.claim_entry(session, entry_id, named.partner_id, by=by, now=now)
    if await session.scalar(_known(entry_id)) is not None:
        return
    money = RemittanceRow(
        id=new_id(now),
        entry_id=entry_id,
        partner_id=named.partner_id,
        amount_fen=entry.line.amount_fen,
        applied_fen=0,
        refunded_fen=0,
        booked_on=entry.line.booked_on,
        noted_at=now,
        by_account=by,
    )
    session.add(money)
    await session.flush()
    await pay(session, named, now=now)
    # What is left over pays what else is due, the oldest first.
    for other in await reads.lock_payable(session, named.partner_id):
        await pay(session, other, now=now)


async def pay(session: AsyncSession, row: StatementRow, *, now: datetime) -> None:
    """Put what lies here of the partner's money to a statement that is locked and waits for money."""
    if row.status not in PAYABLE:
        return
    lying = select(RemittanceRow).where(
        RemittanceRow.partner_id == row.partner_id,
        RemittanceRow.applied_fen + RemittanceRow.refunded_fen < RemittanceRow.amount_fen,
    )
    ordered = lying.order_by(RemittanceRow.id).with_for_update().execution_options(populate_existing=True)
    for money in await session.scalars(ordered):
        part = min(row.payable_fen - row.paid_fen, money.lying_fen)
        if part <= 0:
            break
        await _put(session, row, money, part, now=now)
    await session.flush()


async def _put(session: AsyncSession, row: StatementRow, money: RemittanceRow, part: int, *, now: datetime) -> None:
    payment = ReceivedPaymentRow(
        id=new_id(now),
        statement_id=row.id,
        entry_id=money.entry_id,
        amount_fen=part,
        received_on=money.booked_on,
        matched_at=now,
        by_account=money.by_account,
    )
    session.add(payment)
    money.applied_fen += part
    row.paid_fen += part
    row.take(StatementStep.PAY if row.paid_fen == row.payable_fen else StatementStep.PAY_PART)
    if row.status == StatementStatus.PAID:
        row.paid_at = now
        emit(
            session,
            StatementPaid(statement_id=row.id, partner_id=row.partner_id, paid_on=money.booked_on, at=now),
        )
    await session.flush()
    await partners.give_credit(
        session,
        row.partner_id,
        reference=row.id,
        source_id=payment.id,
        kind=CreditKind.PAID,
        amount_fen=part,
        now=now,
    )


async def remind(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Tell of statements that are to be paid soon, today, or should have been: once each. Returns how many."""
    today = local_day(now)
    told = 0
    for row in await reads.lock_to_remind(session, today, limit=limit):
        days = reminder(row.due_on, today=today, reminded_on=row.reminded_on)
        if days is None:
            continue
        row.reminded_on = today
        told += 1
        open_fen = row.payable_fen - row.paid_fen
        session.add(
            ReminderRow(id=new_id(now), statement_id=row.id, due_on=row.due_on, days=days, open_fen=open_fen, at=now)
        )
        emit(
            session,
            StatementDue(
                statement_id=row.id,
                partner_id=row.partner_id,
                due_on=row.due_on,
                days=days,
                open_fen=open_fen,
                at=now,
            ),
        )
    await session.flush()
    return told
