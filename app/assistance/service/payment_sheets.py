"""Check a sheet of payments row by row, and propose what it says as one list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.rules.households import Payment, PaymentList, PaymentsRefused
from app.assistance.rules.payment_sheets import COLUMNS, LIMITS, CheckedSheet, SheetEmpty, SheetRow, read_row
from app.assistance.service.households import enter_payments
from app.catalogue import CATEGORIES
from app.core.clock import local_day
from app.core.db import Database
from app.core.errors import Fault
from app.core.sheets import RowFault, opened
from app.identity import Actor

_MOST_FAULTS = 100
_LINES = {word: root.slug for root in CATEGORIES for word in (root.slug, root.name)}


async def check_payment_sheet(
    db: Database, raw: bytes, *, of_supplier: UUID | None = None, now: datetime
) -> CheckedSheet:
    """What would become of every row; nothing is changed. Four statements for any number of rows.

    ``of_supplier`` pays all of it, whatever the sheet says; without it each row names who pays by code or name. Raises
    the ``SHEET_ERRORS`` and ``SheetEmpty``.
    """
    today = local_day(now)
    async with opened(raw, COLUMNS, LIMITS) as sheet:
        rows = [read_row(row, _LINES, today) async for row in sheet]
    if not rows:
        raise SheetEmpty
    async with db.read() as session:
        await _resolve(session, rows, of_supplier)
        await _find_twice(session, rows)
    return CheckedSheet(rows)


async def propose_checked(
    session: AsyncSession,
    checked: CheckedSheet,
    *,
    note: str,
    of_supplier: UUID | None = None,
    by: Actor,
    now: datetime,
) -> PaymentList:
    """Enter the payments of a sheet as one list that waits for an officer: all of it or nothing.

    Raises ``PaymentsRefused`` with a fault for each row that cannot be taken.
    """
    faults = [
        Fault(f"/rows/{row.number}/{fault.column}", fault.code, fault.zh, fault.en)
        for row in checked.rows
        for fault in row.faults
    ]
    if faults:
        raise PaymentsRefused(faults=faults[:_MOST_FAULTS])
    source = "sheet" if of_supplier is None else "supplier"
    return await enter_payments(
        session, checked.payments, source=source, of_supplier=of_supplier, note=note, by=by, now=now
    )


async def _resolve(session: AsyncSession, rows: Sequence[SheetRow], of_supplier: UUID | None) -> None:
    numbers = {row.household_no for row in rows if row.household_no is not None}
    households = await queries.households_numbered(session, sorted(numbers))
    named = {row.supplier for row in rows if row.supplier is not None}
    suppliers = await queries.suppliers_called(session, sorted(named)) if of_supplier is None and named else {}
    codes = {row.lot_code for row in rows if row.lot_code is not None}
    lots = await queries.lots_coded(session, sorted(codes)) if codes else {}
    for row in rows:
        supplier = of_supplier or suppliers.get(row.supplier or "")
        lot = lots.get((supplier, row.lot_code)) if supplier is not None and row.lot_code is not None else None
        row.resolve(households.get(row.household_no or ""), supplier, lot)


async def _find_twice(session: AsyncSession, rows: Sequence[SheetRow]) -> None:
    """The same voucher for the same household and month is the same payment; the same sum without one may be."""
    taken = [(row, row.payment) for row in rows if row.payment is not None]
    first: dict[tuple[object, ...], int] = {}
    alike: defaultdict[tuple[object, ...], list[SheetRow]] = defaultdict(list)
    for row, payment in taken:
        if payment.voucher_no is not None:
            before = first.setdefault((payment.voucher_no, *_of_month(payment)), row.number)
            if before != row.number:
                _twice(row, f"与第 {before} 行凭证号、农户和月份相同", f"as row {before}: voucher, household and month")
        alike[payment.kind, payment.category, payment.amount_fen, *_of_month(payment)].append(row)
    for members in alike.values():
        for row in members[1:]:
            if not row.faults and row.voucher_no is None:
                _alike(row, f"与第 {members[0].number} 行农户、月份和金额相同", f"as much as row {members[0].number}")
    known = await queries.paid_already(session, [payment for _, payment in taken])
    for at, by_voucher in known:
        if by_voucher:
            _twice(
                taken[at][0], "该农户该月已有同一凭证号的收益", "this voucher of the household and month is on record"
            )
        else:
            _alike(taken[at][0], "该农户该月已有同额收益", "as much is on record for the household and month")


def _of_month(payment: Payment) -> tuple[object, ...]:
    return payment.household_id, payment.supplier_id, payment.paid_on.year, payment.paid_on.month


def _twice(row: SheetRow, zh: str, en: str) -> None:
    row.refuse("voucher_no", "duplicate", zh, en)


def _alike(row: SheetRow, zh: str, en: str) -> None:
    row.warnings.append(RowFault("amount", "possible_duplicate", zh, en))
