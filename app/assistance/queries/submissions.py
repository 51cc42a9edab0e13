"""Reads of reports that were handed in, and of what the ledger says differently between two cut-offs."""

from __future__ import annotations

import csv
import io
from datetime import date
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.models import SubmissionRow
from app.assistance.queries.ledger import WIRE_COLUMNS, entry_value
from app.assistance.rules import Evidence, Kind
from app.assistance.rules.counting import programme_on
from app.assistance.rules.submissions import Change, Changes, MonthChange, Submission
from app.core.db import ask
from app.core.errors import NotFound

# Whatever happened or counts within the days, or corrects what counts in them.
_CONCERNED = """
    FROM assistance_sealed_entry z JOIN assistance_entry e ON e.id = z.entry_id
    LEFT JOIN assistance_entry s ON s.id = e.reverses
    WHERE z.seq > :after AND z.seq <= :upto AND (
        e.counted_on BETWEEN :first AND :last OR s.counted_on BETWEEN :first AND :last
        OR CAST(e.occurred_at AT TIME ZONE 'Asia/Shanghai' AS date) BETWEEN :first AND :last)
"""
_CHANGES = text(f"""
SELECT z.seq, e.counted_on BETWEEN :first AND :last AS counted_here, {WIRE_COLUMNS} {_CONCERNED}
ORDER BY z.seq LIMIT :limit
""")
_MONTHS = text(f"""
SELECT e.counted_month, e.kind, e.evidence, count(*), sum(e.amount_fen) {_CONCERNED}
GROUP BY 1, 2, 3 ORDER BY 1, 2 DESC, 3 DESC
""")


async def changes(
    session: AsyncSession, *, after: int, upto: int, first: date, last: date, page_after: int, limit: int
) -> Changes:
    """What entries with places after ``after`` up to ``upto`` say about the days ``first`` to ``last``.

    All of it is summed; ``limit`` entries with places after ``page_after`` are told one by one.
    """
    span = {"upto": upto, "first": first, "last": last}
    sums = await ask(session, _MONTHS, {**span, "after": after})
    months = [MonthChange(month, Kind(kind), Evidence(e), int(n), int(fen)) for month, kind, e, n, fen in sums]
    rows = await session.execute(_CHANGES, {**span, "after": max(after, page_after), "limit": limit})
    items = []
    for row in rows.mappings():
        told = dict(row)
        seq, counted_here = told.pop("seq"), told.pop("counted_here")
        items.append(Change(seq, entry_value(told), counted_here))
    return Changes(after, upto, sum(month.amount_fen for month in months), tuple(months), tuple(items))


# Names sort by their bytes, so that the order is the same in every installation.
_STATEMENT = text("""
SELECT to_char(e.counted_month, 'YYYY-MM'), e.counted_month, e.evidence, e.channel, e.category, e.township_code,
       e.township, e.supplier_id, e.supplier_name, count(*), sum(e.quantity), sum(e.weight_g),
       coalesce(sum(e.amount_fen) FILTER (WHERE e.kind = 'sale'), 0),
       coalesce(sum(e.amount_fen) FILTER (WHERE e.kind = 'refund'), 0),
       coalesce(sum(e.amount_fen) FILTER (WHERE e.kind = 'adjustment'), 0), sum(e.amount_fen)
FROM assistance_entry e JOIN assistance_sealed_entry z ON z.entry_id = e.id
WHERE e.counted_on BETWEEN :first AND :last AND z.seq <= :cut_off
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
ORDER BY e.counted_month, e.evidence COLLATE "C" DESC, e.channel COLLATE "C", e.category COLLATE "C",
         e.township_code COLLATE "C", e.township COLLATE "C", e.supplier_id, e.supplier_name COLLATE "C"
""")
_HEADER = (
    *("month", "programme", "evidence", "channel", "category", "township_code", "township", "supplier_id", "supplier"),
    *("entries", "quantity", "weight_g", "sales_fen", "refunds_fen", "adjustments_fen", "net_fen"),
)


async def statement(session: AsyncSession, first: date, last: date, cut_off: int) -> tuple[bytes, int]:
    """The ledger's own statement of the days ``first`` to ``last`` at a cut-off, as CSV, and its number of rows.

    Months, what stands behind the sales, channel, goods, township and supplier; the same bytes whenever it is asked.
    """
    rows = await ask(session, _STATEMENT, {"first": first, "last": last, "cut_off": cut_off})
    to = io.StringIO(newline="")
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(_HEADER)
    for month, day, *rest in rows:
        programme = programme_on(day)
        writer.writerow([month, programme.code if programme else "", *rest])
    return to.getvalue().encode("utf-8-sig"), len(rows)


def _submission(row: SubmissionRow) -> Submission:
    return Submission(
        id=row.id,
        report=row.report,
        definition=row.definition,
        parameters=row.parameters,
        cut_off=row.cut_off,
        rows=row.rows,
        media_type=row.media_type,
        sha256=row.sha256,
        submitted_at=row.submitted_at,
        submitted_by=row.submitted_by,
    )


async def submission(session: AsyncSession, submission_id: UUID) -> tuple[Submission, bytes]:
    """A report that was handed in, and its bytes. Raises ``NotFound``."""
    row = await session.get(SubmissionRow, submission_id)
    if row is None:
        raise NotFound
    return _submission(row), row.content


async def submissions(session: AsyncSession, *, before: UUID | None, limit: int) -> list[Submission]:
    """Reports that were handed in, the latest first."""
    query = select(*(column for column in SubmissionRow.__table__.columns if column.name != "content"))
    if before is not None:
        query = query.where(SubmissionRow.id < before)
    rows = await session.execute(query.order_by(SubmissionRow.id.desc()).limit(limit))
    return [Submission(**row) for row in rows.mappings()]
