"""Reads and locks of partners' money: what came and lies here, what goes back, and when they were told to pay."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import array, ask
from app.core.errors import NotFound
from app.core.sealing import keys
from app.wholesale.lifecycle import PartnerRefundStatus
from app.wholesale.models import RefundRow, ReminderRow, RemittanceRow, StatementRow
from app.wholesale.queries.statements import hold_partner
from app.wholesale.rules.money import (
    Due,
    Open,
    PartnerRefund,
    Payee,
    Remittance,
    Told,
    bucket_of,
    next_reminder,
)

PAYEE = "wholesale.refund"
"""What an account that money goes back to is sealed for."""

_NAMES = text("SELECT id, name FROM partners_partner WHERE id IN (SELECT unnest(CAST(:ids AS uuid[])))")

# Everybody whose money may come, with what each has to pay; few supermarkets have few statements open.
_OPEN = text("""
SELECT p.id, p.name, s.id, s.number, s.payable_fen - s.paid_fen,
       CAST(coalesce(s.sent_at, s.issued_at) AT TIME ZONE 'Asia/Shanghai' AS date), s.due_on
FROM partners_partner p
LEFT JOIN wholesale_statement s ON s.partner_id = p.id AND s.status IN ('confirmed', 'invoiced', 'partially_paid')
                               AND s.paid_fen < s.payable_fen
ORDER BY p.id, s.month
""")


async def names(session: AsyncSession, partner_ids: set[UUID]) -> dict[UUID, str]:
    """What partners are called."""
    return dict(await ask(session, _NAMES, {"ids": array(partner_ids)})) if partner_ids else {}


async def open_by_partner(session: AsyncSession) -> dict[UUID, tuple[str, list[Open]]]:
    """All partners, each with its name and its statements that are to be paid, the oldest first."""
    found: dict[UUID, tuple[str, list[Open]]] = {}
    for partner_id, name, statement_id, number, fen, sent_on, due_on in await ask(session, _OPEN, {}):
        _, waiting = found.setdefault(partner_id, (name, []))
        if statement_id is not None:
            waiting.append(Open(statement_id, number, int(fen), sent_on, due_on))
    return found


async def lock_remittance(session: AsyncSession, remittance_id: UUID) -> RemittanceRow:
    """Money of a partner, locked, its partner held first. Raises ``NotFound``."""
    whose = await session.scalar(select(RemittanceRow.partner_id).where(RemittanceRow.id == remittance_id))
    if whose is None:
        raise NotFound
    await hold_partner(session, whose)
    query = select(RemittanceRow).where(RemittanceRow.id == remittance_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def lock_refund(session: AsyncSession, refund_id: UUID) -> RefundRow:
    """A refund, locked, its partner held first. Raises ``NotFound``."""
    whose = await session.scalar(select(RefundRow.partner_id).where(RefundRow.id == refund_id))
    if whose is None:
        raise NotFound
    await hold_partner(session, whose)
    query = select(RefundRow).where(RefundRow.id == refund_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def remittances(
    session: AsyncSession,
    *,
    partner_id: UUID | None = None,
    lying: bool = False,
    before: UUID | None = None,
    limit: int = 100,
) -> list[Remittance]:
    """Money of one partner or all, the newest first; with ``lying`` only such as pays nothing yet."""
    query = select(RemittanceRow).order_by(RemittanceRow.id.desc()).limit(limit)
    if partner_id is not None:
        query = query.where(RemittanceRow.partner_id == partner_id)
    if lying:
        query = query.where(RemittanceRow.applied_fen + RemittanceRow.refunded_fen < RemittanceRow.amount_fen)
    if before is not None:
        query = query.where(RemittanceRow.id < before)
    rows = list(await session.scalars(query.execution_options(populate_existing=True)))
    called = await names(session, {row.partner_id for row in rows})
    return [
        Remittance(
            id=row.id,
            entry_id=row.entry_id,
            partner_id=row.partner_id,
            partner_name=called[row.partner_id],
            amount_fen=row.amount_fen,
            applied_fen=row.applied_fen,
            refunded_fen=row.refunded_fen,
            unapplied_fen=row.lying_fen,
            booked_on=row.booked_on,
            noted_at=row.noted_at,
        )
        for row in rows
    ]


def _refunds() -> Select[RefundRow, str | None]:
    return select(RefundRow, StatementRow.number).outerjoin(StatementRow, StatementRow.id == RefundRow.statement_id)


def _refund(row: RefundRow, number: str | None, name: str, payee: Payee | None = None) -> PartnerRefund:
    return PartnerRefund(
        id=row.id,
        code=row.code,
        partner_id=row.partner_id,
        partner_name=name,
        remittance_id=row.remittance_id,
        statement_id=row.statement_id,
        statement_number=number,
        amount_fen=row.amount_fen,
        payee_tail=row.payee_tail,
        reason=row.reason,
        status=PartnerRefundStatus(row.status),
        drafted_by=row.drafted_by,
        drafted_at=row.drafted_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision=row.decision,
        bank_receipt=row.bank_receipt,
        paid_on=row.paid_on,
        payee=payee,
    )


async def refund(session: AsyncSession, refund_id: UUID) -> PartnerRefund:
    """One refund with the account that it is paid into, opened for whoever makes the transfer. Raises ``NotFound``."""
    query = _refunds().where(RefundRow.id == refund_id).execution_options(populate_existing=True)
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise NotFound
    row, number = found
    bank, account = json.loads(keys().unseal(row.payee_sealed, PAYEE))
    called = await names(session, {row.partner_id})
    return _refund(row, number, called[row.partner_id], Payee(bank=bank, account=account))


async def refunds(
    session: AsyncSession,
    *,
    partner_id: UUID | None = None,
    status: PartnerRefundStatus | None = None,
    declined: bool = True,
    before: UUID | None = None,
    limit: int = 100,
) -> list[PartnerRefund]:
    """Refunds of one partner or all, the newest first, by the last digits of their accounts."""
    query = _refunds().order_by(RefundRow.id.desc()).limit(limit)
    if partner_id is not None:
        query = query.where(RefundRow.partner_id == partner_id)
    if status is not None:
        query = query.where(RefundRow.status == status)
    if not declined:
        query = query.where(RefundRow.status != PartnerRefundStatus.DECLINED)
    if before is not None:
        query = query.where(RefundRow.id < before)
    rows = (await session.execute(query.execution_options(populate_existing=True))).all()
    called = await names(session, {row.partner_id for row, _ in rows})
    return [_refund(row, number, called[row.partner_id]) for row, number in rows]


_DUE = """
SELECT s.id, s.number, s.partner_id, p.name, s.due_on, s.payable_fen - s.paid_fen, s.reminded_on
FROM wholesale_statement s JOIN partners_partner p ON p.id = s.partner_id
WHERE s.status IN ('confirmed', 'invoiced', 'partially_paid') AND s.paid_fen < s.payable_fen AND s.due_on <= :soon
  AND (CAST(:partner_id AS uuid) IS NULL OR s.partner_id = CAST(:partner_id AS uuid))
  AND (CAST(:after_on AS date) IS NULL OR (s.due_on, s.id) > (CAST(:after_on AS date), CAST(:after_id AS uuid)))
