"""Money that goes back to a partner: one operator drafts, another one approves, a transfer pays it once.

The partner is held first, then its statement or remittance is locked, then the refund, then the partner's credit.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import partners, payments
from app.core.clock import local_day
from app.core.errors import Fault, InvalidInput, NotFound
from app.core.events import emit
from app.core.ids import new_id
from app.core.sealing import keys
from app.identity import Actor
from app.partners import CreditKind
from app.wholesale.events import PartnerRefunded
from app.wholesale.lifecycle import PartnerRefundStatus, PartnerRefundStep
from app.wholesale.models import RefundRow, RemittanceRow
from app.wholesale.queries import money as reads
from app.wholesale.queries import statements
from app.wholesale.rules.money import NothingToRefund, PartnerRefund, Payee, RefundPaid, SecondOperatorNeeded

CODE_PREFIX = "TK"
"""What we write into the transfer begins with it: 退款."""


async def draft_refund(
    session: AsyncSession,
    *,
    remittance_id: UUID | None = None,
    statement_id: UUID | None = None,
    payee: Payee | None = None,
    reason: str,
    by: Actor,
    now: datetime,
) -> PartnerRefund:
    """Ask a second operator to give back what lies of a remittance, or what a statement was closed with below zero.

    Until that is decided the money pays nothing, and the statement is not carried over. Without ``payee`` a remittance
    goes back to the account that it came from. Raises ``NotFound``, ``NothingToRefund``, ``RefundWaits``, and
    ``InvalidInput`` where no account is known.
    """
    if remittance_id is not None:
        money = await reads.lock_remittance(session, remittance_id)
        partner_id, amount = money.partner_id, money.lying_fen
        money.refunded_fen += amount
        payee = payee or await _sender(session, money)
    else:
        if statement_id is None:
            raise NotFound
        row = await statements.lock_statement(session, statement_id)
        partner_id, amount = row.partner_id, (await statements.get(session, row.id)).credit_fen
    if amount <= 0:
        raise NothingToRefund
    if payee is None:
        zh, en = "请填写收款账号（账户名须为该商超）", "name the account, which must be the partner's own"
        raise InvalidInput(faults=[Fault("/account", "missing", zh, en)])
    refund = RefundRow(
        id=new_id(now),
        code=payments.remittance_code(CODE_PREFIX),
        partner_id=partner_id,
        remittance_id=remittance_id,
        statement_id=statement_id if remittance_id is None else None,
        amount_fen=amount,
        payee_sealed=keys().seal(json.dumps([payee.bank, payee.account]), reads.PAYEE),
        payee_tail=payee.account[-4:],
        reason=reason,
        status=PartnerRefundStatus.WAITING.value,
        drafted_by=by.account_id,
        drafted_at=now,
    )
    session.add(refund)
    await session.flush()
    return await reads.refund(session, refund.id)


async def _sender(session: AsyncSession, money: RemittanceRow) -> Payee | None:
    account = (await payments.bank_entry(session, money.entry_id)).line.payer_account
    return Payee(bank=None, account=account) if account else None


async def approve_refund(session: AsyncSession, refund_id: UUID, *, by: Actor, now: datetime) -> PartnerRefund:
    """Let a refund that another operator drafted be paid. Of two who decide at once the second finds it decided.

    Raises ``NotFound``, ``SecondOperatorNeeded``, ``PartnerRefundStepNotAllowed``.
    """
    await _decide(session, refund_id, PartnerRefundStep.APPROVE, by=by, now=now)
    return await reads.refund(session, refund_id)


async def decline_refund(
    session: AsyncSession, refund_id: UUID, *, decision: str, by: Actor, now: datetime
) -> PartnerRefund:
    """Say no to what another operator drafted: its money lies here again, or is carried over.

    Raises ``NotFound``, ``SecondOperatorNeeded``, ``PartnerRefundStepNotAllowed``.
    """
    row = await _decide(session, refund_id, PartnerRefundStep.DECLINE, by=by, now=now, decision=decision)
    if row.remittance_id is not None:
        (await reads.lock_remittance(session, row.remittance_id)).refunded_fen -= row.amount_fen
        await session.flush()
    return await reads.refund(session, refund_id)


async def _decide(
    session: AsyncSession,
    refund_id: UUID,
    step: PartnerRefundStep,
    *,
    by: Actor,
    now: datetime,
    decision: str | None = None,
) -> RefundRow:
    row = await reads.lock_refund(session, refund_id)
    if row.drafted_by == by.account_id:
        raise SecondOperatorNeeded
    row.take(step)
    row.decided_by, row.decided_at, row.decision = by.account_id, now, decision
    await session.flush()
    return row


async def note_refund_paid(
    session: AsyncSession, refund_id: UUID, *, bank_receipt: str, paid_on: date | None, by: Actor, now: datetime
) -> PartnerRefund:
    """Write down the transfer that paid a refund by the bank's number of it; the same number again changes nothing.

    Raises ``NotFound``, ``PartnerRefundStepNotAllowed``, ``RefundPaid`` for another number, ``ReceiptUsed`` for one of
    another refund, and ``InvalidInput`` for a day to come.
    """
    row = await reads.lock_refund(session, refund_id)
    if row.status == PartnerRefundStatus.PAID:
        if row.bank_receipt != bank_receipt:
            raise RefundPaid(receipt=row.bank_receipt)
        return await reads.refund(session, refund_id)
    day = paid_on or local_day(now)
    if not local_day(row.drafted_at) <= day <= local_day(now):
        zh, en = "付款日期须在发起日与今天之间", "a day between the draft and today"
        raise InvalidInput(faults=[Fault("/paid_on", "out_of_range", zh, en)])
    row.take(PartnerRefundStep.PAY)
    row.bank_receipt, row.paid_on, row.paid_by, row.paid_at = bank_receipt, day, by.account_id, now
    await session.flush()
    if row.statement_id is not None:
        # The statement's credit was among what is used, below zero; money that lay here never was.
        await partners.move_credit(
            session,
            row.partner_id,
            reference=row.statement_id,
            source_id=row.id,
            kind=CreditKind.REFUNDED,
            amount_fen=row.amount_fen,
            now=now,
        )
    emit(
        session,
        PartnerRefunded(refund_id=row.id, partner_id=row.partner_id, amount_fen=row.amount_fen, paid_on=day, at=now),
    )
    await session.flush()
    return await reads.refund(session, refund_id)
