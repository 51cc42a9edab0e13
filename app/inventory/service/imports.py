"""Stock by sheet: kept when it is sent, read and judged by the worker, applied once when its supplier says so.

The worker goes on with an import chunk by chunk, each in a transaction of its own that also says how far it came, so
it may stop anywhere and any number of workers may run. A chunk has all rows of its SKUs, and SKUs come in their order.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog import get_logger

from app import catalogue
from app.core.db import Database, array, ask, dump
from app.core.errors import DomainError
from app.core.ids import new_id
from app.core.sheets import SHEET_ERRORS, Heading, Page, opened, workbook
from app.identity import Actor, Role
from app.inventory import queries
from app.inventory.lifecycle import Status, Step
from app.inventory.models import ImportRow
from app.inventory.queries import imports as read
from app.inventory.rules import StockState
from app.inventory.rules.imports import (
    CHUNK,
    COLUMNS,
    LIMITS,
    MOST_AT_WORK,
    Absent,
    AgainNeedsDryRun,
    Import,
    ImportStopped,
    Line,
    Outcome,
    SheetEmpty,
    SheetLeft,
    TooManyImports,
    line_of,
)
from app.inventory.rules.updates import UpdateResult, plan_updates
from app.inventory.service.opening import open_new
from app.inventory.service.stock import apply_updates

log = get_logger("imports")

_LEASE = timedelta(seconds=60)
"""How long one worker may take to read a file before another tries."""
_ATTEMPTS = 5
_LONGEST_PAUSE = timedelta(minutes=5)
_KEEP_ROWS = timedelta(days=90)
_IN_TEMPLATE = 5_000

_OF_THE_FILE: tuple[type[DomainError], ...] = (*SHEET_ERRORS, SheetEmpty)

_NOTE_LINES = text("""
INSERT INTO inventory_import_row
    (import_id, position, number, sku, lot_code, mode, quantity, as_of, reason, outcome, code, faults)
SELECT :import_id, position, number, sku, lot_code, mode, quantity, as_of, reason,
       CASE WHEN faults IS NULL THEN 'pending' ELSE 'rejected' END, faults -> 0 ->> 'code', faults
FROM json_to_recordset(CAST(:lines AS json)) AS l(position int, number int, sku text, lot_code text, mode text,
     quantity bigint, as_of timestamptz, reason text, faults jsonb)
ON CONFLICT DO NOTHING
""")
_SO_FAR = text("UPDATE inventory_import SET total = greatest(total, :total) WHERE id = :import_id")
_REFUSE_TWICE = text("""
UPDATE inventory_import_row r SET outcome = 'rejected', code = 'duplicate_row'
FROM (SELECT position, row_number() OVER same AS place, min(quantity) OVER all_same AS least,
             max(quantity) OVER all_same AS most
      FROM inventory_import_row WHERE import_id = :import_id AND outcome = 'pending' AND mode = 'set'
      WINDOW same AS (PARTITION BY sku, lot_code, as_of ORDER BY position),
             all_same AS (PARTITION BY sku, lot_code, as_of)) twice
WHERE r.import_id = :import_id AND r.position = twice.position AND (twice.place > 1 OR twice.least <> twice.most)
""")
_CLEAR_ABSENT = text("""
WITH last AS (
    SELECT max(position) AS position,
           bool_or(r.sku IS NULL OR s.sku IS NULL OR s.supplier_id <> :supplier_id) AS unsure
    FROM inventory_import_row r LEFT JOIN inventory_stock s ON s.sku = r.sku WHERE r.import_id = :import_id
)
INSERT INTO inventory_import_row (import_id, position, sku, mode, quantity, outcome, code)
SELECT :import_id, last.position + row_number() OVER (ORDER BY s.sku), s.sku, 'clear', 0,
       CASE WHEN last.unsure THEN 'rejected' ELSE 'pending' END,
       CASE WHEN last.unsure THEN 'unsure_what_is_absent' END
FROM inventory_stock s CROSS JOIN last
WHERE s.supplier_id = :supplier_id AND s.on_hand > 0
  AND NOT EXISTS (SELECT FROM inventory_import_row r WHERE r.import_id = :import_id AND r.sku = s.sku)