ORDER BY s.due_on, s.id LIMIT :limit
"""
_DUE_STATEMENTS = text(_DUE)


async def due(
    session: AsyncSession,
    *,
    today: date,
    soon: date,
    partner_id: UUID | None = None,
    after: tuple[date, UUID] | None = None,
    limit: int = 100,
) -> list[Due]:
    """Unpaid statements that are due by ``soon``, the longest due first, each with what its partner was told of it."""
    values: dict[str, Any] = {
        "soon": soon,
        "partner_id": partner_id,
        "after_on": after[0] if after else None,
        "after_id": after[1] if after else None,
        "limit": limit,
    }
    rows = await ask(session, _DUE_STATEMENTS, values)
    query = select(ReminderRow).where(ReminderRow.statement_id.in_([row[0] for row in rows])).order_by(ReminderRow.id)
    told: dict[UUID, list[Told]] = {}
    for one in await session.scalars(query) if rows else ():
        told.setdefault(one.statement_id, []).append(Told(one.due_on, one.days, one.open_fen, one.at))
    return [
        Due(
            statement_id=of,
            number=number,
            partner_id=whose,
            partner_name=name,
            due_on=due_on,
            overdue_days=max(0, (today - due_on).days),
            bucket=bucket_of(due_on, today=today),
            open_fen=int(fen),
            reminders=tuple(told.get(of, ())),
            next_on=next_reminder(due_on, reminded_on=reminded_on, today=today),
        )
        for of, number, whose, name, due_on, fen, reminded_on in rows
    ]
