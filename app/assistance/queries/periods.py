"""Reads of months: what they come to, what of them is closed, and their canonical form."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.models import ClosingRow
from app.assistance.rules.periods import Closing, MonthOpen, MonthStanding, Sums, following
from app.core.clock import day_start
from app.core.db import ask

_CHUNK = 2_000

_HOLD_POSTING = text("SELECT pg_advisory_xact_lock_shared(hashtext('assistance.posting'))")
_STOP_POSTING = text("SELECT pg_advisory_xact_lock(hashtext('assistance.posting'))")
_OPEN_FROM = text("SELECT CAST(max(month) + interval '1 month' AS date) FROM assistance_closing")


async def open_from(session: AsyncSession) -> date | None:
    """The first day that is not closed, None while no month is; none is closed before this transaction ends.

    Every posting asks this first. The lock comes in a statement of its own, so that the answer is not older than it.
    """
    await ask(session, _HOLD_POSTING, {})
    ((day,),) = await ask(session, _OPEN_FROM, {})
    return day  # type: ignore[no-any-return]


async def stop_posting(session: AsyncSession) -> None:
    """Wait until everybody who posts has finished; nobody posts before this transaction ends."""
    await ask(session, _STOP_POSTING, {})


_SUMS = text("""
SELECT count(*), coalesce(sum(amount_fen) FILTER (WHERE kind = 'sale'), 0),
       coalesce(sum(amount_fen) FILTER (WHERE kind = 'refund'), 0),
       coalesce(sum(amount_fen) FILTER (WHERE kind = 'adjustment'), 0), coalesce(sum(amount_fen), 0),
       coalesce(sum(amount_fen) FILTER (WHERE evidence = 'declared'), 0)
