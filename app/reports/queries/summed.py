"""The statement of a sales report that reads the ledger's sums, and the few entries that no sum contains yet.

Orders are counted as ``app.assistance`` sums them: a row of the sums tells how many orders were sold within a day or
month and when those were last sold before, so an order of several days is counted once in each bucket of time. For
orders that have entries which are not folded yet, and for those that are kept apart, the statement counts what the
ledger says now and takes back what the sums say. What was declared from outside the platform is part of the sums; how
much it is on each row is asked of its own few entries, which have an index.
"""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import TextClause, text

from app.assistance import BUYER, GOODS, LEDGER_ENTRIES, NAMED, View, view_for
from app.reports.rules import COLUMNS, Group, Question

_TIMES = (Group.MONTH, Group.DAY)
_MONTH = "CAST(date_trunc('month', CAST(at AS timestamp)) AS date)"


def key_of(group: Group) -> str:
    """The column of the ledger by which a group is one."""
    return COLUMNS.get(group, (group.value,))[0]


def view_of(question: Question) -> View | None:
    """The sums that answer this question; None where only the ledger can, whose cost grows with its entries.

    That is where villages are asked for, and where places or partners are crossed with suppliers, townships, products
    or SKUs, whatever time stands beside: of such cells there are nearly as many as entries. By days, or over a span
    that is not of whole months, it is also where two of category, supplier and township are crossed without a product
    or SKU; by months, where all three are.
    """
    if Group.VILLAGE in question.groups:
        return None
    columns = [key_of(group) for group in question.groups if group not in _TIMES]
    monthly = question.of_whole_months and Group.DAY not in question.groups
    return view_for(columns, "month" if monthly else "day")


def _statement(groups: tuple[Group, ...], view: View) -> str:
    total = view_for((), view.by)
    assert total is not None  # noqa: S101 - the whole is always summed
    of_sums = {Group.MONTH: "at" if view.by == "month" else _MONTH, Group.DAY: "at"}
    columns = {key_of(group) for group in groups if group not in _TIMES}
    told = "assistance_sum s"
    if columns & set(GOODS):
        told += " JOIN assistance_goods g ON g.id = s.goods_id"
    if columns & set(BUYER):
        told += " JOIN assistance_buyer b ON b.id = s.buyer_id"
    of_entries = {Group.MONTH: "counted_month", Group.DAY: "counted_on"}
    keys = [f"k{place}" for place in range(len(groups))]
    names = [(f"n{place}", NAMED[key_of(group)]) for place, group in enumerate(groups) if key_of(group) in NAMED]

    def shown(columns: dict[Group, str]) -> str:
        pairs = [f"{columns.get(group, key_of(group))} AS {key}" for group, key in zip(groups, keys, strict=True)]
        return ", ".join([*pairs, *(f"{column} AS {name}" for name, column in names)])

    # What comes before the bucket of time, but within the period, has counted the order already.
    begins = "at" if Group.DAY in groups or (Group.MONTH in groups and view.by == "month") else ":first"
    if Group.MONTH in groups and view.by == "day" and Group.DAY not in groups:
        begins = f"greatest(:first, {_MONTH})"
    new = f"CASE WHEN prev >= {begins} THEN 0 ELSE orders END"
    of_kin = "CASE WHEN folded AND NOT odd THEN order_id END"
    listed = ", ".join(keys)
    named = "".join(f", max({name})" for name, _ in names)
    unnamed = ", NULL" * len(names)
    return f"""
WITH tail AS MATERIALIZED (
    SELECT e.* FROM assistance_unfolded u JOIN assistance_entry e ON e.id = u.entry_id
), kin AS MATERIALIZED (
    SELECT e.*, o.odd, u.entry_id IS NULL AS folded
    FROM (SELECT order_id, bool_or(odd) AS odd FROM (
            SELECT order_id, false AS odd FROM tail WHERE kind = 'sale'
            UNION ALL SELECT order_id, true FROM assistance_odd_order) AS apart GROUP BY 1) o
    JOIN assistance_entry e ON e.order_id = o.order_id AND e.kind = 'sale' AND e.counted_on BETWEEN :first AND :last
    LEFT JOIN assistance_unfolded u ON u.entry_id = e.id
), part AS (
    SELECT {shown(of_sums)}, entries, {new} AS orders, quantity, gross_fen, refunded_fen, 0 AS declared_fen
    FROM {told} WHERE s.view = {view.code} AND s.at BETWEEN :first AND :last
    UNION ALL
    SELECT {shown(of_entries)}, 1, 0, quantity, CASE WHEN kind = 'refund' THEN 0 ELSE amount_fen END,
           CASE WHEN kind = 'refund' THEN -amount_fen ELSE 0 END, 0
    FROM tail WHERE counted_on BETWEEN :first AND :last
    UNION ALL
    SELECT {listed}{unnamed}, 0, count(DISTINCT order_id) - count(DISTINCT {of_kin}), 0, 0, 0, 0
    FROM (SELECT {shown(of_entries)}, order_id, folded, odd FROM kin) AS k GROUP BY {listed}
    UNION ALL
    SELECT {shown(of_entries)}, 0, 0, 0, 0, 0, amount_fen
    FROM assistance_entry WHERE evidence = 'declared' AND counted_on BETWEEN :first AND :last
)
SELECT grouping({keys[0]}) AS is_total,
       json_build_array((SELECT count(*) FROM core_delivery WHERE lane = 'assistance'), {LEDGER_ENTRIES}) AS beside,
       CAST(CASE grouping({keys[0]}) WHEN 0 THEN sum(orders) ELSE
           (SELECT coalesce(sum(orders), 0) FROM assistance_sum
            WHERE view = {total.code} AND at BETWEEN :first AND :last AND (prev IS NULL OR prev < :first))
         + (SELECT count(DISTINCT order_id) - count(DISTINCT {of_kin}) FROM kin) END AS bigint),
       CAST(coalesce(sum(quantity), 0) AS bigint), CAST(coalesce(sum(gross_fen), 0) AS bigint),
       CAST(coalesce(sum(refunded_fen), 0) AS bigint), CAST(coalesce(sum(declared_fen), 0) AS bigint), {listed}{named}
FROM part GROUP BY GROUPING SETS (({listed}), ()) HAVING grouping({keys[0]}) = 1 OR sum(entries) > 0
"""


@lru_cache(maxsize=2048)
def statement(groups: tuple[Group, ...], view: View, most: int) -> TextClause:
    """The statement: the first row is the total, the others are in the order of their groups."""
    keys = ", ".join(f"k{place}" for place in range(len(groups)))
    return text(f"{_statement(groups, view)} ORDER BY 1 DESC, {keys} LIMIT {most}")