""")
_COUNT = text("""
SELECT count(*), count(*) FILTER (WHERE outcome = 'rejected') FROM inventory_import_row WHERE import_id = :import_id
""")
_NOTE_OUTCOMES = text("""
UPDATE inventory_import_row r SET outcome = o.outcome, code = o.code, before = o.before, after = o.after
FROM unnest(CAST(:positions AS int[]), CAST(:outcomes AS text[]), CAST(:codes AS text[]), CAST(:befores AS bigint[]),
            CAST(:afters AS bigint[])) AS o(position, outcome, code, before, after)
WHERE r.import_id = :import_id AND r.position = o.position
""")
# Whoever decides whether these bytes were applied before does so alone, and whoever counts a supplier's imports too.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))")
_FORGET = text("""
DELETE FROM inventory_import_row WHERE (import_id, position) IN (
    SELECT r.import_id, r.position FROM inventory_import i JOIN inventory_import_row r ON r.import_id = i.id
    WHERE i.uploaded_at < :before AND i.status IN ('applied', 'failed') LIMIT :limit
)
""")


async def check_sheet(raw: bytes) -> None:
    """Whether the file is a sheet with our columns, before it is kept. Raises the ``SHEET_ERRORS``."""
    async with opened(raw, COLUMNS, LIMITS):
        return


async def start_import(
    session: AsyncSession,
    supplier_id: UUID,
    raw: bytes,
    *,
    absent: Absent,
    dry_run: bool,
    again: bool,
    by: UUID,
    now: datetime,
) -> Import:
    """Keep a sheet for the worker. Without ``dry_run`` it is applied as soon as it is checked, if no row is refused.

    ``again`` says that the same bytes are a new count, or happened once more. Raises ``TooManyImports``,
    ``AgainNeedsDryRun``.
    """
    if again and not dry_run:
        raise AgainNeedsDryRun
    await ask(session, _ALONE, {"subject": f"inventory.imports {supplier_id}"})
    if await read.imports_at_work(session, supplier_id) >= MOST_AT_WORK:
        raise TooManyImports(most=MOST_AT_WORK)
    row = ImportRow(
        id=new_id(now),
        supplier_id=supplier_id,
        by_account=by,
        digest=hashlib.sha256(raw).digest(),
        content=raw,
        absent=absent.value,
        at_once=not dry_run,
        again=again,
        status=Status.QUEUED.value,
        uploaded_at=now,
        due_at=now,
        total=0,
        done=0,
        ok_rows=0,
        changed_rows=0,
        rejected_rows=0,
    )
    session.add(row)
    await session.flush()
    return read.import_value(row)


async def apply_import(session: AsyncSession, import_id: UUID, *, supplier_id: UUID, now: datetime) -> Import:
    """Let the worker apply the good rows of a checked sheet; saying so again changes nothing.

    Raises ``NotFound``, ``ImportStepNotAllowed``.
    """
    row = await read.lock_import(session, import_id, supplier_id=supplier_id)
    if row.status not in (Status.APPLYING, Status.APPLIED):
        await _begin_to_apply(session, row, now)
        await session.flush()
    return read.import_value(row)


async def work_on_imports(db: Database, now: datetime) -> int:
    """Go one step on with the import that has waited longest; returns 0 when none is due."""
    async with db.write() as session:
        row = await read.next_import(session, now)
        if row is None:
            return 0
        import_id, unread = row.id, row.read_at is None
        row.due_at = now + _LEASE
        if row.status == Status.QUEUED:
            row.take(Step.CHECK, due_at=row.due_at)
        raw = await read.content_of(session, row.id) if unread else b""
    try:
        if unread:
            await _read(db, import_id, raw, now)
        else:
            async with db.write() as session:
                await _go_on(session, await read.lock_import(session, import_id), now)
    except _OF_THE_FILE as refusal:
        await _fail(db, import_id, refusal)
    except Exception as error:
        log.warning("import_put_off", id=str(import_id), error=type(error).__name__, exc_info=error)
        await _put_off(db, import_id, now)
    return 1


async def template(session: AsyncSession, supplier_id: UUID) -> bytes:
    """A workbook to fill in, which offers the supplier's SKUs to choose from and lists them beside."""
    goods = await catalogue.skus_of_supplier(session, supplier_id, limit=_IN_TEMPLATE)
    stock = await queries.availability(session, [sku for sku, _, _ in goods])
    rows = [(sku, name, variant, stock[sku].on_hand if sku in stock else 0) for sku, name, variant in goods]
    fill_in = Page(
        "库存更新",
        [
            Heading("货号", width=18, choices=f"=货号!$A$2:$A${max(len(rows), 1) + 1}"),
            Heading("库存数量", "whole", width=12),
            Heading("批次", width=16),
            Heading("方式", width=10, choices=("盘点", "增减")),
            Heading("盘点时间", "moment", width=20),
            Heading("原因", width=24),
        ],
        (),
    )
    known = Page("货号", [Heading("货号", width=18), Heading("品名", width=28), Heading("规格", width=20),
                        Heading("账面库存", "whole", width=12)], rows)  # fmt: skip
    return await asyncio.to_thread(workbook, fill_in, known)


