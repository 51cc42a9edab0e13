"""Money that comes to our bank account by itself: statements are read, matched with payments, and looked after."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import sheets
from app.core.clock import local_day
from app.core.errors import Fault, InvalidInput
from app.core.events import emit
from app.core.ids import new_id
from app.core.sealing import keys
from app.core.settings import BankSettings
from app.payments import queries
from app.payments.events import MoneyUnclaimed
from app.payments.models import BankEntryRow
from app.payments.rules import PaymentNotFound, Provider, ProviderNotAvailable
from app.payments.rules.bank import (
    BankEntry,
    EntryDiffers,
    EntryIsDone,
    EntryStatus,
    StatementContradicts,
    StatementLine,
    codes_in,
    match,
)
from app.payments.service.collect import capture_locked

_COLUMNS = (
    sheets.Column("serial", ("交易流水号", "流水号", "交易序号", "核心流水号")),
    sheets.Column("booked_on", ("交易日期", "记账日期", "入账日期", "交易时间")),
    sheets.Column("payer_name", ("对方户名", "对方名称", "付款人名称", "付款方户名", "对方单位")),
    sheets.Column("payer_account", ("对方账号", "对方帐号", "付款人账号", "付款方账号"), required=False),
    sheets.Column("amount", ("贷方金额", "贷方发生额", "收入金额", "贷方")),
    sheets.Column("postscript", ("附言", "交易附言", "客户附言"), required=False),
    sheets.Column("purpose", ("用途", "摘要"), required=False),
)
_LIMITS = sheets.Limits(rows=5_000)
_MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Imported:
    """How many lines of a statement were new, how many had come before, and what became of the new ones."""

    imported: int
    repeated: int
    outcomes: dict[EntryStatus, int]


def _in_future(row: int) -> Fault:
    return Fault(f"/rows/{row}/booked_on", "in_future", "记账日期在未来", "lies in the future")


async def read_statement(raw: bytes, *, today: date) -> list[StatementLine]:
    """The credits of a bank's own ``.xlsx`` or CSV; lines without a credit are money that went out.

    Raises the ``SHEET_ERRORS``, and ``InvalidInput`` with the cells that cannot be read or are booked after ``today``.
    """
    lines: list[StatementLine] = []
    faults: list[Fault] = []
    async with sheets.opened(raw, _COLUMNS, _LIMITS) as sheet:
        async for row in sheet:
            amount = row.take("amount", sheets.amount_fen, optional=True)
            if not amount and not row.faults:
                continue
            serial, booked_on = row.take("serial", sheets.code), row.take("booked_on", sheets.day)
            payer = row.take("payer_name", sheets.text)
            account = row.take("payer_account", sheets.code, optional=True)
            words = [row.take(column, sheets.text, optional=True) for column in ("postscript", "purpose")]
            faults.extend(Fault(f"/rows/{row.number}/{bad.column}", bad.code, bad.zh, bad.en) for bad in row.faults)
            if booked_on is not None and booked_on > today:
                faults.append(_in_future(row.number))
            if amount and serial and booked_on and payer:
                postscript = " | ".join(word for word in words if word)
                lines.append(StatementLine(serial, booked_on, payer, account, amount, postscript))
    if faults:
        raise InvalidInput(faults=faults[:_MOST_FAULTS])
    return lines


async def import_statement(
    session: AsyncSession, lines: Sequence[StatementLine], *, bank: BankSettings, now: datetime
) -> Imported:
    """Take in what a statement says; a line that came before changes nothing, so a statement can be repeated.

    What carries the code of a payment and its exact amount pays it. Raises ``ProviderNotAvailable``,
    ``StatementContradicts``, and ``InvalidInput`` with every line that is booked on a day to come.
    """
    if not bank.on:
        raise ProviderNotAvailable(Provider.BANK_TRANSFER)
    if faults := [_in_future(index) for index, line in enumerate(lines) if line.booked_on > local_day(now)]:
        raise InvalidInput(faults=faults[:_MOST_FAULTS])
    account = str(bank.account)
    fresh = await _note(session, account, lines, now)
    known = await queries.amounts_of_serials(session, account, [line.serial for line in lines])
    if changed := sorted({line.serial for line in lines if known[line.serial] != line.amount_fen}):
        raise StatementContradicts(serials=", ".join(changed[:5]))
    rows = [(row, row.line()) for row in await queries.lock_entries(session, fresh)]
    codes = {code for _, line in rows for code in codes_in(line.postscript)}
    payments, by_code = await queries.lock_awaited(session, codes)
    waiting = await queries.waiting_transfers(session, {row.amount_fen for row, _ in rows})
    outcomes: Counter[EntryStatus] = Counter()
    for row, line in rows:
        likely = waiting.get(line.amount_fen, {})
        status, payment_id = match(line, row.payer_index, by_code, likely.values())
        row.become(status, payment_id=payment_id)
        outcomes[status] += 1
        if status in (EntryStatus.UNMATCHED, EntryStatus.SUGGESTED):
            emit(session, MoneyUnclaimed(entry_id=row.id, at=now))
        if status is EntryStatus.ASSIGNED and payment_id is not None:
            payment = payments[payment_id]
            await capture_locked(session, payment, row.transaction, row.amount_fen, now)
            code = str(payment.remittance_code)
            by_code[code] = replace(by_code[code], captured=True)
            likely.pop(payment_id, None)
    await session.flush()
    return Imported(len(fresh), len(lines) - len(fresh), dict(outcomes))


async def assign_entry(
    session: AsyncSession, entry_id: UUID, payment_id: UUID, *, by: UUID, now: datetime
) -> BankEntry:
    """An operator says which payment the money is for; the same word a second time changes nothing.

    Raises ``EntryNotFound``, ``EntryIsDone``, ``PaymentNotFound``, ``EntryDiffers``, ``TransactionMismatch``.
    """
    row = await queries.lock_entry(session, entry_id)
    if row.done and (row.status, row.payment_id) != (EntryStatus.ASSIGNED, payment_id):
        raise EntryIsDone(status=row.status)
    if not row.done:
        payment = await queries.lock(session, payment_id)
        if payment.provider != Provider.BANK_TRANSFER:
            raise PaymentNotFound
        if payment.amount_fen != row.amount_fen:
            raise EntryDiffers
        await capture_locked(session, payment, row.transaction, row.amount_fen, now)
        row.become(EntryStatus.ASSIGNED, payment_id=payment_id, by=by, at=now)
        await session.flush()
    return await queries.entry(session, entry_id)


async def claim_entry(
    session: AsyncSession, entry_id: UUID, reference: UUID, *, by: UUID | None, now: datetime
) -> BankEntry:
    """Another module knows what the money is for: ``reference`` is its own. The same word again changes nothing.

    ``by`` is None where a code said so. Raises ``EntryNotFound``, ``EntryIsDone``.
    """
    row = await queries.lock_entry(session, entry_id)
    if row.done and (row.status, row.reference) != (EntryStatus.ASSIGNED, reference):
        raise EntryIsDone(status=row.status)
    if not row.done:
        row.reference = reference
        row.become(EntryStatus.ASSIGNED, payment_id=None, by=by, at=now if by else None)
        await session.flush()
    return await queries.entry(session, entry_id)


async def return_entry(session: AsyncSession, entry_id: UUID, *, receipt: str, by: UUID, now: datetime) -> BankEntry:
    """Note that money which pays nothing was sent back by hand; ``receipt`` is that transfer's number at the bank.

    The same note a second time changes nothing. Raises ``EntryNotFound``, ``EntryIsDone``.
    """
    row = await queries.lock_entry(session, entry_id)
    if row.done and (row.status, row.receipt) != (EntryStatus.RETURNED, receipt):
        raise EntryIsDone(status=row.status)
    if not row.done:
        row.become(EntryStatus.RETURNED, payment_id=row.payment_id, receipt=receipt, by=by, at=now)
        await session.flush()
    return await queries.entry(session, entry_id)


async def _note(session: AsyncSession, account: str, lines: Sequence[StatementLine], now: datetime) -> list[UUID]:
    """Write down the lines that are new, in the order of their serials, so that two imports wait for each other."""
    rows = [
        {
            "id": new_id(now),
            "account": account,
            "serial": line.serial,
            "booked_on": line.booked_on,
            "amount_fen": line.amount_fen,
            "payer_sealed": keys().seal(
                json.dumps([line.payer_name, line.payer_account, line.postscript]), BankEntryRow.PURPOSE
            ),
            "payer_index": queries.payer_index(line.payer_name),
            "status": EntryStatus.UNMATCHED,
            "imported_at": now,
        }
        for line in sorted(lines, key=lambda line: line.serial)
    ]
    noting = insert(BankEntryRow).values(rows).on_conflict_do_nothing(index_elements=["account", "serial"])
    return list((await session.scalars(noting.returning(BankEntryRow.id))).all()) if rows else []
