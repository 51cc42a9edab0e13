"""Reads of the ledger of counted sales, and its locks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.models import EntryRow
from app.assistance.rules import Channel, Entry, Evidence, Kind
from app.assistance.rules.counting import Remaining
from app.assistance.rules.drill import EVERYTHING, Wanted
from app.core.db import Database, array, ask

WIRE_COLUMNS = """e.id, e.posted_at, e.occurred_at, e.counted_on, e.kind, e.evidence, e.order_number, e.po_no,
    e.line_id, e.sku, e.lot_code,
    e.product_id, e.product_name, e.category, e.supplier_id, e.supplier_name, e.township_code, e.township, e.channel,
    e.division_code, e.quantity, e.weight_g, e.amount_fen, e.reverses, e.reason"""

_OF_LINES = text(f"""
SELECT {WIRE_COLUMNS} FROM assistance_entry s JOIN assistance_entry e ON e.id = s.id OR e.reverses = s.id
WHERE s.kind = 'sale' AND s.line_id = ANY (CAST(:lines AS uuid[]))
ORDER BY e.reverses IS NOT NULL, e.counted_on, e.id
""")

_LOCK_SALES = text("""
SELECT id, line_id, quantity, weight_g, amount_fen FROM assistance_entry
WHERE kind = 'sale' AND line_id = ANY (CAST(:lines AS uuid[])) ORDER BY id FOR NO KEY UPDATE
""")

_REVERSED = text("""
SELECT reverses, -sum(quantity) AS quantity, -sum(weight_g) AS weight_g, -sum(amount_fen) AS amount_fen,
       -min(amount_fen) FILTER (WHERE source_id = :source) AS from_source_fen
FROM assistance_entry WHERE reverses = ANY (CAST(:sales AS uuid[])) GROUP BY reverses
""")

BEGINNING = (date(2000, 1, 1), UUID(int=0))
"""A place in the ledger before every entry."""


@dataclass(frozen=True, slots=True)
class CountedSale:
    """A counted line under lock: what is left of it, and whether one source has reversed some of it already."""

    id: UUID
    line_id: UUID
    left: Remaining
    from_source_fen: int | None


async def lock_sales(session: AsyncSession, lines: Collection[UUID], *, source: UUID) -> list[CountedSale]:
    """Lock the sale entries of ``lines``, in the order of their ids, and see what of each is left."""
    sales = (await session.execute(_LOCK_SALES, {"lines": list(lines)})).all()
    if not sales:
        return []
    # A second statement on purpose: it sees what a reversal that held the lock before us has committed.
    rows = (await session.execute(_REVERSED, {"sales": [sale.id for sale in sales], "source": source})).all()
    gone = {row.reverses: row for row in rows}
    found = []
    for sale in sales:
        row = gone.get(sale.id)
        left = Remaining(
            sale.quantity - int(row.quantity if row else 0),
            sale.weight_g - int(row.weight_g if row else 0),
            sale.amount_fen - int(row.amount_fen if row else 0),
        )
        from_source = None if row is None or row.from_source_fen is None else int(row.from_source_fen)
        found.append(CountedSale(sale.id, sale.line_id, left, from_source))
    return found


async def posted(session: AsyncSession, kind: Kind, source: UUID) -> dict[UUID, tuple[int, int]]:
    """What a source has posted: line → (quantity, amount_fen)."""
    rows = await session.execute(
        select(EntryRow.line_id, EntryRow.quantity, EntryRow.amount_fen).where(
            EntryRow.kind == kind.value, EntryRow.source_id == source
        )
    )
    return {line_id: (quantity, amount_fen) for line_id, quantity, amount_fen in rows}


def entry_value(row: RowMapping | Mapping[str, Any]) -> Entry:
    """The row, with the columns of ``WIRE_COLUMNS``, as a value."""
    told = {"kind": Kind(row["kind"]), "channel": Channel(row["channel"]), "evidence": Evidence(row["evidence"])}
    return Entry(**{**row, **told})


@lru_cache(maxsize=512)
def _page(columns: tuple[str, ...]) -> TextClause:
    """The statement that reads a page of the ledger, filtered by these columns: the others are not even named."""
    passes = "".join(f" AND {_PASSES.get(column, _ONE_OF).format(column=column)}" for column in columns)
    return text(f"""
SELECT {WIRE_COLUMNS} FROM assistance_entry e
WHERE e.counted_on <= :last AND (e.counted_on, e.id) > (CAST(:after_on AS date), CAST(:after_id AS uuid)){passes}
ORDER BY e.counted_on, e.id LIMIT :limit
""")


VILLAGE = "(SELECT v.village FROM inventory_lot v WHERE v.sku = e.sku AND v.code = e.lot_code)"
"""Where the goods of an entry ``e`` grew, as a scalar expression in SQL: a lot's village never changes, and NULL is not
said."""
_ONE_OF = "e.{column} = ANY (CAST(:{column} AS text[]))"
_OF_IDS = "e.{column} = ANY (CAST(:{column} AS uuid[]))"
_PASSES = {
    "product_id": _OF_IDS,
    "supplier_id": _OF_IDS,
    "partner_id": _OF_IDS,
    "village": f"{VILLAGE} = ANY (CAST(:village AS text[]))",
    "division_code": "e.{column} LIKE ANY (CAST(:{column} AS text[]))",
}


async def ledger(
    session: AsyncSession,
    first: date,
    last: date,
    *,
    wanted: Wanted = EVERYTHING,
    after: tuple[date, UUID],
    limit: int,
) -> list[Entry]:
    """Entries counted on the days ``first`` to ``last`` that are ``wanted``, oldest first, after a place in the ledger.

    The index of days and ids is read from that place until there are enough, whatever the ledger holds.
    """
    return [_entry(row) for row in await ask(session, *_page_of(first, last, wanted, after, limit))]


async def page_of_ledger(
    db: Database, first: date, last: date, *, wanted: Wanted, after: tuple[date, UUID], limit: int
) -> list[Entry]:
    """As ``ledger``, with no session around it: for the page that officers turn all day."""
    return [_entry(row) for row in await db.look(*_page_of(first, last, wanted, after, limit))]


def _page_of(
    first: date, last: date, wanted: Wanted, after: tuple[date, UUID], limit: int
) -> tuple[TextClause, dict[str, Any]]:
    asked = wanted.values
    # The place alone says where to begin: beside a second bound PostgreSQL would read the index from the lower of both.
    after = max(after, (first, UUID(int=0)))
    values: dict[str, Any] = {column: array(f"{value}%" if column == "division_code" else value for value in some)
              for column, some in asked.items()}  # fmt: skip
    values |= {"last": last, "after_on": after[0], "after_id": after[1], "limit": limit}
    return _page(tuple(asked)), values


def _entry(row: Sequence[Any]) -> Entry:
    entry = Entry(*row)
    return replace(entry, kind=Kind(entry.kind), channel=Channel(entry.channel))


async def entries_of(session: AsyncSession, lines: Collection[UUID]) -> list[Entry]:
    """The ledger entries of order lines: their sales, and what reversed those."""
    rows = await session.execute(_OF_LINES, {"lines": list(lines)})
    return [entry_value(row) for row in rows.mappings()]