async def forget_receipts(session: AsyncSession, *, now: datetime, limit: int = 5_000) -> int:
    """Remove rows of imports after 90 days; that a file was applied stays known, and the ledger has what it did.

    A sheet that nobody has applied by then cannot be any more, before the first of its rows is gone.
    """
    for row in await read.lock_left(session, now - _KEEP_ROWS):
        _give_up(row, SheetLeft())
    await session.flush()
    found = await session.execute(_FORGET, {"before": now - _KEEP_ROWS, "limit": limit})
    return int(found.rowcount)  # type: ignore[attr-defined]


async def _read(db: Database, import_id: UUID, raw: bytes, now: datetime) -> None:
    """Write down what the rows of a file say. Reading it a second time writes nothing twice."""
    lines: list[Line] = []
    count = 0
    async with opened(raw, COLUMNS, LIMITS) as sheet:
        async for row in sheet:
            count += 1
            lines.append(line_of(count, row))
            if len(lines) == CHUNK:
                await _note_lines(db, import_id, lines, count)
                lines.clear()
    if not count:
        raise SheetEmpty
    await _note_lines(db, import_id, lines, count)
    async with db.write() as session:
        await _close_reading(session, import_id, now)


async def _note_lines(db: Database, import_id: UUID, lines: Sequence[Line], count: int) -> None:
    rows = [
        asdict(line)
        | {
            "as_of": line.as_of.isoformat() if line.as_of else None,
            "faults": [asdict(fault) for fault in line.faults] or None,
        }
        for line in lines
    ]
    async with db.write() as session:
        await ask(session, _NOTE_LINES, {"import_id": import_id, "lines": dump(rows)})
        await ask(session, _SO_FAR, {"import_id": import_id, "total": count})


async def _close_reading(session: AsyncSession, import_id: UUID, now: datetime) -> None:
    """What only the whole sheet tells: what is counted twice, what is left out, what was applied before."""
    row = await read.lock_import(session, import_id)
    if row.read_at is not None:
        return
    asked = {"import_id": row.id, "supplier_id": row.supplier_id}
    await open_new(session, await read.unknown_skus(session, row.id))
    await ask(session, _REFUSE_TWICE, asked)
    if row.absent == Absent.ZERO:
        await ask(session, _CLEAR_ABSENT, asked)
    ((row.total, row.rejected_rows),) = await ask(session, _COUNT, asked)
    row.done = row.rejected_rows
    row.repeats = None if row.again else await read.applied_before(session, row)
    row.content, row.read_at, row.due_at, row.attempts = None, now, now, 0


