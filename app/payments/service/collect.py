from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import local_day
from app.core.db import array, ask
from app.core.events import emit
from app.core.ids import digits, new_id
from app.core.settings import Settings, TransferTerms
from app.payments import queries
from app.payments.events import (
    PaymentCaptured,
    RefundFailed,
    RefundRequested,
    RefundRetried,
    RefundSettled,
    SandboxPaid,
)
from app.payments.lifecycle import TRANSITIONS, PaymentStep, RefundStep
from app.payments.models import PaymentRow, RefundRow, payments_notification
from app.payments.rules import (
    CURRENCY,
    AmountMismatch,
    CaptureNotice,
    Notice,
    Payment,
    PaymentNotCaptured,
    PaymentNotFound,
    PaymentNotOpen,
    PaymentStatus,
    Provider,
    ProviderNotAvailable,
    Refund,
    RefundExceedsPayment,
    RefundNotFailed,
    RefundNotice,
    RefundNotPayable,
    RefundReferenceReused,
    RefundStatus,
    TooManyTransfers,
    TransactionMismatch,
)
from app.payments.rules.bank import remittance_code

_OPEN = text("""
INSERT INTO payments_payment (id, provider, reference, payer_id, description, amount_fen, status, code_url,
                              remittance_code, payer_index, pay_by, created_at)
VALUES (:id, :provider, :reference, :payer_id, :description, :amount, :status, :code_url, :code, :payer_index,
        CAST(:pay_by AS timestamptz), :now)
ON CONFLICT (reference, provider, amount_fen) WHERE status = 'pending' DO NOTHING RETURNING id
""")
# The steps of the lifecycle's table come as parameters. A second one who tries waits, and then finds none of them.
_CAPTURE = text("""
UPDATE payments_payment
SET (status, provider_transaction, captured_at) = ROW(:after, CAST(:transaction AS text), CAST(:now AS timestamptz))
WHERE id = :id AND amount_fen = :amount AND status = ANY(CAST(:before AS text[]))
  AND (CAST(:provider AS text) IS NULL OR provider = :provider)
RETURNING reference, payer_id, provider, refunded_fen, code_url, remittance_code, created_at, pay_by
""")


async def request(
    session: AsyncSession,
    *,
    provider: str,
    reference: UUID,
    payer_id: UUID,
    amount_fen: int,
    description: str,
    payer_name: str | None = None,
    terms: TransferTerms | None = None,
    settings: Settings,
    now: datetime,
) -> Payment:
    """Open a payment, or give back the one that is open for the same provider, reference and amount.

    ``payer_name`` is whom a transfer will come from, where the caller knows it; it is kept as a blind index alone.
    ``terms`` are those of a transfer; a person's, if nothing is said.
    Raises ``ProviderNotAvailable`` for a provider that this installation does not offer, ``TooManyTransfers``.
    """
    by_transfer = provider == Provider.BANK_TRANSFER and settings.bank.on
    if not by_transfer and (provider != Provider.SANDBOX or not settings.payments.sandbox):
        raise ProviderNotAvailable(provider)
    terms = terms or settings.bank.terms(organisation=False)
    if by_transfer and await queries.transfers_open(session, payer_id, beside=reference) >= terms.most_open:
        raise TooManyTransfers(most=terms.most_open)
    payment_id = new_id(now)
    code_url = None if by_transfer else f"sandbox://pay/{payment_id}"
    code = remittance_code() if by_transfer else None
    pay_by = now + terms.within if by_transfer else None
    opened = {
        "id": payment_id,
        "provider": provider,
        "reference": reference,
        "payer_id": payer_id,
        "description": description,
        "amount": amount_fen,
        "status": PaymentStatus.PENDING.value,
        "code_url": code_url,
        "code": code,
        "payer_index": queries.payer_index(payer_name) if by_transfer and payer_name else None,
        "pay_by": pay_by,
        "now": now,
    }
    if not await ask(session, _OPEN, opened):
        # Somebody opened it before; should it be paid in this very moment, then the paid one is the answer.
        mine = (PaymentRow.reference == reference, PaymentRow.provider == provider, PaymentRow.amount_fen == amount_fen)
        found = select(PaymentRow).where(*mine).order_by(PaymentRow.id.desc()).limit(1)
        return (await session.scalars(found.execution_options(populate_existing=True))).one().value()
    return Payment(
        id=payment_id,
        provider=Provider(provider),
        reference=reference,
        payer_id=payer_id,
        amount_fen=amount_fen,
        refunded_fen=0,
        status=PaymentStatus.PENDING,
        code_url=code_url,
        remittance_code=code,
        provider_transaction=None,
        created_at=now,
        captured_at=None,
        pay_by=pay_by,
    )


async def close(session: AsyncSession, *references: UUID, now: datetime) -> int:
    """Close what is still pending for these references and return how many that were.

    Money that arrives later is captured all the same, and announced.
    """
    rows = await queries.lock_open(session, references) if references else []
    for row in rows:
        row.take(PaymentStep.CLOSE)
        row.closed_at = now
    await session.flush()
    return len(rows)


