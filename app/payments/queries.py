from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.payments.models import PaymentRow, RefundRow
from app.payments.rules import Payment, PaymentNotFound, PaymentStatus, Refund, RefundStatus


async def get(session: AsyncSession, payment_id: UUID) -> Payment:
    """The payment. Raises ``PaymentNotFound``."""
    row = await session.get(PaymentRow, payment_id, populate_existing=True)
    if row is None:
        raise PaymentNotFound
    return row.value()


async def lock(session: AsyncSession, payment_id: UUID) -> PaymentRow:
    """The payment, kept from others until the transaction ends. Raises ``PaymentNotFound``."""
    row = await session.get(PaymentRow, payment_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise PaymentNotFound
    return row


async def lock_open(session: AsyncSession, reference: UUID) -> Sequence[PaymentRow]:
    """The pending payments of a reference, locked in the order of their ids."""
    rows = await session.scalars(
        select(PaymentRow)
        .where(PaymentRow.reference == reference, PaymentRow.status == PaymentStatus.PENDING)
        .order_by(PaymentRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def lock_refund(
    session: AsyncSession, *, refund_id: UUID | None = None, number: str | None = None
) -> tuple[PaymentRow, RefundRow]:
    """A refund by id or number and its payment, the payment locked first, as every refund does.

    Raises ``PaymentNotFound``.
    """
    wanted = RefundRow.number == number if refund_id is None else RefundRow.id == refund_id
    payment_id = await session.scalar(select(RefundRow.payment_id).where(wanted))
    if payment_id is None:
        raise PaymentNotFound
    payment = await lock(session, payment_id)
    refund = (await session.scalars(select(RefundRow).where(wanted).execution_options(populate_existing=True))).one()
    return payment, refund


async def refund_by_reference(session: AsyncSession, reference: UUID) -> RefundRow | None:
    """The refund a caller asked for under ``reference``, if it did."""
    found = await session.scalars(select(RefundRow).where(RefundRow.reference == reference))
    return found.one_or_none()


_REFUNDS = select(RefundRow, PaymentRow).join(PaymentRow, PaymentRow.id == RefundRow.payment_id)


async def refund(session: AsyncSession, refund_id: UUID) -> tuple[Refund, Payment]:
    """A refund and its payment. Raises ``PaymentNotFound``."""
    row = (await session.execute(_REFUNDS.where(RefundRow.id == refund_id))).one_or_none()
    if row is None:
        raise PaymentNotFound
    return row[0].value(), row[1].value()


async def page_of_refunds(
    session: AsyncSession, *, status: RefundStatus | None, after: UUID | None, limit: int
) -> list[tuple[Refund, Payment]]:
    """Refunds with their payments, oldest first."""
    wanted = _REFUNDS
    if status is not None:
        wanted = wanted.where(RefundRow.status == status)
    if after is not None:
        wanted = wanted.where(RefundRow.id > after)
    rows = await session.execute(wanted.order_by(RefundRow.id).limit(limit))
    return [(refund.value(), payment.value()) for refund, payment in rows]


async def refunds_of(session: AsyncSession, references: Sequence[UUID]) -> dict[UUID, list[Refund]]:
    """Every refund of the payments under each reference, oldest first: also of money that came too late."""
    found: defaultdict[UUID, list[Refund]] = defaultdict(list)
    rows = await session.execute(
        select(PaymentRow.reference, RefundRow)
        .join(RefundRow, RefundRow.payment_id == PaymentRow.id)
        .where(PaymentRow.reference.in_(references), PaymentRow.status == PaymentStatus.CAPTURED)
        .order_by(RefundRow.id)
    )
    for reference, row in rows:
        found[reference].append(row.value())
    return dict(found)
