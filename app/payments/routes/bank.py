"""What came to our bank account: statements are handed in, and what matches nothing is decided by people."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Response, UploadFile
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import local_day
from app.core.errors import InvalidInput
from app.core.sheets import SHEET_ERRORS
from app.core.web import (
    DEFAULT_LIMIT,
    KEY_ERRORS,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Once,
    Page,
    ReadSession,
    TheEdge,
    WriteSession,
    last_seen,
    page_of,
    problems,
)
from app.identity import Operator
from app.payments import queries, service
from app.payments.rules import PaymentNotFound, ProviderNotAvailable, TransactionMismatch
from app.payments.rules.bank import EntryDiffers, EntryIsDone, EntryNotFound, EntryStatus, StatementContradicts
from app.payments.schemas import AssignIn, BankEntryOut, PaidByHandIn, StatementIn, StatementOut

router = APIRouter(tags=["payments"])


def _told(done: service.Imported) -> StatementOut:
    outcomes = {status.value: done.outcomes.get(status, 0) for status in EntryStatus}
    return StatementOut.model_validate({"imported": done.imported, "repeated": done.repeated, **outcomes})


@router.post(
    "/v1/operator/bank-statements",
    operation_id="import_bank_statement",
    summary="Take in what came to our account",
    response_model=StatementOut,
    responses=problems(ProviderNotAvailable, StatementContradicts, InvalidInput, *KEY_ERRORS),
)
async def import_bank_statement(body: StatementIn, _: Operator, once: Once, now: Now) -> Response:
    """A line with the remittance code and the exact amount of a payment pays it. A repeated line changes nothing."""

    async def work(session: AsyncSession) -> StatementOut:
        lines = [row.line() for row in body.rows]
        return _told(await service.import_statement(session, lines, bank=once.settings.bank, now=now))

    return await once.run(200, work)


Sheet = Annotated[
    UploadFile,
    File(
        description="The bank's own .xlsx or CSV with 交易流水号, 交易日期, 对方户名, 贷方金额", examples=["(binary)"]
    ),
]


@router.post(
    "/v1/operator/bank-statements/sheets",
    operation_id="upload_bank_statement",
    summary="Take in a bank's own statement file",
    response_model=StatementOut,
    responses=problems(ProviderNotAvailable, StatementContradicts, InvalidInput, *SHEET_ERRORS),
)
async def upload_bank_statement(
    _: Operator, file: Sheet, session: WriteSession, edge: TheEdge, now: Now
) -> StatementOut:
    """Columns by their headers, in any order; 对方账号, 附言 and 摘要 are read if they are there. Amounts are in yuan.

    Lines of money that went out are left aside. One line that cannot be read refuses the file.
    """
    # The session has no connection, and so no transaction, before its first statement.
    lines = await service.read_statement(await file.read(), today=local_day(now))
    return _told(await service.import_statement(session, lines, bank=edge.settings.bank, now=now))


@router.get(
    "/v1/operator/bank-entries",
    operation_id="list_bank_entries",
    summary="What came to our account, the last import first",
    response_model=Page[BankEntryOut],
    responses=problems(InvalidCursor),
)
async def list_bank_entries(
    _: Operator,
    session: ReadSession,
    status: Annotated[EntryStatus | None, Query(description="`unmatched`: somebody must find out")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[BankEntryOut]:
    """Money that is `held`, `suggested` or `unmatched` waits for a person: assign it, or send it back."""
    after = last_seen("bank-entries", cursor)
    found = await queries.page_of_entries(session, status=status, after=after, limit=limit + 1)
    return page_of("bank-entries", found, limit, BankEntryOut.of)


@router.post(
    "/v1/operator/bank-entries/{entry_id}/assign",
    operation_id="assign_bank_entry",
    summary="Say which payment money is for",
    response_model=BankEntryOut,
    responses=problems(EntryNotFound, PaymentNotFound, EntryIsDone, EntryDiffers, TransactionMismatch, *KEY_ERRORS),
)
async def assign_bank_entry(entry_id: UUID, body: AssignIn, by: Operator, once: Once, now: Now) -> Response:
    """Confirms a suggestion, or corrects a payer who wrote no code. The amount must be exactly the payment's."""

    async def work(session: AsyncSession) -> BankEntryOut:
        done = await service.assign_entry(session, entry_id, body.payment_id, by=by.account_id, now=now)
        return BankEntryOut.of(done)

    return await once.run(200, work)


@router.post(
    "/v1/operator/bank-entries/{entry_id}/return",
    operation_id="return_bank_entry",
    summary="Note that money was sent back",
    response_model=BankEntryOut,
    responses=problems(EntryNotFound, EntryIsDone, *KEY_ERRORS),
)
async def return_bank_entry(entry_id: UUID, body: PaidByHandIn, by: Operator, once: Once, now: Now) -> Response:
    """Too little, too much or nobody's: the whole of it went back by a transfer of our own, the receipt's number."""

    async def work(session: AsyncSession) -> BankEntryOut:
        done = await service.return_entry(session, entry_id, receipt=body.receipt, by=by.account_id, now=now)
        return BankEntryOut.of(done)

    return await once.run(200, work)