async def capture(
    session: AsyncSession, *, payment_id: UUID, provider_transaction: str, amount_fen: int, now: datetime
) -> Payment:
    """Note that the money is here; the same news a second time changes nothing.

    Raises ``PaymentNotFound``, ``AmountMismatch``, ``TransactionMismatch``.
    """
    captured = await _capture(session, payment_id, None, provider_transaction, amount_fen, now)
    if captured is not None:
        return captured
    row = await queries.lock(session, payment_id)
    return await capture_locked(session, row, provider_transaction, amount_fen, now)


async def _capture(
    session: AsyncSession,
    payment_id: UUID,
    provider: Provider | None,
    provider_transaction: str,
    amount_fen: int,
    now: datetime,
) -> Payment | None:
    """Note that the money is here, in one statement, if all is as expected; else None, and nothing is changed."""
    step = PaymentStep.CAPTURE
    before = [status for status, steps in TRANSITIONS.items() if step in steps]
    (after,) = {TRANSITIONS[status][step] for status in before}
    expected = {
        "id": payment_id,
        "provider": provider,
        "amount": amount_fen,
        "before": array(before),
        "after": after.value,
        "transaction": provider_transaction,
        "now": now,
    }
    found = await ask(session, _CAPTURE, expected)
    for reference, payer_id, provider_name, refunded_fen, code_url, code, created_at, pay_by in found:
        payment = Payment(
            id=payment_id,
            provider=Provider(provider_name),
            reference=reference,
            payer_id=payer_id,
            amount_fen=amount_fen,
            refunded_fen=refunded_fen,
            status=after,
            code_url=code_url,
            remittance_code=code,
            provider_transaction=provider_transaction,
            created_at=created_at,
            captured_at=now,
            pay_by=pay_by,
        )
        _tell_captured(session, payment, now)
        return payment
    return None


def _tell_captured(session: AsyncSession, payment: Payment, now: datetime) -> None:
    emit(
        session,
        PaymentCaptured(
            payment_id=payment.id,
            reference=payment.reference,
            amount_fen=payment.amount_fen,
            provider=payment.provider,
            at=now,
        ),
    )


async def request_refund(
    session: AsyncSession, *, payment_id: UUID, amount_fen: int, reference: UUID, reason: str, now: datetime
) -> Refund:
    """Ask for ``amount_fen`` of a captured payment to go back; the same ``reference`` gets the same refund.

    Raises ``PaymentNotFound``, ``PaymentNotCaptured``, ``RefundExceedsPayment``, ``RefundReferenceReused``.
    """
    payment = await queries.lock(session, payment_id)
    before = await queries.refund_by_reference(session, reference)
    if before is not None:
        if (before.payment_id, before.amount_fen) != (payment_id, amount_fen):
            raise RefundReferenceReused
        return before.value()
    if payment.status != PaymentStatus.CAPTURED or payment.provider_transaction is None:
        raise PaymentNotCaptured
    if not 0 < amount_fen <= payment.amount_fen - payment.refunded_fen:
        raise RefundExceedsPayment
    payment.refunded_fen += amount_fen
    refund = RefundRow(
        id=new_id(now),
        payment_id=payment_id,
        number=f"RF{local_day(now):%Y%m%d}{digits(12)}",
        reference=reference,
        amount_fen=amount_fen,
        reason=reason,
        status=RefundStatus.REQUESTED,
        requested_at=now,
    )
    session.add(refund)
    _ask_provider(session, payment, refund, payment.provider_transaction, now)
    await session.flush()
    return refund.value()


async def retry_refund(session: AsyncSession, refund_id: UUID, *, now: datetime) -> Refund:
    """Ask the provider again for a refund that failed, under its old number.

    Raises ``PaymentNotFound``, ``RefundNotFailed``, ``RefundExceedsPayment``.
    """
    payment, refund = await queries.lock_refund(session, refund_id=refund_id)
    if payment.provider_transaction is None or not refund.take(RefundStep.RETRY):
        raise RefundNotFailed(status=refund.status)
    refund.provider_refund, refund.settled_at = None, None
    payment.refunded_fen += refund.amount_fen
    _ask_provider(session, payment, refund, payment.provider_transaction, now)
    emit(
        session,
        RefundRetried(refund_id=refund.id, payment_id=payment.id, reference=refund.reference, at=now),
    )
    await session.flush()
    return refund.value()


async def pay_refund_by_hand(
    session: AsyncSession, refund_id: UUID, *, receipt: str, by: UUID, now: datetime
) -> Refund:
    """Note that ``by`` sent the money back by other means; ``receipt`` is its number there (domain handbook §6.5).

    The same note a second time changes nothing.
    Raises ``PaymentNotFound``, ``RefundNotPayable``, ``RefundExceedsPayment``, ``TransactionMismatch``.
    """
    payment, refund = await queries.lock_refund(session, refund_id=refund_id)
    if refund.paid_by is None:
        ours = payment.provider == Provider.BANK_TRANSFER and refund.status == RefundStatus.REQUESTED
        if not ours and refund.status != RefundStatus.FAILED:
            raise RefundNotPayable(status=refund.status)
        refund.paid_by = by
    return await _end_refund(session, payment, refund, receipt, RefundStep.SUCCEED, now)