FROM assistance_entry WHERE counted_on >= :first AND counted_on < :upto
""")
_UNDELIVERED = text("""
SELECT count(*) FROM core_delivery d JOIN core_event e ON e.id = d.event_id
WHERE d.lane = 'assistance' AND e.at < :upto
""")
_FIRST_MONTH = text(
    "SELECT CAST(date_trunc('month', CAST(min(counted_on) AS timestamp)) AS date) FROM assistance_entry"
)


async def sums_of(session: AsyncSession, month: date) -> Sums:
    """What the ledger says of a month now."""
    (row,) = await ask(session, _SUMS, {"first": month, "upto": following(month)})
    return Sums(*(int(value) for value in row))


async def undelivered(session: AsyncSession, upto: datetime) -> int:
    """How many facts from before ``upto`` have not reached the ledger; what was put aside has not either."""
    ((count,),) = await ask(session, _UNDELIVERED, {"upto": upto})
    return int(count)


async def first_month(session: AsyncSession) -> date | None:
    """The month of the first entry."""
    ((month,),) = await ask(session, _FIRST_MONTH, {})
    return month  # type: ignore[no-any-return]


def _closing(row: ClosingRow) -> Closing:
    sums = Sums(row.entries, row.sales_fen, row.refunds_fen, row.adjustments_fen, row.net_fen, row.declared_fen)
    return Closing(row.month, row.closed_at, row.closed_by, row.cut_off, sums, row.sha256, row.chain)


async def closing(session: AsyncSession, month: date) -> Closing | None:
    """How a month was closed, if it is."""
    row = await session.get(ClosingRow, month)
    return None if row is None else _closing(row)


async def closed(session: AsyncSession, month: date) -> Closing:
    """The same of a month that is closed. Raises ``MonthOpen``."""
    found = await closing(session, month)
    if found is None:
        raise MonthOpen
    return found


async def closings(session: AsyncSession, *, before: date | None, limit: int) -> list[Closing]:
    """Closed months, the latest first."""
    query = select(ClosingRow).order_by(ClosingRow.month.desc()).limit(limit)
    if before is not None:
        query = query.where(ClosingRow.month < before)
    return [_closing(row) for row in await session.scalars(query)]


async def month_standing(session: AsyncSession, month: date) -> MonthStanding:
    """Where a month stands, closed or not."""
    found = await closing(session, month)
    waiting = await undelivered(session, day_start(following(month)))
    return MonthStanding(month, found, found.sums if found else await sums_of(session, month), waiting)


# --- the canonical form of a month -----------------------------------------------------------------------------------


def _said(column: str) -> str:
    return f"""'"' || replace(coalesce({column}, ''), '"', '""') || '"'"""


def _at(column: str) -> str:
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


_CSV: Mapping[str, str] = {
    "seq": "CAST(z.seq AS text)",
    "entry_id": "CAST(e.id AS text)",
    "counted_on": "to_char(e.counted_on, 'YYYY-MM-DD')",
    "occurred_at": _at("e.occurred_at"),
    "posted_at": _at("e.posted_at"),
    "kind": "e.kind",
    "evidence": "e.evidence",
    "source_id": "CAST(e.source_id AS text)",
    "order_number": _said("e.order_number"),
    "po_no": _said("e.po_no"),
    "line_id": "CAST(e.line_id AS text)",
    "sku": _said("e.sku"),
    "lot_code": _said("e.lot_code"),
    "product_name": _said("e.product_name"),
    "category": _said("e.category"),
    "supplier_id": "CAST(e.supplier_id AS text)",
    "supplier_name": _said("e.supplier_name"),
    "township_code": _said("e.township_code"),
    "township": _said("e.township"),
    "channel": "e.channel",
    "division_code": _said("e.division_code"),
    "partner_name": _said("e.partner_name"),
    "quantity": "CAST(e.quantity AS text)",
    "weight_g": "CAST(e.weight_g AS text)",
    "amount_fen": "CAST(e.amount_fen AS text)",
    "reverses": "coalesce(CAST(e.reverses AS text), '')",
    "reason": "coalesce(e.reason, '')",
    "by": "coalesce(CAST(e.by_account AS text), '')",
    "approved_by": "coalesce(CAST(e.approved_by AS text), '')",
    "sha256": "encode(z.digest, 'hex')",
}
CSV_HEADER = ",".join(_CSV) + "\n"
CSV_LINE = " || ',' || ".join(_CSV.values()) + " || chr(10)"
"""An entry ``e`` with its place ``z`` as a line of the canonical CSV, as SQL: UTF-8, LF, words in quotes."""

_PAGE = text(f"""
WITH page AS (
    SELECT e.counted_on, e.id, {CSV_LINE} AS line
    FROM assistance_entry e JOIN assistance_sealed_entry z ON z.entry_id = e.id
    WHERE e.counted_on >= :first AND e.counted_on < :upto AND z.seq <= :cut_off
      AND (e.counted_on, e.id) > (CAST(:after_on AS date), CAST(:after_id AS uuid))
    ORDER BY e.counted_on, e.id LIMIT {_CHUNK}
)
SELECT string_agg(line, '' ORDER BY counted_on, id), max(counted_on),
       (array_agg(id ORDER BY counted_on DESC, id DESC))[1], count(*) FROM page
""")


async def canonical_csv(session: AsyncSession, month: date, cut_off: int) -> AsyncIterator[bytes]:
    """The entries counted in a month, with places up to ``cut_off``, by day and id: the same bytes whenever asked.

    Streamed in pieces of two thousand lines.
    """
    yield CSV_HEADER.encode()
    after: tuple[date, UUID] = (date(1, 1, 1), UUID(int=0))
    span = {"first": month, "upto": following(month), "cut_off": cut_off}
    while True:
        ((lines, last_on, last_id, count),) = await ask(
            session, _PAGE, {**span, "after_on": after[0], "after_id": after[1]}
        )
        if lines:
            yield lines.encode()
        if count < _CHUNK:
            return
        after = (last_on, last_id)
