"""What must be true of the sums of the ledger: they are what the folded entries say, cell by cell."""

from __future__ import annotations

from app.assistance import GOAL_FILTER, GOALS_WITH_AREAS, VIEWS, View
from app.audit.rules import Rule

_FOLDED = """
    SELECT e.*, o.order_id IS NULL AS plain FROM assistance_entry e
    LEFT JOIN assistance_odd_order o ON o.order_id = e.order_id
    WHERE NOT EXISTS (SELECT FROM assistance_unfolded u WHERE u.entry_id = e.id)
"""


def cells(view: View) -> str:
    """The statement that finds cells of a view which differ from a recount; ``found`` and ``expected`` are figures."""
    at = "counted_on" if view.by == "day" else "counted_month"
    columns = ", ".join(view.columns)
    return f"""
        SELECT {view.code} AS view, at, {columns},
               concat_ws(' / ', max(entries) FILTER (WHERE told), max(quantity) FILTER (WHERE told),
                         max(weight_g) FILTER (WHERE told), max(gross_fen) FILTER (WHERE told),
                         max(refunded_fen) FILTER (WHERE told), max(orders) FILTER (WHERE told)) AS found,
               concat_ws(' / ', max(entries) FILTER (WHERE NOT told), max(quantity) FILTER (WHERE NOT told),
                         max(weight_g) FILTER (WHERE NOT told), max(gross_fen) FILTER (WHERE NOT told),
                         max(refunded_fen) FILTER (WHERE NOT told), max(orders) FILTER (WHERE NOT told)) AS expected
        FROM (
            SELECT true AS told, at, {columns}, sum(entries) AS entries, sum(quantity) AS quantity,
                   sum(weight_g) AS weight_g, sum(gross_fen) AS gross_fen, sum(refunded_fen) AS refunded_fen,
                   sum(orders) AS orders
            FROM assistance_sum s JOIN assistance_goods g ON g.id = s.goods_id
            JOIN assistance_buyer b ON b.id = s.buyer_id
            WHERE view = {view.code} GROUP BY at, {columns} HAVING sum(entries) <> 0
            UNION ALL
            SELECT false, {at}, {columns}, count(*), sum(quantity), sum(weight_g),
                   sum(CASE WHEN kind = 'refund' THEN 0 ELSE amount_fen END),
                   sum(CASE WHEN kind = 'refund' THEN -amount_fen ELSE 0 END),
                   count(DISTINCT order_id) FILTER (WHERE kind = 'sale' AND plain)
            FROM ({_FOLDED}) AS e GROUP BY {at}, {columns}
        ) AS side
        GROUP BY at, {columns}
        HAVING count(*) <> 2 OR max(entries) <> min(entries) OR max(quantity) <> min(quantity)
            OR max(weight_g) <> min(weight_g) OR max(gross_fen) <> min(gross_fen)
            OR max(refunded_fen) <> min(refunded_fen) OR max(orders) <> min(orders)
    """


def _checked(by: str, *columns: str) -> str:
    (view,) = [view for view in VIEWS if view.by == by and view.columns == columns]
    return f"SELECT view, CAST(at AS text), found, expected FROM ({cells(view)}) AS {by}_{columns[0]}"


SUMS: tuple[Rule, ...] = (
    Rule(
        "sums.cells",
        "台账汇总与已汇入的分录不符",
        "a sum of the ledger is not that of the entries folded into it",
        f"""{_checked("month", "category", "channel")}
        UNION ALL {_checked("day", "channel")}
        UNION ALL {_checked("month", "channel", "division_code", "partner_id")}""",
    ),
    Rule(
        "sums.years",
        "台账汇总的全年订单数与已汇入的分录不符",
        "the orders of a year by the sums of the ledger are not those of the entries folded into them",
        f"""
        SELECT year, max(orders) FILTER (WHERE told) AS found, max(orders) FILTER (WHERE NOT told) AS expected
        FROM (
            SELECT true AS told, date_part('year', at) AS year,
                   coalesce(sum(orders) FILTER (WHERE prev IS NULL OR date_part('year', prev) < date_part('year', at)),
                            0) AS orders
            FROM assistance_sum WHERE view = 1 GROUP BY 2
            UNION ALL
            SELECT false, date_part('year', counted_on),
                   count(DISTINCT order_id) FILTER (WHERE kind = 'sale' AND plain) FROM ({_FOLDED}) AS e GROUP BY 2
        ) AS side GROUP BY year
        HAVING coalesce(max(orders) FILTER (WHERE told), 0) <> coalesce(max(orders) FILTER (WHERE NOT told), 0)
        """,
    ),
    Rule(
        "sums.lots",
        "按批次的台账汇总与已汇入的分录不符",
        "a sum of the ledger by lot is not that of the entries folded into it",
        """
        WITH folded AS MATERIALIZED (
            SELECT e.* FROM assistance_entry e
            WHERE NOT EXISTS (SELECT FROM assistance_lot_unfolded u WHERE u.entry_id = e.id)
        )
        SELECT of_month, CAST(at AS text), supplier_id, category, sku, lot_code,
               concat_ws(' / ', sum(told_g), sum(told_fen)) AS found, concat_ws(' / ', sum(g), sum(fen)) AS expected
        FROM (
            SELECT of_month, at, supplier_id, category, sku, lot_code, weight_g AS told_g, amount_fen AS told_fen,
                   0 AS g, 0 AS fen
            FROM assistance_lot_sum
            UNION ALL
            SELECT false, counted_on, supplier_id, category, sku, lot_code, 0, 0, weight_g, amount_fen FROM folded
            UNION ALL
            SELECT true, counted_month, supplier_id, category, sku, lot_code, 0, 0, weight_g, amount_fen FROM folded
        ) AS side GROUP BY 1, 2, 3, 4, 5, 6 HAVING (sum(told_g), sum(told_fen)) <> (sum(g), sum(fen))
        """,
    ),
    Rule(
        "sums.goals",
        "目标的月度累计与已汇入的分录不符",
        "what is kept of a goal by month is not that of the entries folded into the sums",
        f"""
        WITH g AS MATERIALIZED ({GOALS_WITH_AREAS}), folded AS MATERIALIZED ({_FOLDED})
        SELECT goal_id, CAST(month AS text), inside, concat_ws(' / ', sum(told_fen), sum(told_g)) AS found,
               concat_ws(' / ', sum(fen), sum(g)) AS expected
        FROM (
            SELECT m.goal_id, m.month, m.inside, m.amount_fen AS told_fen, m.weight_g AS told_g, 0 AS fen, 0 AS g
            FROM assistance_goal_month m JOIN g ON g.id = m.goal_id
            UNION ALL
            SELECT g.id, e.counted_month, e.counted_on BETWEEN g.starts_on AND g.ends_on, 0, 0, sum(e.amount_fen),
                   sum(e.weight_g)
            FROM g JOIN folded e ON {GOAL_FILTER} GROUP BY 1, 2, 3
        ) AS side GROUP BY 1, 2, 3 HAVING (sum(told_fen), sum(told_g)) <> (sum(fen), sum(g))
        """,
    ),
)