async def _go_on(session: AsyncSession, row: ImportRow, now: datetime) -> None:
    """Judge or apply the next chunk of a locked import; what another worker has finished meanwhile is left alone."""
    if row.due_at is None:
        return
    lines, more = await read.next_lines(session, row.id, row.after_sku)
    if lines:
        results = await _treat(session, row, lines, now)
        changed = sum(result.code is None and result.before != result.after for result in results)
        rejected = sum(result.status == "rejected" for result in results)
        await _note_outcomes(session, row.id, lines, results)
        row.ok_rows += len(lines) - rejected
        row.changed_rows += changed
        row.rejected_rows += rejected
        row.done += len(lines)
        row.after_sku = str(lines[-1].sku)
    row.due_at, row.attempts = now, 0
    if more:
        return
    if row.status == Status.APPLYING:
        row.take(Step.FINISH)
        row.applied_at = now
        return
    row.take(Step.PRESENT)
    if row.at_once and not row.rejected_rows:
        await _begin_to_apply(session, row, now)


async def _treat(session: AsyncSession, row: ImportRow, lines: Sequence[Line], now: datetime) -> list[UpdateResult]:
    updates = [line.update(row.uploaded_at) for line in lines]
    if row.repeats is None and row.status == Status.APPLYING:
        by = Actor(row.by_account, frozenset({Role.SUPPLIER}), supplier_id=row.supplier_id)
        return await apply_updates(session, row.supplier_id, updates, by=by, now=now, partial=True)
    stocks = await queries.peek(session, {update.sku for update in updates}, owner=row.supplier_id)
    if row.repeats is not None:
        return [_untouched(index, line, stocks) for index, line in enumerate(lines)]
    named = await catalogue.lots_required(session, {update.sku for update in updates if update.lot_code is None})
    later = await queries.moved_later(session, updates)
    return plan_updates(updates, stocks, later, lots_required=named, now=now).results


def _untouched(index: int, line: Line, stocks: dict[str, StockState]) -> UpdateResult:
    stock = stocks.get(str(line.sku))
    book = stock if stock is None or line.lot_code is None else stock.lot(line.lot_code)
    here = book.on_hand if book is not None else 0
    on_hand, available = (stock.on_hand, stock.available) if stock is not None else (0, 0)
    return UpdateResult(index, str(line.sku), "applied", "same_file", on_hand, available, here, here)


async def _note_outcomes(
    session: AsyncSession, import_id: UUID, lines: Sequence[Line], results: Sequence[UpdateResult]
) -> None:
    outcomes = [
        Outcome.REJECTED
        if result.status == "rejected"
        else Outcome.UNCHANGED
        if result.before == result.after
        else Outcome.CHANGED
        for result in results
    ]
    await ask(
        session,
        _NOTE_OUTCOMES,
        {
            "import_id": import_id,
            "positions": array(line.position for line in lines),
            "outcomes": array(outcome.value for outcome in outcomes),
            "codes": array(result.code for result in results),
            "befores": array(result.before for result in results),
            "afters": array(result.after for result in results),
        },
    )


async def _begin_to_apply(session: AsyncSession, row: ImportRow, now: datetime) -> None:
    await ask(session, _ALONE, {"subject": f"inventory.import {row.supplier_id} {row.digest.hex()}"})
    row.repeats = None if row.again else await read.applied_before(session, row)
    row.take(Step.APPLY, due_at=now)
    row.after_sku, row.done, row.ok_rows, row.changed_rows = "", row.rejected_rows, 0, 0


async def _fail(db: Database, import_id: UUID, refusal: DomainError) -> None:
    async with db.write() as session:
        row = await read.lock_import(session, import_id)
        row.content = None
        row.read_at = row.read_at or row.uploaded_at
        _give_up(row, refusal)


def _give_up(row: ImportRow, why: DomainError) -> None:
    row.problem_code, row.problem_zh, row.problem_en = why.code, why.sentence("zh"), why.sentence("en")
    row.take(Step.FAIL)


async def _put_off(db: Database, import_id: UUID, now: datetime) -> None:
    """Try later. A file that cannot be read is given up; what is being applied is not left half done."""
    async with db.write() as session:
        row = await read.lock_import(session, import_id)
        row.attempts += 1
        row.due_at = now + min(timedelta(seconds=2**row.attempts), _LONGEST_PAUSE)
        tried = row.attempts if row.status == Status.CHECKING else 0
    if tried >= _ATTEMPTS:
        await _fail(db, import_id, ImportStopped())
