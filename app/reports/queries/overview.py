"""The one statement of an overview: several small sums of the ledger, each read from the least rows that can tell it.

Amounts add up over anything, so a sum that is kept by more columns than are asked for answers as well; where none is
kept, the ledger itself does.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import GOODS, NAMED, VILLAGE_OF_ENTRY, View, view_for
from app.core.db import ask
from app.reports.rules.overview import Overview, Piece, Slice, Sums, a_year_before

_WITHIN = "{month} BETWEEN :first AND :last"
_BOTH = f"({_WITHIN} OR {{month}} BETWEEN :first_before AND :last_before)"
_GROSS = "CASE WHEN e.kind = 'refund' THEN 0 ELSE e.amount_fen END"
_REFUNDED = "CASE WHEN e.kind = 'refund' THEN -e.amount_fen ELSE 0 END"
# Without a cast the planner would take a bare parameter for text and compare no uuid with it.
_PASSES = {
    "channel": "{column} = :channel",
    "category": "{column} = :category",
    "supplier_id": "{column} = CAST(:supplier_id AS uuid)",
    "township_code": "{column} = :township_code",
    "village": f"{VILLAGE_OF_ENTRY} = :village",
    "division_code": "{column} LIKE :division_code",
}


class _Part(NamedTuple):
    """One sum: the columns that it needs, what it is grouped by (``{m}`` a month), and the span of months."""

    name: str
    columns: tuple[str, ...]
    keys: tuple[str, str, str]
    span: str = _WITHIN


def _parts(place_digits: int) -> tuple[_Part, ...]:
    place = f"left({{division_code}}, {place_digits})"
    return (
        _Part("month", ("channel", "product_id"), ("CAST({m} AS text)", "{channel}", "{declared}"), _BOTH),
        _Part("place", ("category", "division_code"), (place, "{category}", "''")),
        _Part("supplier", ("supplier_id",), ("CAST({supplier_id} AS text)", "''", "{supplier_name}")),
        _Part("township", ("township_code",), ("{township_code}", "''", "{township}")),
    )


def _view(columns: Collection[str]) -> View | None:
    """The smallest sum by month that knows these columns; the product decides everything of goods but SKU and lot."""
    if "village" in columns:
        return None
    return view_for(columns, "month") or view_for({*columns, "product_id"}, "month")


def _of_sums(part: _Part, view: View, filters: Collection[str]) -> str:
    names = [*view.columns, *(NAMED[column] for column in view.columns if column in NAMED)]
    said = {name: f"{'g' if name in GOODS or name in _GOODS_NAMES else 'b'}.{name}" for name in names}
    said |= {"m": "s.at", "declared": "CASE WHEN g.product_id IS NULL THEN '1' ELSE '' END"}
    keys = [key.format(**said) for key in part.keys]
    passes = [_PASSES[column].format(column=said[column]) for column in filters]
    where = " AND ".join([f"s.view = {view.code}", part.span.format(month="s.at"), *passes])
    return f"""
        SELECT {keys[0]} AS a, {keys[1]} AS b, {keys[2]} AS c, s.entries, s.quantity, s.gross_fen, s.refunded_fen
        FROM assistance_sum s JOIN assistance_goods g ON g.id = s.goods_id JOIN assistance_buyer b ON b.id = s.buyer_id
        WHERE {where}"""


_GOODS_NAMES = frozenset(NAMED[column] for column in GOODS if column in NAMED)


def _of_entries(part: _Part, source: str, filters: Collection[str]) -> str:
    said = _Entry({"m": "e.counted_month", "declared": "CASE WHEN e.evidence = 'declared' THEN '1' ELSE '' END"})
    keys = [key.format_map(said) for key in part.keys]
    passes = [_PASSES[column].format(column=f"e.{column}") for column in filters]
    where = " AND ".join([part.span.format(month="e.counted_month"), *passes])
    if source != "tail":  # months have no index, days do
        since = "first_before" if part.span == _BOTH else "first"
        where += f" AND e.counted_on BETWEEN :{since} AND :ends_on"
    return f"""
        SELECT {keys[0]} AS a, {keys[1]} AS b, {keys[2]} AS c, 1 AS entries, e.quantity, {_GROSS} AS gross_fen,
               {_REFUNDED} AS refunded_fen
        FROM {source} e WHERE {where}"""


class _Entry(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"e.{key}"


def _of_villages(filters: tuple[str, ...]) -> str:
    """Net amounts by the village of the lot: from the sums by lot where these know the filters, else from entries."""
    source = "assistance_entry e WHERE e.counted_on BETWEEN :first AND :ends_on"
    if {"category", "supplier_id"} >= set(filters):
        source = "assistance_lot_unfolded u JOIN assistance_entry e ON e.id = u.entry_id WHERE " + _WITHIN.format(
            month="e.counted_month"
        )
    passes = "".join(f" AND {_PASSES[column].format(column=f'e.{column}')}" for column in filters)
    entries = f"SELECT e.sku, e.lot_code, e.amount_fen FROM {source}{passes}"
    if "unfolded" in source:
        entries += f""" UNION ALL
        SELECT e.sku, e.lot_code, e.amount_fen FROM assistance_lot_sum e
        WHERE e.of_month AND {_WITHIN.format(month="e.at")}{passes}"""
    return f"""
