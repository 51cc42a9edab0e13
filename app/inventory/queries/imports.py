"""Reads of imports and their rows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import ask
from app.core.errors import NotFound
from app.core.sheets import RowFault
from app.inventory.lifecycle import AT_WORK, Status
from app.inventory.models import ImportLineRow, ImportRow
from app.inventory.rules.imports import CHUNK, Absent, Import, Line, Outcome, Problem, Receipt

_LINES = """
SELECT position, number, sku, lot_code, mode, quantity, as_of, reason FROM inventory_import_row
WHERE import_id = :import_id AND outcome <> 'rejected' AND sku {where} ORDER BY sku, position LIMIT :limit
"""
_NEXT_LINES = text(_LINES.format(where="> :after"))
_LINES_OF_ONE = text(_LINES.format(where="= :after"))
_ONE_OF_SAME_BYTES = text("""
SELECT id FROM inventory_import
WHERE supplier_id = :supplier_id AND digest = :digest AND id <> :import_id AND repeats IS NULL
  AND status IN ('applying', 'applied')
ORDER BY id LIMIT 1
""")
_UNKNOWN_SKUS = text("""
SELECT DISTINCT r.sku FROM inventory_import_row r LEFT JOIN inventory_stock s ON s.sku = r.sku
WHERE r.import_id = :import_id AND r.sku IS NOT NULL AND s.sku IS NULL
""")


async def next_import(session: AsyncSession, now: datetime) -> ImportRow | None:
    """The import that has waited longest for the worker, locked; those that another worker has in hand are not seen."""
    found: ImportRow | None = await session.scalar(
        select(ImportRow)
        .where(ImportRow.due_at.is_not(None), ImportRow.due_at <= now)
        .order_by(ImportRow.due_at, ImportRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return found


async def content_of(session: AsyncSession, import_id: UUID) -> bytes:
    """The file of an import that has not been read."""
    found = await session.scalar(select(ImportRow.content).where(ImportRow.id == import_id))
    return bytes(found or b"")


async def lock_import(session: AsyncSession, import_id: UUID, *, supplier_id: UUID | None = None) -> ImportRow:
    """The import, locked; of ``supplier_id`` if given. Raises ``NotFound``."""
    query = select(ImportRow).where(ImportRow.id == import_id).with_for_update()
    if supplier_id is not None:
        query = query.where(ImportRow.supplier_id == supplier_id)
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return row


async def lock_left(session: AsyncSession, before: datetime) -> list[ImportRow]:
    """Imports that were checked and left alone since, locked; those that somebody has in hand are not seen."""
    rows = await session.scalars(
        select(ImportRow)
        .where(ImportRow.status == Status.CHECKED.value, ImportRow.uploaded_at < before)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def imports_at_work(session: AsyncSession, supplier_id: UUID) -> int:
    """How many imports of a supplier wait for the worker."""
    query = select(func.count()).where(ImportRow.supplier_id == supplier_id, ImportRow.status.in_(sorted(AT_WORK)))
    return (await session.scalar(query)) or 0


async def applied_before(session: AsyncSession, row: ImportRow) -> UUID | None:
    """Another import of the same bytes that is being applied or was."""
    asked = {"supplier_id": row.supplier_id, "digest": row.digest, "import_id": row.id}
    found = await ask(session, _ONE_OF_SAME_BYTES, asked)
    return found[0][0] if found else None


async def unknown_skus(session: AsyncSession, import_id: UUID) -> list[str]:
    """SKUs that the sheet names and the stock-room has never met."""
    return [row[0] for row in await ask(session, _UNKNOWN_SKUS, {"import_id": import_id})]


async def next_lines(session: AsyncSession, import_id: UUID, after_sku: str) -> tuple[list[Line], bool]:
    """The rows of the next SKUs, each SKU with all of its rows, and whether there are more."""
    asked = {"import_id": import_id, "after": after_sku, "limit": CHUNK + 1}
    lines = [Line(*row) for row in await ask(session, _NEXT_LINES, asked)]
    if len(lines) <= CHUNK:
        return lines, False
    cut = lines[-1].sku
    whole = [line for line in lines if line.sku != cut]
    if not whole:  # more rows than a chunk has are about one SKU
        rows = await ask(session, _LINES_OF_ONE, {"import_id": import_id, "after": cut, "limit": None})
        whole = [Line(*row) for row in rows]
    return whole, True


async def import_of(session: AsyncSession, import_id: UUID, *, supplier_id: UUID) -> Import:
    """One import of this supplier. Raises ``NotFound``."""
    query = select(ImportRow).where(ImportRow.id == import_id, ImportRow.supplier_id == supplier_id)
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return import_value(row)


async def page_of_imports(session: AsyncSession, supplier_id: UUID, *, before: UUID | None, limit: int) -> list[Import]:
    """A supplier's imports, newest first."""
    query = select(ImportRow).where(ImportRow.supplier_id == supplier_id)
    if before is not None:
        query = query.where(ImportRow.id < before)
    rows = await session.scalars(query.order_by(ImportRow.id.desc()).limit(limit))
    return [import_value(row) for row in rows]


async def page_of_receipts(
    session: AsyncSession, import_id: UUID, *, outcome: Outcome | None, after: int, limit: int
) -> list[Receipt]:
    """The rows of an import in the order of the sheet, then those that the sheet leaves out."""
    row = ImportLineRow
    query = select(
        row.position, row.number, row.sku, row.lot_code, row.mode, row.quantity, row.as_of, row.reason, row.faults,
        row.outcome, row.code, row.before, row.after,
    ).where(row.import_id == import_id, row.position > after)  # fmt: skip
    if outcome is not None:
        query = query.where(row.outcome == outcome.value)
    return [
        Receipt(
            Line(*found[:8], faults=tuple(RowFault(**fault) for fault in found[8] or ())),
            Outcome(found[9]),
            code=found[10],
            before=found[11],
            after=found[12],
        )
        for found in await session.execute(query.order_by(row.position).limit(limit))
    ]


def import_value(row: ImportRow) -> Import:
    """The value that crosses the border."""
    problem = None
    if row.status == Status.FAILED:
        problem = Problem(str(row.problem_code), str(row.problem_zh), str(row.problem_en))
    return Import(
        id=row.id,
        status=row.status,
        absent=Absent(row.absent),
        repeats=row.repeats,
        uploaded_at=row.uploaded_at,
        applied_at=row.applied_at,
        done=row.done,
        total=row.total,
        ok=row.ok_rows,
        changed=row.changed_rows,
        rejected=row.rejected_rows,
        problem=problem,
    )
