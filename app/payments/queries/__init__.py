from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import local_day
from app.core.sealing import keys
from app.payments.models import BankEntryRow, PaymentRow, RefundRow
from app.payments.rules import Payment, PaymentNotFound, PaymentStatus, Provider, Refund, RefundStatus
from app.payments.rules.bank import Awaited, BankEntry, EntryNotFound, EntryStatus, plain_name


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


async def lock_open(session: AsyncSession, references: Collection[UUID]) -> Sequence[PaymentRow]:
    """The pending payments of these references, locked in the order of their ids."""
    rows = await session.scalars(
        select(PaymentRow)
        .where(PaymentRow.reference.in_(references), PaymentRow.status == PaymentStatus.PENDING)
        .order_by(PaymentRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def transfers_open(session: AsyncSession, payer_id: UUID, *, beside: UUID) -> int:
    """How many transfers of a payer's are waited for, beside those for one reference.

    Of one payer's payments that are opened at the same moment, each sees those before it.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"payments.transfers:{payer_id}"))))
    waited_for = select(func.count()).where(
        PaymentRow.payer_id == payer_id,
        PaymentRow.provider == Provider.BANK_TRANSFER,
        PaymentRow.status == PaymentStatus.PENDING,
        PaymentRow.reference != beside,
    )
    return int((await session.execute(waited_for)).scalar_one())


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
    """Refunds with their payments, newest first."""
    wanted = _REFUNDS
    if status is not None:
        wanted = wanted.where(RefundRow.status == status)
    if after is not None:
        wanted = wanted.where(RefundRow.id < after)
    rows = await session.execute(wanted.order_by(RefundRow.id.desc()).limit(limit))
    return [(refund.value(), payment.value()) for refund, payment in rows]


async def refunds_by_reference(session: AsyncSession, references: Sequence[UUID]) -> dict[UUID, Refund]:
    """The refunds that were asked for under these references of their own."""
    rows = await session.scalars(select(RefundRow).where(RefundRow.reference.in_(references)))
    return {row.reference: row.value() for row in rows}


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


def payer_index(name: str) -> bytes:
    """The blind index that finds transfers from one payer."""
    return keys().blind(plain_name(name), "payments.payer")


def _awaited(row: PaymentRow) -> Awaited:
    return Awaited(
        payment_id=row.id,
        amount_fen=row.amount_fen,
        captured=row.status == PaymentStatus.CAPTURED,
        payer=row.payer_index,
        announced_on=local_day(row.created_at),
    )


async def lock_awaited(
    session: AsyncSession, codes: Collection[str]
) -> tuple[dict[UUID, PaymentRow], dict[str, Awaited]]:
    """The payments with these remittance codes, locked in the order of their ids; by id, and as values by code."""
    rows = await session.scalars(
        select(PaymentRow)
        .where(PaymentRow.remittance_code.in_(codes))
        .order_by(PaymentRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = rows.all()
    return {row.id: row for row in found}, {str(row.remittance_code): _awaited(row) for row in found}


async def waiting_transfers(session: AsyncSession, amounts: Collection[int]) -> dict[int, dict[UUID, Awaited]]:
    """The transfers of these amounts that were announced and have not come, by amount and payment."""
    open_ones = (PaymentRow.provider == Provider.BANK_TRANSFER, PaymentRow.status == PaymentStatus.PENDING)
    rows = await session.scalars(select(PaymentRow).where(*open_ones, PaymentRow.amount_fen.in_(amounts)))
    found: defaultdict[int, dict[UUID, Awaited]] = defaultdict(dict)
    for row in rows:
        found[row.amount_fen][row.id] = _awaited(row)
    return dict(found)


async def amounts_of_serials(session: AsyncSession, account: str, serials: Collection[str]) -> dict[str, int]:
    """What was imported under these serials of an account, in fen."""
    rows = await session.execute(
        select(BankEntryRow.serial, BankEntryRow.amount_fen).where(
            BankEntryRow.account == account, BankEntryRow.serial.in_(serials)
        )
    )
    return {row.serial: row.amount_fen for row in rows}


async def lock_entries(session: AsyncSession, entry_ids: Collection[UUID]) -> Sequence[BankEntryRow]:
    """These entries of bank statements, by serial; whoever wrote them holds their locks."""
    return (
        await session.scalars(
            select(BankEntryRow).where(BankEntryRow.id.in_(entry_ids)).order_by(BankEntryRow.serial).with_for_update()
        )
    ).all()


async def lock_entry(session: AsyncSession, entry_id: UUID) -> BankEntryRow:
    """An entry of a bank statement, kept from others until the transaction ends. Raises ``EntryNotFound``."""
    row = await session.get(BankEntryRow, entry_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise EntryNotFound
    return row


_ENTRIES = select(BankEntryRow, PaymentRow.amount_fen).outerjoin(PaymentRow, PaymentRow.id == BankEntryRow.payment_id)


def _entry(row: BankEntryRow, expected_fen: int | None) -> BankEntry:
    return BankEntry(row.id, row.line(), EntryStatus(row.status), row.payment_id, expected_fen, row.receipt)


async def entry(session: AsyncSession, entry_id: UUID) -> BankEntry:
    """An entry of a bank statement. Raises ``EntryNotFound``."""
    found = (await session.execute(_ENTRIES.where(BankEntryRow.id == entry_id))).one_or_none()
    if found is None:
        raise EntryNotFound
    return _entry(*found)


async def unclaimed_entries(session: AsyncSession, *, after: UUID | None, limit: int) -> list[BankEntry]:
    """Money that carries no code of a payment and belongs to nobody yet, what was imported last first.

    What is only suggested for a payment is among it.
    """
    wanted = _ENTRIES.where(BankEntryRow.status.in_((EntryStatus.UNMATCHED, EntryStatus.SUGGESTED)))
    if after is not None:
        wanted = wanted.where(BankEntryRow.id < after)
    return [_entry(*found) for found in await session.execute(wanted.order_by(BankEntryRow.id.desc()).limit(limit))]


async def page_of_entries(
    session: AsyncSession, *, status: EntryStatus | None, after: UUID | None, limit: int
) -> list[BankEntry]:
    """Entries of bank statements, what was imported last first."""
    wanted = _ENTRIES
    if status is not None:
        wanted = wanted.where(BankEntryRow.status == status)
    if after is not None:
        wanted = wanted.where(BankEntryRow.id < after)
    return [_entry(*found) for found in await session.execute(wanted.order_by(BankEntryRow.id.desc()).limit(limit))]