SELECT 'village' AS part, coalesce(v.village, '') AS a, '' AS b, coalesce(v.village, '') AS c, 0,
       CAST(sum(x.amount_fen) AS bigint), 0
FROM ({entries}) AS x LEFT JOIN inventory_lot v ON v.sku = x.sku AND v.code = x.lot_code
GROUP BY 2 HAVING sum(x.amount_fen) <> 0"""


@lru_cache(maxsize=256)
def _statement(filters: tuple[str, ...], place_digits: int) -> TextClause:
    told = []
    for part in _parts(place_digits):
        view = _view({*part.columns, *filters})
        if view is None:
            source = _of_entries(part, "assistance_entry", filters)
        else:
            source = f"{_of_sums(part, view, filters)} UNION ALL {_of_entries(part, 'tail', filters)}"
        name = "max(c)" if part.name in ("supplier", "township") else "c"
        grouped = "a, b" if part.name in ("supplier", "township") else "a, b, c"
        told.append(f"""
SELECT '{part.name}' AS part, a, b, {name} AS c, CAST(sum(quantity) AS bigint), CAST(sum(gross_fen) AS bigint),
       CAST(sum(refunded_fen) AS bigint)
FROM ({source}) AS {part.name} GROUP BY {grouped} HAVING sum(entries) > 0""")
    told.append(_of_villages(filters))
    apart = [_PASSES[column].format(column=f"e.{column}") for column in filters]
    told.append(f"""
SELECT 'declared' AS part, x.kind, x.key, '', CAST(sum(e.quantity) AS bigint), CAST(sum({_GROSS}) AS bigint),
       CAST(sum({_REFUNDED}) AS bigint)
FROM assistance_entry e CROSS JOIN LATERAL (
    VALUES ('channel', e.channel), ('category', e.category), ('supplier', CAST(e.supplier_id AS text)),
           ('township', e.township_code), ('place', left(e.division_code, {place_digits}))) AS x(kind, key)
WHERE {" AND ".join(["e.evidence = 'declared' AND e.counted_on BETWEEN :first AND :ends_on", *apart])}
GROUP BY x.kind, x.key""")
    return text(f"""
WITH tail AS MATERIALIZED (
    SELECT e.* FROM assistance_unfolded u JOIN assistance_entry e ON e.id = u.entry_id
)
SELECT 'undelivered' AS part, '' AS a, '' AS b, '' AS c, count(*), 0, 0 FROM core_delivery WHERE lane = 'assistance'
UNION ALL SELECT 'known', CAST(id AS text), code, name, 0, 0, 0 FROM suppliers_supplier
UNION ALL {" UNION ALL ".join(told)}
""")


async def overview(session: AsyncSession, wanted: Slice, *, now: datetime) -> Overview:
    """Counted sales of a slice by month and channel, place and category, supplier, township, and village."""
    values: dict[str, Any] = {
        "first": wanted.first,
        "last": wanted.last,
        "first_before": a_year_before(wanted.first),
        "last_before": a_year_before(wanted.last),
        "ends_on": wanted.ends_on,
    }
    filters = wanted.filters
    values |= {column: str(value) if isinstance(value, UUID) else value for column, value in filters.items()}
    if "division_code" in filters:
        values["division_code"] = f"{filters['division_code']}%"
    rows = await ask(session, _statement(tuple(sorted(filters)), wanted.place_digits), values)
    undelivered = 0
    months: dict[tuple[date, str], Sums] = {}
    declared: dict[date, Sums] = {}
    places: dict[tuple[str, str], Sums] = {}
    declared_of: dict[tuple[str, str], Sums] = {}
    known: list[tuple[str, str, str]] = []
    pieces: dict[str, list[Piece]] = {"supplier": [], "township": [], "village": []}
    for part, a, b, c, *figures in rows:
        sums = Sums(*map(int, figures))
        if part == "undelivered":
            undelivered = sums.quantity
        elif part == "known":
            known.append((b, a, c))
        elif part == "month":
            month = date.fromisoformat(a)
            months[month, b] = months.get((month, b), Sums()).plus(sums)
            if c:
                declared[month] = declared.get(month, Sums()).plus(sums)
        elif part == "place":
            places[a, b] = sums
        elif part == "declared":
            declared_of[a, b] = sums
        else:
            pieces[part].append(Piece(a, c, sums))
    for found in pieces.values():
        found.sort(key=lambda piece: (-piece.sums.net_fen, piece.key))
    return Overview(
        wanted=wanted,
        as_of=now,
        undelivered_facts=undelivered,
        months=months,
        declared=declared,
        declared_of=declared_of,
        places=places,
        suppliers=pieces["supplier"],
        townships=pieces["township"],
        villages=pieces["village"],
        known_suppliers=[(supplier_id, name) for _, supplier_id, name in sorted(known)],
    )