def _ask_provider(
    session: AsyncSession, payment: PaymentRow, refund: RefundRow, provider_transaction: str, now: datetime
) -> None:
    emit(
        session,
        RefundRequested(
            refund_id=refund.id,
            payment_id=payment.id,
            provider=Provider(payment.provider),
            provider_transaction=provider_transaction,
            number=refund.number,
            reference=refund.reference,
            amount_fen=refund.amount_fen,
            total_fen=payment.amount_fen,
            at=now,
        ),
    )


async def settle_refund(session: AsyncSession, *, refund_id: UUID, provider_refund: str, now: datetime) -> Refund:
    """Note that the money went back; the same news a second time changes nothing.

    Raises ``PaymentNotFound``, ``TransactionMismatch`` (the provider named another refund of its own before).
    """
    payment, refund = await queries.lock_refund(session, refund_id=refund_id)
    return await _end_refund(session, payment, refund, provider_refund, RefundStep.SUCCEED, now)


async def receive(session: AsyncSession, notice: Notice, *, kind: str, now: datetime) -> bool:
    """Act on what a provider said, once for each notification; False for a repeat.

    Raises ``PaymentNotFound``, ``AmountMismatch``, ``TransactionMismatch``; the notification is then not remembered,
    so that it is heard when it comes again.
    """
    noted = insert(payments_notification).values(
        provider=notice.provider, notification_id=notice.notification_id, kind=kind, received_at=now
    )
    noted = noted.on_conflict_do_nothing()
    if (await session.execute(noted.returning(payments_notification.c.provider))).first() is None:
        return False
    if notice.currency != CURRENCY:
        raise AmountMismatch
    if isinstance(notice, CaptureNotice):
        news = (notice.provider_transaction, notice.amount_fen, now)
        if await _capture(session, notice.payment_id, notice.provider, *news) is not None:
            return True
        payment = await queries.lock(session, notice.payment_id)
        if payment.provider != notice.provider:
            raise PaymentNotFound
        await capture_locked(session, payment, notice.provider_transaction, notice.amount_fen, now)
        return True
    return await _receive_refund(session, notice, now)


async def pay_in_sandbox(session: AsyncSession, payment_id: UUID, *, now: datetime) -> None:
    """Play the payer. Paying what is paid is harmless, as a code can be paid once.

    Raises ``PaymentNotFound``, ``PaymentNotOpen``.
    """
    payment = await queries.get(session, payment_id)
    if payment.provider != Provider.SANDBOX:
        raise PaymentNotFound
    if payment.status == PaymentStatus.CLOSED:
        raise PaymentNotOpen
    if payment.status == PaymentStatus.PENDING:
        emit(session, SandboxPaid(payment_id=payment_id, amount_fen=payment.amount_fen, at=now))


async def _receive_refund(session: AsyncSession, notice: RefundNotice, now: datetime) -> bool:
    payment, refund = await queries.lock_refund(session, number=notice.number)
    if payment.provider != notice.provider:
        raise PaymentNotFound
    if refund.amount_fen != notice.amount_fen:
        raise AmountMismatch
    step = RefundStep.SUCCEED if notice.succeeded else RefundStep.FAIL
    await _end_refund(session, payment, refund, notice.provider_refund, step, now)
    return True


async def capture_locked(
    session: AsyncSession, row: PaymentRow, provider_transaction: str, amount_fen: int, now: datetime
) -> Payment:
    """Note that the money for a locked payment is here. Raises ``AmountMismatch``, ``TransactionMismatch``."""
    if amount_fen != row.amount_fen:
        raise AmountMismatch
    if not row.take(PaymentStep.CAPTURE):
        if row.provider_transaction != provider_transaction:
            raise TransactionMismatch
        return row.value()
    row.provider_transaction = provider_transaction
    row.captured_at = now
    await session.flush()
    _tell_captured(session, row.value(), now)
    return row.value()


async def _end_refund(
    session: AsyncSession,
    payment: PaymentRow,
    refund: RefundRow,
    provider_refund: str,
    step: RefundStep,
    now: datetime,
) -> Refund:
    failed_before = refund.status == RefundStatus.FAILED
    if not refund.take(step):
        after = RefundStatus.SUCCEEDED if step is RefundStep.SUCCEED else RefundStatus.FAILED
        if (refund.status, refund.provider_refund) != (after, provider_refund):
            raise TransactionMismatch
        return refund.value()
    refund.provider_refund = provider_refund
    refund.settled_at = now
    if failed_before:
        payment.refunded_fen += refund.amount_fen
    ended: type[RefundSettled | RefundFailed] = RefundSettled
    if step is RefundStep.FAIL:
        payment.refunded_fen -= refund.amount_fen
        ended = RefundFailed
    emit(
        session,
        ended(
            refund_id=refund.id,
            payment_id=payment.id,
            reference=refund.reference,
            amount_fen=refund.amount_fen,
            at=now,
        ),
    )
    await session.flush()
    return refund.value()
